//! Reads: `GET /api/v2/allocation` and `/status`, each a question to the desk, beside a constant of the bare server.

use super::load::{Load, Template};
use super::{CONNECTIONS, PAIRS, Server, Side, user};
use crate::Scale;
use crate::figure::{Better, Figure, Goal};
use crate::scene;
use anyhow::Result;
use std::time::Duration;

/// Their names and paths.
const READS: [(&str, &str); 2] =
    [("allocation", "/api/v2/allocation"), ("status", "/api/v2/status")];

pub(crate) fn reads(scale: &Scale) -> Result<Vec<Figure>> {
    let time = Duration::from_millis(u64::from(scale.of(2_000)));
    scene::block(async {
        let folder = tempfile::tempdir()?;
        let nija = Server::nija(folder.path()).await?;
        let bare = Server::bare(folder.path()).await?;
        let mut tokens = Vec::with_capacity(CONNECTIONS);
        for n in 0..CONNECTIONS {
            tokens.push(user(&nija, n).await?);
        }
        let of = |path: &str| tokens.iter().map(|token| Template::get(path, token)).collect();
        let hello = vec![Template::get("/hello", "none"); CONNECTIONS];
        let mut sides = vec![Side::new("hello", &bare, hello)];
        sides.extend(READS.map(|(name, path)| Side::new(name, &nija, of(path))));
        let mut keys = 1;
        for side in &mut sides {
            side.warm(time / 3, &mut keys).await?;
        }
        for _ in 0..PAIRS {
            for side in &mut sides {
                side.round(time, &mut keys).await?;
            }
        }
        Ok(figures(&sides))
    })?
}

fn figures(sides: &[Side<'_>]) -> Vec<Figure> {
    let Some((hello, reads)) = sides.split_first() else { return Vec::new() };
    let figure = |name: String, unit, values| Figure::new("reads", name, unit, values);
    let of = |side: &Side<'_>| {
        vec![
            figure(format!("GET {}, 32 connections", side.name), "1/s", side.each(Load::rate))
                .peer("bare, a constant", &hello.each(Load::rate))
                .goal(Goal::ratio("P6", Better::More, 0.55, 0.8)),
            figure(format!("GET {}, processor time", side.name), "us", side.cpu_us.clone())
                .peer("bare, a constant", &hello.cpu_us)
                // 25 and 35 times less than the 693 us of the original.
                .goal(Goal::value("P6", Better::Less, 27.7, 19.8)),
        ]
    };
    reads.iter().flat_map(of).collect()
}
