//! `nija openapi`: the API's description in JSON on the standard output, and nothing else.

use std::io::Write;

pub(crate) fn run() -> anyhow::Result<()> {
    let document = serde_json::to_string_pretty(&nija_api::openapi())?;
    writeln!(std::io::stdout(), "{document}")?;
    Ok(())
}
