//! `cargo xtask bench [NAME...] [--quick] [--python=PATH]`: measures the figures of the goals, built for release, each
//! bench in a process of its own so that none inherits the memory of another.

use crate::shell;
use anyhow::{Context, Result, bail};

const USAGE: &str = "usage: cargo xtask bench [NAME...] [--quick] [--python=PATH]";

/// Measures what is named, or everything.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let (flags, mut names): (Vec<String>, Vec<String>) =
        args.iter().cloned().partition(|arg| arg.starts_with('-'));
    if flags.iter().any(|flag| flag != "--quick" && !flag.starts_with("--python=")) {
        bail!("{USAGE}");
    }
    let known = listed(&shell::output("cargo", &bench(&["--list"]))?)?;
    if let Some(name) = names.iter().find(|name| !known.contains(name)) {
        bail!("no bench `{name}`; the benches are {}", known.join(", "));
    }
    if names.is_empty() {
        names = known;
    }
    for name in &names {
        let mut args = vec![name.as_str()];
        args.extend(flags.iter().map(String::as_str));
        shell::run("cargo", &bench(&args))?;
    }
    println!("benches: {} passed, 0 failed", names.len());
    Ok(())
}

/// The call of cargo that runs the bench program with these arguments.
fn bench<'a>(args: &[&'a str]) -> Vec<&'a str> {
    let cargo = ["bench", "--quiet", "--locked", "--package", "nija", "--bench", "figures", "--"];
    [&cargo[..], args].concat()
}

/// The first word of each line.
fn listed(printed: &[u8]) -> Result<Vec<String>> {
    let text = std::str::from_utf8(printed).context("the list of benches is no text")?;
    let names = text.lines().filter_map(|line| line.split_whitespace().next());
    Ok(names.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_first_words() {
        let names = listed(b"gates        the verdict\nlife  orders\n").unwrap();
        assert_eq!(names, ["gates", "life"]);
    }

    #[test]
    fn unknown_flags_are_refused_before_anything_is_built() {
        let refused = run(&["--fast".to_owned()]).unwrap_err().to_string();
        assert_eq!(refused, USAGE);
    }
}
