//! The developers' tool: `cargo xtask COMMAND`. One file per command, one row per command below.
//! It imports none of the product's crates; what it needs of them it asks by running them.

mod bench;
mod deny;
mod faults;
mod openapi;
mod sbom;
mod shell;
mod test;
mod tidy;

use anyhow::{Result, bail};
use std::process::ExitCode;

/// One command of the tool.
struct Command {
    name: &'static str,
    says: &'static str,
    run: fn(&[String]) -> Result<()>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "test",
        says: "everything that must hold before a change lands; name steps to run only those",
        run: test::run,
    },
    Command {
        name: "tidy",
        says: "the rules of the house on files, names, imports, links and the crate graph",
        run: tidy::run,
    },
    Command {
        name: "deny",
        says: "licenses, banned crates, sources and known advisories of what we depend on",
        run: deny::run,
    },
    Command {
        name: "openapi",
        says: "openapi.json equals what the server describes; --write brings it up to date",
        run: openapi::run,
    },
    Command {
        name: "bench",
        says: "the figures of the goals, for release; name benches to measure only those",
        run: bench::run,
    },
    Command {
        name: "faults",
        says: "faults of the world on a trading server, held to what it acknowledged",
        run: faults::run,
    },
    Command {
        name: "sbom",
        says: "what the released binary is made of, as a CycloneDX document",
        run: sbom::run,
    },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> Result<()> {
    let Some((name, rest)) = args.split_first() else {
        bail!("name a command\n{}", overview());
    };
    match COMMANDS.iter().find(|command| command.name == name) {
        Some(command) => (command.run)(rest),
        None => bail!("no command `{name}`\n{}", overview()),
    }
}

fn overview() -> String {
    COMMANDS.iter().map(|c| format!("  cargo xtask {:<8} {}\n", c.name, c.says)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_command_lists_the_known_ones() {
        let refused = dispatch(&["nonsense".to_owned()]).unwrap_err().to_string();
        assert!(COMMANDS.iter().all(|c| refused.contains(c.name)), "{refused}");
    }
}
