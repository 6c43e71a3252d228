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
fn the_journal_shows_the_evidence_of_each_signal() {
    let folder = tempfile::tempdir().unwrap();
    let run = ["backtest", "--demo-data", "--from", "2018-06-01", "--to", "2018-12-31"];
    let kept = ["--tier", "LIVABLE", "--journal", "j.db", "--format", "json"];
    told(folder.path(), &[run, kept].concat());
    let show = ["journal", "show", "--database", "sqlite:j.db", "--json"];
    let lines = |kinds: &str| -> Vec<Value> {
        let text = told(folder.path(), &[&show[..], &["--kind", kinds]].concat());
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    for kind in ["approved", "refused", "skipped"] {
        let decided = lines(kind);
        assert!(!decided.is_empty(), "{kind}");
        for line in decided {
            let evidence = &line["evidence"];
            assert!(line["words"].is_string(), "{line}");
            let origin = match kind {
                "refused" => &evidence["wish"]["origin"]["origin"],
                _ => &evidence["origin"]["origin"],
            };
            let spoke = kind == "skipped" || origin == "strategy";
            // The versions of the shipped playbook begin with 1; nobody speaks with a protective stop.
            assert_eq!(evidence["version"].as_u64() > Some(0), spoke, "{line}");
            // Weights are learned of entries.
            let enters = spoke && evidence["purpose"] != "exit";
            assert_eq!(evidence["insight"]["weight"].is_u64(), enters, "{line}");
        }
    }
    // What is no decision has no evidence.
    assert!(lines("filled").iter().all(|line| line.get("evidence").is_none()));
}
