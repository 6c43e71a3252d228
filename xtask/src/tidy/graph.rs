//! The crate graph equals the table in `crates.toml`: who imports whom among our crates, and which
//! outside crates each may use directly. A new edge is a decision, so it changes that table.

use crate::tidy::finding::Finding;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

const TABLE: &str = include_str!("../../crates.toml");
const TABLE_PATH: &str = "xtask/crates.toml";

/// One crate's row.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// Our crates it imports, exactly.
    ours: BTreeSet<String>,
    /// Outside crates it may import.
    others: BTreeSet<String>,
    /// Crates its tests may import besides.
    tests: BTreeSet<String>,
}

/// What `cargo metadata --no-deps` tells.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// The versions asked for.
    req: String,
    /// Nothing for ordinary ones, else `dev` or `build`.
    kind: Option<String>,
    path: Option<String>,
}

pub(crate) fn check(metadata: &[u8]) -> Result<Vec<Finding>> {
    compare(&toml::from_str(TABLE).context(TABLE_PATH)?, metadata)
}

fn compare(table: &BTreeMap<String, Row>, metadata: &[u8]) -> Result<Vec<Finding>> {
    let metadata: Metadata =
        serde_json::from_slice(metadata).context("cargo metadata printed another form")?;
    let mut out = Vec::new();
    for package in &metadata.packages {
        match table.get(&package.name) {
            Some(row) => out.extend(judge(row, package)),
            None => out.push(finding(format!("`{}` is new; give it a row", package.name))),
        }
    }
    let known: BTreeSet<&String> = metadata.packages.iter().map(|package| &package.name).collect();
    let gone = table.keys().filter(|name| !known.contains(name));
    out.extend(gone.map(|name| finding(format!("`{name}` is no crate; drop its row"))));
    Ok(out)
}

fn judge(row: &Row, package: &Package) -> Vec<Finding> {
    let name = &package.name;
    let is_dev = |dependency: &Dependency| dependency.kind.as_deref() == Some("dev");
    let (ours, others): (Vec<_>, Vec<_>) =
        package.dependencies.iter().partition(|dependency| dependency.path.is_some());
    let imports: BTreeSet<&String> =
        ours.iter().filter(|dependency| !is_dev(dependency)).map(|d| &d.name).collect();
    let mut out = Vec::new();
    for extra in imports.iter().filter(|import| !row.ours.contains(**import)) {
        out.push(finding(format!("`{name}` must not import `{extra}`; go through a port in core")));
    }
    for missing in row.ours.iter().filter(|import| !imports.contains(import)) {
        out.push(finding(format!("`{name}` no longer imports `{missing}`; drop it from the row")));
    }
    let known = |name: &String| row.ours.contains(name) || row.tests.contains(name);
    for tested in ours.iter().filter(|d| is_dev(d) && !known(&d.name)) {
        let mend =
            format!("tests of `{name}` must not import `{}`; test it in `nija`", tested.name);
        out.push(finding(mend));
    }
    for dependency in others {
        if dependency.req == "*" {
            let mend = format!("`{name}` takes any version of `{}`; name one", dependency.name);
            out.push(finding(mend));
        }
        let known = row.others.contains(&dependency.name)
            || (is_dev(dependency) && row.tests.contains(&dependency.name));
        if !known {
            let mend = format!(
                "`{name}` depends on `{}`, which its row does not list; an edge is a decision",
                dependency.name
            );
            out.push(finding(mend));
        }
    }
    out
}

fn finding(mend: String) -> Finding {
    Finding::new(TABLE_PATH, 0, "graph", mend)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn findings(dependencies: &serde_json::Value) -> Vec<String> {
        let table = "[store]\nours = [\"core\"]\nothers = [\"serde\"]\ntests = [\"tempfile\"]\n";
        let package = json!({"name": "store", "dependencies": dependencies});
        let metadata = json!({"packages": [package]}).to_string();
        let found = compare(&toml::from_str(table).unwrap(), metadata.as_bytes()).unwrap();
        found.into_iter().map(|finding| finding.mend).collect()
    }

    fn on(name: &str, kind: Option<&str>, path: Option<&str>) -> serde_json::Value {
        json!({"name": name, "req": "^1", "kind": kind, "path": path})
    }

    #[test]
    fn the_graph_as_drawn_passes() {
        let core = on("core", None, Some("x"));
        let dev = on("tempfile", Some("dev"), None);
        assert_eq!(findings(&json!([core, on("serde", None, None), dev])), [""; 0]);
    }

    #[test]
    fn each_wrong_edge_is_told() {
        let core = on("core", None, Some("x"));
        for (wrong, word) in [
            (on("engine", None, Some("x")), "must not import `engine`"),
            (on("engine", Some("dev"), Some("x")), "tests of `store` must not import `engine`"),
            (on("rusqlite", None, None), "depends on `rusqlite`"),
            (on("tempfile", None, None), "depends on `tempfile`"),
            (on("cc", Some("build"), None), "depends on `cc`"),
        ] {
            let found = findings(&json!([core, wrong]));
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains(word), "{found:?}");
        }
        let any = json!({"name": "serde", "req": "*", "kind": null, "path": null});
        assert!(findings(&json!([core, any]))[0].contains("takes any version"));
        assert!(findings(&json!([]))[0].contains("no longer imports `core`"));
    }

    #[test]
    fn rows_and_crates_match() {
        let table = toml::from_str("[a]\nours = []\nothers = []\ntests = []\n").unwrap();
        let metadata = json!({"packages": [{"name": "b", "dependencies": []}]}).to_string();
        let found = compare(&table, metadata.as_bytes()).unwrap();
        let mends: Vec<&str> = found.iter().map(|finding| finding.mend.as_str()).collect();
        assert_eq!(mends, ["`b` is new; give it a row", "`a` is no crate; drop its row"]);
    }

    #[test]
    fn the_checked_in_table_keeps_the_rooms_apart() {
        let table: BTreeMap<String, Row> = toml::from_str(TABLE).unwrap();
        let rooms = ["store", "bus", "venues", "vault", "payments", "documents", "api"];
        for room in rooms.map(|room| format!("nija-{room}")) {
            assert_eq!(table[&room].ours, BTreeSet::from(["nija-core".to_owned()]), "{room}");
        }
        assert!(table["nija-core"].ours.is_empty() && table["xtask"].ours.is_empty());
        assert_eq!(table["nija"].ours.len(), 10);
    }
}
