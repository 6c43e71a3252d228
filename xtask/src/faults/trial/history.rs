//! A database with a past: what the demo makes of three years of prices, and orders of clients behind it.

use super::chance::Chance;
use super::client::Client;
use super::server::Site;
use anyhow::{Result, ensure};

/// Orders of each client behind the demo's history.
const ORDERS: u32 = 20;

/// Writes it into the folder of a server that is not running, and leaves the server stopped in good order.
pub(crate) fn write(site: &Site, seed: u64) -> Result<()> {
    let demo = site.clone().with("PORT", "0");
    let out = demo.call(&["demo", "--speed", "max", "--exit-at-end"])?;
    let said = String::from_utf8_lossy(&out.stderr);
    ensure!(out.status.success(), "the demo ended with {}: {said}", out.status);
    let running = site.begin()?;
    for n in 0..2 {
        let chance = Chance::new(seed).part(n);
        let mut client = Client::register(n as usize, site.address, site.folder(), chance)?;
        for _ in 0..ORDERS {
            client.purchase(site.address)?;
        }
    }
    running.stop()?;
    Ok(())
}
