//! The scorecard that anyone sees is the one of the command line.

use crate::abuse::serve;
use crate::caller::Caller;
use crate::child::until;
use serde_json::Value;
use std::process::Command;

#[test]
fn the_public_scorecard_is_what_the_command_says() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let told = |format: &str| {
        let told = Command::new(env!("CARGO_BIN_EXE_nija"))
            .args(["regimes", "--demo-data", "--format", format])
            .env_clear()
            .output()
            .unwrap();
        String::from_utf8(told.stdout).unwrap()
    };
    let stranger = Caller::stranger(server.address());
    let path = "/api/v2/regimes/scorecard";
    let public = until("the scorecard was not worked out", || {
        let reply = stranger.get(path);
        // Until then it says that it is on its way.
        assert!(reply.status == 200 || reply.problem()["code"] == "scorecard_pending", "{reply:?}");
        (reply.status == 200).then_some(reply)
    });
    assert_eq!(public.text.trim(), told("json").trim());
    let chapters = public.json()["chapters"].as_array().unwrap().clone();
    let earned = |n: usize| chapters[0]["records"][n]["annual"].as_f64().unwrap();
    assert!(chapters.len() > 4 && earned(0) != earned(2), "{chapters:?}");

    let page = stranger.get(&format!("{path}?format=html"));
    assert!(page.kind.starts_with("text/html"), "{}", page.head);
    assert_eq!(page.text, told("html"));
    let text = &page.text;
    for chapter in &chapters {
        let name = chapter["regime"].as_str().unwrap().replace('_', " ");
        let annual = |of: &Value| format!("{:.1}% (", 100.0 * of["annual"].as_f64().unwrap());
        let row = text.lines().find(|line| line.contains(&format!("<td>{name}</td>"))).unwrap();
        let records = chapter["records"].as_array().unwrap();
        assert!(records.iter().all(|of| row.contains(&annual(of))), "{row}");
    }
    assert!(!text.contains("<script") && text.contains("cash stands in"), "{text}");
}
