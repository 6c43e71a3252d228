//! A backup beside a running server, and the way back from it.

use crate::abuse::{serve, variables};
use crate::caller::{Caller, PASSWORD};
use crate::child::{Nija, PATIENCE};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const USER: &str = "user@example.com";

/// Runs a command to its end; what it printed, and whether it succeeded.
fn run(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nija"));
    let output = command.args(arguments).current_dir(folder).env_clear().output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

fn good(folder: &Path, arguments: &[&str]) -> String {
    let (done, text) = run(folder, arguments);
    assert!(done, "{arguments:?}: {text}");
    text
}

fn bad(folder: &Path, arguments: &[&str], part: &str) {
    let (done, text) = run(folder, arguments);
    assert!(!done && text.contains(part), "{arguments:?}: {text}");
}

fn cash(user: &Caller) -> String {
    user.get("/api/v2/status").good()["cash"].as_str().unwrap().to_owned()
}

#[test]
fn a_backup_beside_a_server_brings_everything_back() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let server = serve(folder);
    let user = Caller::register(server.address(), USER);
    user.put("/api/v2/autopilot", &json!({"enabled": false})).good();
    let before = cash(&user);
    let made = good(folder, &["backup", "kept"]);
    assert!(made.contains("backed up to kept; verified"), "{made}");
    bad(folder, &["backup", "kept"], "exists already");
    bad(folder, &["backup", "none/kept"], "does its folder exist");
    assert!(good(folder, &["verify", "--backup", "kept"]).contains("sound: the backup"));

    user.post("/api/v2/deposits", &json!({"amount": 77})).good();
    assert_ne!(cash(&user), before);
    bad(folder, &["restore", "kept"], "batches that the backup lacks");
    bad(folder, &["restore", "kept", "--replace"], "held by another process");
    server.signal("TERM");
    assert!(server.end(Duration::from_secs(10)).0.success());

    let restored = good(folder, &["restore", "kept", "--replace"]);
    assert!(restored.contains("is kept as nija.db.before-"), "{restored}");
    let sound = good(folder, &["verify"]);
    let states = |text: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.split_once("state "));
        lines.map(|(_, state)| state[..8].to_owned()).collect()
    };
    assert_eq!(states(&sound), states(&made), "{sound}\n{made}");
    assert!(!states(&sound).is_empty());

    let server = serve(folder);
    let user = Caller::login(server.address(), USER, PASSWORD);
    assert_eq!(cash(&user), before);
    assert!(!user.get("/api/v2/entries").good()["items"].as_array().unwrap().is_empty());
    drop(server);

    // A changed byte anywhere is found before anything is touched.
    let copy = folder.join("kept/nija.db");
    let mut bytes = fs::read(&copy).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&copy, bytes).unwrap();
    for command in [&["verify", "--backup", "kept"][..], &["restore", "kept", "--replace"]] {
        bad(folder, command, "not the one that was backed up");
    }
    assert!(good(folder, &["verify"]).contains("sound: "));
}

#[test]
fn a_restoration_that_was_cut_short_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    good(folder, &["migrate"]);
    good(folder, &["backup", "kept"]);
    fs::rename(folder.join("nija.db"), folder.join("nija.db.restoring")).unwrap();
    let (status, text) = Nija::start(folder, &["serve"], &variables()).end(PATIENCE);
    assert!(!status.success() && text.contains("run `nija restore` again"), "{text}");
    assert!(!folder.join("nija.db").exists(), "an empty database was made");
    good(folder, &["restore", "kept"]);
    assert!(good(folder, &["verify"]).contains("sound: "));
}
