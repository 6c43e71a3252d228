//! Schemathesis over the whole description of the API: requests that fit it and requests that do not, by a fixed
//! seed, on a server of its own; answers must be as described, never a failure. What is not checked, and why, stands
//! in `xtask/schemathesis.toml`. The tool comes from PyPI into a folder under `target`, once.

use super::trial::chance::secret;
use super::trial::crowd::{address, register};
use super::trial::server::Site;
use super::{Options, Outcome};
use crate::shell;
use anyhow::{Context, Result};
use std::path::PathBuf;

/// The tool, as it was when its findings were judged.
const TOOL: &str = "schemathesis==4.32.5";
const CONFIG: &str = "xtask/schemathesis.toml";
/// Nobody is asked to come later: that would be an answer like any other, and hide the right one.
const UNLIMITED: &str = "10000/s:10000";
const LIMITS: [&str; 6] = ["ANONYMOUS", "READS", "EXITS", "ADMIN", "REGISTRATIONS", "REFRESHES"];

/// Installs the tool where it is not yet, and runs it.
pub(super) fn run(options: &Options) -> Result<Outcome> {
    let Some(tool) = installed()? else {
        return Ok(Outcome::skipped(
            "schemathesis comes from PyPI and could not be installed; see above",
        ));
    };
    let binary = options.binary()?;
    options.within("schemathesis", |folder| {
        let site = Site::new(binary, folder, secret()?)?;
        let unlimited = |site: Site, of| site.with(&format!("NIJA_LIMIT_{of}"), UNLIMITED);
        let site = LIMITS.into_iter().fold(site, unlimited);
        let running = site.begin()?;
        let token = register(site.address, "a@example.com", &secret()?, address(0, 1))?;
        let document = format!("http://{}/api/openapi.json", site.address);
        let token = format!("Authorization: Bearer {token}");
        let tool = tool.to_str().context("the path of the tool is no text")?;
        let mut outcome = Outcome::default();
        let ran =
            shell::run(tool, &["--config-file", CONFIG, "run", &document, "--header", &token]);
        outcome.hold(ran.is_ok(), || "answers are not as described; see above".to_owned());
        let broke = site.said().contains("panicked");
        outcome.hold(!broke, || "the server panicked; see server.log".to_owned());
        running.stop()?;
        Ok(outcome)
    })
}

/// None where there is no Python, or no way to PyPI.
fn installed() -> Result<Option<PathBuf>> {
    let folder = Options::target()?.join(TOOL.replace("==", "-"));
    let tool = folder.join("bin/schemathesis");
    if !tool.exists() {
        let text = folder.to_str().context("the path of the target folder is no text")?;
        let pip = format!("{text}/bin/pip");
        let install = ["install", "--quiet", "--disable-pip-version-check", TOOL];
        let done =
            shell::run("python3", &["-m", "venv", text]).and_then(|()| shell::run(&pip, &install));
        if let Err(why) = done {
            println!("  {why:#}");
            return Ok(None);
        }
    }
    Ok(Some(tool))
}
