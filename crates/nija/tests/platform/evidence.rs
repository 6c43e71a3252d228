//! What a signal rested on is told of everything that came of it: by the journal in JSON, beside the words.

use serde_json::Value;
use std::path::Path;
use std::process::Command;

fn told(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nija"));
    let output = command.args(arguments).current_dir(folder).env_clear().output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_journal_shows_the_evidence_of_each_decision() {
    let folder = tempfile::tempdir().unwrap();
    let run = ["backtest", "--demo-data", "--from", "2018-06-01", "--to", "2018-12-31"];
    let kept = ["--tier", "LIVABLE", "--journal", "j.db", "--format", "json"];
    told(folder.path(), &[run, kept].concat());
    let show = ["journal", "show", "--database", "sqlite:j.db", "--json"];
    let lines = |kinds: &str| -> Vec<Value> {
        let text = told(folder.path(), &[&show[..], &["--kind", kinds]].concat());
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let decided = lines("approved,refused,skipped");
    assert!(decided.len() > 10, "{decided:?}");
    for line in &decided {
        let evidence = &line["evidence"];
        assert!(line["words"].is_string() && evidence.get("insight").is_some(), "{line}");
        // The versions of the shipped playbook begin with 1.
        let spoke = line["kind"] != "skipped" || evidence["version"].as_u64() > Some(0);
        assert!(spoke && !evidence["mark"].is_null() | !evidence["measured"].is_null(), "{line}");
    }
    // What is no decision has no evidence.
    assert!(lines("filled").iter().all(|line| line.get("evidence").is_none()));
}
