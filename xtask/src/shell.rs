//! Running other programs from the root of the repository: shown before they run, failing loudly.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Runs a program with the terminal as its output.
pub(crate) fn run(program: &str, args: &[&str]) -> Result<()> {
    println!("$ {program} {}", args.join(" "));
    let status = command(program, args)
        .status()
        .with_context(|| format!("cannot start `{program}`; is it installed?"))?;
    if !status.success() {
        bail!("`{program} {}` ended with {status}", args.join(" "));
    }
    Ok(())
}

/// Runs a program and gives what it printed; what it complained about goes to the terminal.
pub(crate) fn output(program: &str, args: &[&str]) -> Result<Vec<u8>> {
    let out = command(program, args)
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{program}`; is it installed?"))?;
    if !out.status.success() {
        bail!("`{program} {}` ended with {}", args.join(" "), out.status);
    }
    Ok(out.stdout)
}

/// Whether a program can be started at all.
pub(crate) fn is_there(program: &str, args: &[&str]) -> bool {
    let quiet = command(program, args).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root()).stdin(Stdio::null());
    command
}
