//! What `nija serve` refuses to be served with: the real binary, in folders of their own.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const SECRET: &str = "5c1f0e7a93b84d26af17c3e9d40b6825f1ae73c09d5b4268";

fn run(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nija"));
    command.args(arguments).current_dir(folder).env_clear().envs(variables.iter().copied());
    command.output().unwrap()
}

/// The findings of `check-config --json`, one line each, and whether it is fit.
fn look(folder: &Path, variables: &[(&str, &str)]) -> (bool, Vec<String>) {
    let output = run(folder, &["check-config", "--json"], variables);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let fit = report["fit"].as_bool().unwrap();
    assert_eq!(output.status.code(), Some(i32::from(!fit)), "{report}");
    let line = |finding: &Value| {
        let word = |name: &str| finding[name].as_str().unwrap().to_owned();
        assert!(!word("todo").is_empty());
        format!("{} {}: {}", word("weight"), word("about"), word("found"))
    };
    (fit, report["findings"].as_array().unwrap().iter().map(line).collect())
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn holds(findings: &[String], part: &str) {
    assert!(findings.iter().any(|finding| finding.contains(part)), "{part}: {findings:#?}");
}

#[test]
fn a_strong_secret_is_all_that_a_first_start_needs() {
    let folder = folder();
    let (fit, findings) = look(folder.path(), &[("JWT_SECRET_KEY", SECRET)]);
    assert!(fit && findings.iter().all(|finding| finding.starts_with("warning")), "{findings:?}");
    let printed = run(folder.path(), &["check-config"], &[("JWT_SECRET_KEY", SECRET)]).stdout;
    let printed = String::from_utf8(printed).unwrap();
    assert!(printed.contains("fit to be served: 0 refused"), "{printed}");
    assert!(!printed.contains(SECRET) && printed.contains("(set)"), "{printed}");
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none(), "it left something behind");
}

#[test]
fn everything_wrong_is_told_at_once_and_nothing_is_served() {
    let folder = folder();
    let variables = [
        ("JWT_SECRET_KEY", "your_secret_key"),
        ("HOST", "0.0.0.0"),
        ("PORT", "eighty"),
        ("NIJA_METRICS_TOKEN", "short"),
        ("NIJA_CORS_ORIGINS", "*,null,app.example"),
        ("NIJA_TIERS_FILE", "none.toml"),
        ("NIJA_PLANS_FILE", "none.toml"),
        ("NIJA_INSTRUMENTS_FILE", "none.toml"),
        ("NIJA_STRATEGIES_FILE", "none.toml"),
        ("NIJA_RATES_FILE", "none.csv"),
        ("NIJA_LOG", "a=b=c"),
        ("NIJA_PARTITIONS", "0"),
        ("NIJA_PARTITION", "4"),
        ("DATABASE_URL", "sqlite:none/nija.db"),
    ];
    let (fit, findings) = look(folder.path(), &variables);
    assert!(!fit);
    for part in [
        "JWT_SECRET_KEY: is an example",
        "NIJA_TRUSTED_PROXIES: is not set, and 0.0.0.0:8000 is open",
        "PORT cannot be read",
        "NIJA_METRICS_TOKEN: is shorter",
        "NIJA_CORS_ORIGINS: * lets",
        "NIJA_CORS_ORIGINS: null lets",
        "NIJA_CORS_ORIGINS: app.example is no origin",
        "NIJA_TIERS_FILE: cannot read none.toml",
        "NIJA_PLANS_FILE: cannot read none.toml",
        "NIJA_INSTRUMENTS_FILE: cannot read",
        "NIJA_STRATEGIES_FILE: cannot read the playbook none.toml",
        "NIJA_RATES_FILE: cannot read the rates none.csv",
        "NIJA_LOG: ",
        "NIJA_PARTITIONS: is 0",
        "NIJA_PARTITION: there is no such variable",
        "none: No such file",
    ] {
        holds(&findings, part);
    }
    let served = run(folder.path(), &["serve"], &variables);
    let text = String::from_utf8(served.stderr).unwrap();
    assert_eq!(served.status.code(), Some(1), "{text}");
    assert!(text.contains("not served") && text.contains("openssl rand -hex 32"), "{text}");
    assert!(text.lines().count() > 12, "{text}");
}

#[test]
fn what_is_wrong_with_a_table_is_told_once() {
    let folder = folder();
    fs::write(folder.path().join("bad.toml"), "unfinished = [").unwrap();
    let kinds = ["TIERS", "PLANS", "INSTRUMENTS", "STRATEGIES"];
    let names = kinds.map(|kind| format!("NIJA_{kind}_FILE"));
    let mut variables = vec![("JWT_SECRET_KEY", SECRET)];
    variables.extend(names.iter().map(|name| (name.as_str(), "bad.toml")));
    let told = run(folder.path(), &["check-config"], &variables).stdout;
    let told = String::from_utf8(told).unwrap();
    assert_eq!(told.matches("unclosed array").count(), kinds.len(), "{told}");
}

#[test]
fn addresses_beyond_this_machine_need_a_word_about_proxies() {
    let folder = folder();
    let look = |more: &[(&str, &str)]| {
        let always = [("JWT_SECRET_KEY", SECRET), ("HOST", "0.0.0.0")];
        look(folder.path(), &[&always, more].concat())
    };
    assert!(!look(&[]).0);
    assert!(look(&[("NIJA_TRUSTED_PROXIES", "none")]).0);
    assert!(look(&[("NIJA_TRUSTED_PROXIES", "10.0.0.0/8"), ("NIJA_TLS", "true")]).0);
    holds(&look(&[("NIJA_TRUSTED_PROXIES", "0.0.0.0/0")]).1, "trusts everyone");
    holds(&look(&[("NIJA_TRUSTED_PROXIES", "none"), ("NIJA_TLS", "true")]).1, "without a proxy");
    holds(&look(&[("NIJA_TRUSTED_PROXIES", "10.0.0.1")]).1, "warning NIJA_TLS");
}

#[test]
fn files_that_others_may_read_are_refused() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    assert!(run(folder.path(), &["migrate"], &[]).status.success());
    fs::write(at("secret"), SECRET).unwrap();
    set_mode(&at("secret"), 0o640);
    fs::write(at(".env"), "NIJA_METRICS_TOKEN=1b7e43c0ffd94a52886e0c11\n").unwrap();
    set_mode(&at(".env"), 0o604);
    set_mode(&at("nija.db"), 0o644);
    set_mode(folder.path(), 0o775);
    let variables = [("JWT_SECRET_KEY_FILE", "secret")];
    let (fit, findings) = look(folder.path(), &variables);
    assert!(!fit);
    for part in [
        "secret: is open to others (mode 640)",
        ".env: is open",
        "nija.db: is open",
        ".: others may replace",
    ] {
        holds(&findings, part);
    }
    for name in ["secret", ".env", "nija.db"] {
        set_mode(&at(name), 0o600);
    }
    set_mode(folder.path(), 0o755);
    let (fit, findings) = look(folder.path(), &variables);
    assert!(fit, "{findings:?}");
}

#[test]
fn a_database_of_another_kind_or_a_newer_program_is_refused() {
    let folder = folder();
    let path = folder.path().join("nija.db");
    let variables = [("JWT_SECRET_KEY", SECRET)];
    fs::write(&path, "no database at all, but long enough to look like one to somebody".repeat(30))
        .unwrap();
    set_mode(&path, 0o600);
    assert!(!look(folder.path(), &variables).0);
    fs::remove_file(&path).unwrap();
    assert!(run(folder.path(), &["migrate"], &[]).status.success());
    assert!(look(folder.path(), &variables).0);
    // The schema's number stands in the file's header, in four bytes from the 60th on.
    let mut bytes = fs::read(&path).unwrap();
    bytes[63] += 1;
    fs::write(&path, bytes).unwrap();
    holds(&look(folder.path(), &variables).1, "nija.db: has schema");
    let served = run(folder.path(), &["serve"], &variables);
    assert!(!served.status.success());
    for command in [&["migrate"][..], &["verify"], &["replay"]] {
        let text = String::from_utf8(run(folder.path(), command, &[]).stderr).unwrap();
        assert!(text.contains("use a newer program"), "{command:?}: {text}");
    }
}
