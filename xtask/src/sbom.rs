//! `cargo xtask sbom`: what the released binary is made of, as a CycloneDX 1.6 document: every package with its
//! version, license and the hash it was downloaded with, and who depends on whom. The same sources give the same
//! bytes: there is no time and no serial number in it.

use crate::shell;
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The package whose binary is released, and the platform of the image.
const RELEASED: &str = "nija";
const SHIPPED: &str = "x86_64-unknown-linux-gnu";
/// Where it is written, below the root of the repository.
const FILE: &str = "target/nija.cdx.json";

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

/// Writes the document and checks it.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let file = match args {
        [] => shell::root().join(FILE),
        [flag, file] if flag == "--output" => PathBuf::from(file),
        _ => bail!("usage: cargo xtask sbom [--output FILE]"),
    };
    let metadata = shell::output(
        "cargo",
        &["metadata", "--locked", "--format-version", "1", "--filter-platform", SHIPPED],
    )?;
    let lock =
        std::fs::read_to_string(shell::root().join("Cargo.lock")).context("no Cargo.lock")?;
    let document = document(&metadata, &lock)?;
    check(&document)?;
    let text = serde_json::to_string_pretty(&document)? + "\n";
    std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    let count = document["components"].as_array().map_or(0, Vec::len);
    println!("{count} packages stand in {}", file.display());
    Ok(())
}

/// The document of what the released package needs: to run, and to be built.
fn document(metadata: &[u8], lock: &str) -> Result<Value> {
    let metadata: Metadata =
        serde_json::from_slice(metadata).context("cargo metadata printed another form")?;
    let lock: Lock = toml::from_str(lock).context("Cargo.lock")?;
    let packages: BTreeMap<&str, &Package> =
        metadata.packages.iter().map(|package| (package.id.as_str(), package)).collect();
    let released = metadata.packages.iter().find(|package| package.name == RELEASED);
    let released = released.with_context(|| format!("there is no package {RELEASED}"))?;
    let needed = needed(&metadata.resolve, &released.id);
    let sums: BTreeMap<(&str, &str), &str> = lock
        .package
        .iter()
        .filter_map(|p| Some(((p.name.as_str(), p.version.as_str()), p.checksum.as_deref()?)))
        .collect();
    let mut components = Vec::new();
    for id in needed.keys().filter(|id| **id != released.id) {
        let package = packages.get(id).with_context(|| format!("{id} is not described"))?;
        let sum = sums.get(&(package.name.as_str(), package.version.as_str()));
        components.push(component("library", package, sum.copied()));
    }
    let dependencies: Vec<Value> = needed
        .iter()
        .filter_map(|(id, on)| {
            let on: Vec<String> =
                on.iter().filter_map(|id| Some(purl(packages.get(id)?))).collect();
            Some(json!({"ref": purl(packages.get(id)?), "dependsOn": on}))
        })
        .collect();
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": component("application", released, None)},
        "components": components,
        "dependencies": dependencies,
    }))
}

/// Every package that this one needs, itself included, with what each needs; tests' needs are left out.
fn needed<'a>(resolve: &'a Resolve, from: &'a str) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let nodes: BTreeMap<&str, &Node> =
        resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let is_shipped = |edge: &&Edge| edge.dep_kinds.iter().any(|k| k.kind.as_deref() != Some("dev"));
    let mut needed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        if needed.contains_key(id) {
            continue;
        }
        let edges = nodes.get(id).into_iter().flat_map(|node| node.deps.iter().filter(is_shipped));
        let on: BTreeSet<&str> = edges.map(|edge| edge.pkg.as_str()).collect();
        open.extend(&on);
        needed.insert(id, on);
    }
    needed
}

fn purl(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version.replace('+', "%2B"))
}

fn component(kind: &str, package: &Package, sum: Option<&str>) -> Value {
    let purl = purl(package);
    let mut component = json!({
        "type": kind, "bom-ref": purl, "name": package.name, "version": package.version, "purl": purl,
    });
    if let Some(license) = &package.license {
        // Old manifests write `MIT/Apache-2.0`.
        let expression = license.replace(" / ", "/").replace('/', " OR ");
        component["licenses"] = json!([{"expression": expression}]);
    }
    if let Some(description) = &package.description {
        component["description"] =
            json!(description.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    if let Some(sum) = sum {
        component["hashes"] = json!([{"alg": "SHA-256", "content": sum}]);
    }
    component
}

/// Holds a document to what readers of it rely on.
fn check(document: &Value) -> Result<()> {
    let own = &document["metadata"]["component"];
    let components = document["components"].as_array().context("no components")?;
    let mut names = BTreeSet::from([own["bom-ref"].as_str().context("no released component")?]);
    for component in components {
        let name = component["bom-ref"].as_str().context("a component without a name")?;
        ensure!(names.insert(name), "{name} stands there twice");
        ensure!(component["purl"] == name, "{name} has another purl");
        ensure!(component["licenses"][0]["expression"].is_string(), "{name} has no license");
        let ours = component["name"].as_str().is_some_and(|name| name.starts_with("nija-"));
        let sum = component["hashes"][0]["content"].as_str().unwrap_or_default();
        let hashed = sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit());
        ensure!(hashed || ours, "{name} has no hash");
    }
    let edges = document["dependencies"].as_array().context("no dependencies")?;
    ensure!(edges.len() == names.len(), "dependencies of {} of {}", edges.len(), names.len());
    for edge in edges {
        let on = edge["dependsOn"].as_array().context("a dependency on nothing known")?;
        for name in on.iter().chain([&edge["ref"]]) {
            ensure!(name.as_str().is_some_and(|n| names.contains(n)), "{name} is no component");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "[[package]]\nname = \"a\"\nversion = \"1.0.0+x\"\nchecksum = \
        \"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"\n";

    fn metadata(checked: &str) -> Vec<u8> {
        let package = |name: &str, version: &str| {
            json!({
                "id": name, "name": name, "version": version, "license": "MIT/Apache-2.0",
            })
        };
        let edge = |on: &str, kind: Option<&str>| json!({"pkg": on, "dep_kinds": [{"kind": kind}]});
        let packages =
            [package("nija", "0.1.0"), package(checked, "1.0.0+x"), package("t", "1.0.0")];
        let nodes = json!([
            {"id": "nija", "deps": [edge(checked, None), edge("t", Some("dev"))]},
            {"id": checked, "deps": []},
            {"id": "t", "deps": []},
        ]);
        json!({"packages": packages, "resolve": {"nodes": nodes}}).to_string().into_bytes()
    }

    #[test]
    fn what_is_released_stands_there_and_what_is_for_tests_does_not() {
        let document = document(&metadata("a"), LOCK).unwrap();
        check(&document).unwrap();
        let components = document["components"].as_array().unwrap();
        assert_eq!(components.len(), 1);
        assert_eq!(components[0]["purl"], "pkg:cargo/a@1.0.0%2Bx");
        assert_eq!(components[0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert!(components[0]["hashes"][0]["content"].as_str().unwrap().starts_with("000102"));
        let edges = document["dependencies"].as_array().unwrap();
        assert!(edges.iter().any(|edge| edge["dependsOn"] == json!(["pkg:cargo/a@1.0.0%2Bx"])));
    }

    #[test]
    fn a_document_with_holes_is_refused() {
        let good = document(&metadata("a"), LOCK).unwrap();
        let refused = |change: &dyn Fn(&mut Value)| {
            let mut bad = good.clone();
            change(&mut bad);
            check(&bad).is_err()
        };
        assert!(refused(&|d| d["components"][0]["hashes"] = json!([])));
        assert!(refused(&|d| d["components"][0]["licenses"] = json!([])));
        assert!(refused(&|d| d["dependencies"][0]["ref"] = json!("pkg:cargo/other@1.0.0")));
        assert!(refused(&|d| drop(d["components"].as_array_mut().unwrap().pop())));
        assert!(document(&metadata("b"), LOCK).is_ok_and(|d| check(&d).is_err()), "no hash for it");
    }

    /// The lock file of the repository has a hash for everything that is not ours.
    #[test]
    fn the_lock_file_hashes_what_was_downloaded() {
        let text = std::fs::read_to_string(shell::root().join("Cargo.lock")).unwrap();
        let lock: Lock = toml::from_str(&text).unwrap();
        let bare = lock.package.iter().filter(|package| package.checksum.is_none());
        assert!(
            bare.map(|p| p.name.as_str()).all(|name| name.starts_with("nija") || name == "xtask")
        );
    }
}
