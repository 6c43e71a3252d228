//! Random mutants of every write that the API describes: bytes that changed, went, came twice or from somewhere
//! else. None of them is a failure of the server, none ends it, and its memory stays what it was.

use super::trial::chance::{self, Chance};
use super::trial::crowd::{address, ask, behind_a_proxy, description, memory, register, request};
use super::trial::server::Site;
use super::{Options, Outcome};
use anyhow::{Context, Result};
use serde_json::{Map, Value};
use std::net::SocketAddr;

/// So many users that the limits of one seldom hide an answer.
const USERS: u32 = 48;
/// Megabytes by which the server may grow.
const GROWN_MOST: u64 = 200;
const PASSWORD: &str = "nineteen quiet herons";

/// Pieces that mean something to a parser.
const PIECES: [&str; 28] = [
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "true",
    "-",
    "1e999",
    "0.0000000001",
    "99999999999999999999",
    "\\u0000",
    "\\ud800",
    "\u{202e}",
    "\u{0}",
    "\u{feff}",
    "NaN",
    "'",
    "<script>",
    "--",
    "%00",
    "../",
    "\r\n",
    "{\"a\":",
    "[[[[[[[[",
];

/// A write, with a body that would be understood.
struct Write {
    method: String,
    path: String,
    body: Vec<u8>,
}

pub(super) fn run(options: &Options) -> Result<Outcome> {
    let binary = options.binary()?;
    options.within("mutants", |folder| {
        let site = behind_a_proxy(Site::new(binary, folder, chance::secret()?)?);
        let mut running = site.begin()?;
        let writes = writes(&description(site.address)?)?;
        let tokens = (0..USERS)
            .map(|n| {
                register(site.address, &format!("user{n}@example.com"), PASSWORD, address(1, n))
            })
            .collect::<Result<Vec<_>>>()?;
        let (before, _) = memory(running.id())?;
        let mut outcome = Outcome::default();
        let count = options.times.unwrap_or(10_000);
        let chance = Chance::new(options.seed);
        let statuses = sent(site.address, (&writes, &tokens), (chance, count), &mut outcome)?;
        running.must_live()?;
        let (after, most) = memory(running.id())?;
        outcome.count("writes", writes.len() as u64);
        outcome.count("mutants", count);
        for (name, range) in [
            ("accepted", 200..300),
            ("refused", 400..429),
            ("too_many", 429..430),
            ("failed", 500..600),
        ] {
            outcome.count(
                name,
                statuses.iter().filter(|status| range.contains(*status)).count() as u64,
            );
        }
        outcome.count("memory_mib_before", before);
        outcome.count("memory_mib_most", most);
        outcome.hold(most.max(after) < before + GROWN_MOST, || {
            format!("it grew from {before} to {most} MiB")
        });
        running.stop()?;
        let said = site.said();
        outcome.hold(!said.contains("panicked"), || format!("it panicked: {said}"));
        Ok(outcome)
    })
}

/// Sends mutant after mutant; the statuses of the answers.
fn sent(
    to: SocketAddr,
    (writes, tokens): (&[Write], &[String]),
    (mut chance, count): (Chance, u64),
    outcome: &mut Outcome,
) -> Result<Vec<u16>> {
    let (mut kept, mut statuses) = (None, Vec::new());
    for n in 0..u32::try_from(count)? {
        let write = pick(&mut chance, writes).context("the API describes no write")?;
        let other = pick(&mut chance, writes).context("the API describes no write")?;
        let mut body = write.body.clone();
        for _ in 0..chance.between(1, 4) {
            mutate(&mut chance, &mut body, &other.body);
        }
        let token = pick(&mut chance, tokens).context("nobody is registered")?;
        let route = (write.method.as_str(), write.path.as_str());
        let from = address(u8::try_from(n >> 16).unwrap_or(255), n);
        let status = ask(&mut kept, to, &request(route, from, token, Some(&body)))?.status;
        let told = || {
            format!(
                "{status} to {} {} {:?}",
                write.method,
                write.path,
                String::from_utf8_lossy(&body)
            )
        };
        outcome.hold(status < 500, told);
        statuses.push(status);
    }
    Ok(statuses)
}

fn pick<'a, T>(chance: &mut Chance, of: &'a [T]) -> Option<&'a T> {
    of.get(place(chance, of.len().saturating_sub(1)))
}

/// Any number up to this one.
fn place(chance: &mut Chance, most: usize) -> usize {
    usize::try_from(chance.between(0, most as u64)).unwrap_or(0)
}

/// Changes a body in one way.
fn mutate(chance: &mut Chance, body: &mut Vec<u8>, other: &[u8]) {
    let from = place(chance, body.len());
    let to = (from + place(chance, 8)).min(body.len());
    match chance.between(0, 7) {
        0 => body.truncate(from),
        1 => drop(body.drain(from..to)),
        2 => {
            let twice = body[from..to].to_vec();
            drop(body.splice(from..from, twice));
        }
        3 => {
            if let Some(byte) = body.get_mut(from) {
                *byte ^= 1 << chance.between(0, 7);
            }
        }
        4 => {
            let bytes: Vec<u8> = (0..chance.between(1, 8)).map(|_| chance.draw() as u8).collect();
            drop(body.splice(from..to, bytes));
        }
        5 => {
            let piece = pick(chance, &PIECES).copied().unwrap_or_default();
            drop(body.splice(from..to, piece.bytes()));
        }
        6 => {
            let (start, end) = (place(chance, other.len()), other.len());
            drop(body.splice(from..to, other[start..end].to_vec()));
        }
        _ => {
            let many = place(chance, 4_000);
            let piece = pick(chance, &PIECES).copied().unwrap_or_default().repeat(many);
            drop(body.splice(from..to, piece.bytes()));
        }
    }
}

/// Every write of the description that takes a body, administrators' included: users are refused there.
fn writes(document: &Value) -> Result<Vec<Write>> {
    let mut writes = Vec::new();
    for (path, item) in document["paths"].as_object().context("no paths")? {
        for (method, call) in item.as_object().context("no calls")? {
            let Some(schema) = call.pointer("/requestBody/content/application~1json/schema") else {
                continue;
            };
            let body = example(document, schema).unwrap_or(Value::Object(Map::new()));
            let path = path.replace("{id}", "0123456789abcdef");
            writes.push(Write {
                method: method.to_uppercase(),
                path,
                body: body.to_string().into_bytes(),
            });
        }
    }
    Ok(writes)
}

/// A value made of the description's examples.
fn example(document: &Value, schema: &Value) -> Option<Value> {
    if let Some(given) = schema.get("example").or_else(|| schema.pointer("/examples/0")) {
        return Some(given.clone());
    }
    if let Some(path) = schema["$ref"].as_str() {
        return example(document, document.pointer(path.trim_start_matches('#'))?);
    }
    if let Some(either) = schema["oneOf"].as_array() {
        return either.iter().find_map(|one| example(document, one));
    }
    if let Some(items) = schema.get("items") {
        return Some(Value::Array(vec![example(document, items)?]));
    }
    let members = schema["properties"].as_object()?.iter();
    let members = members.filter_map(|(name, one)| Some((name.clone(), example(document, one)?)));
    Some(Value::Object(members.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn writes_are_read_with_their_examples() {
        let document = json!({
            "paths": {"/a/{id}": {
                "post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/x/B"}}}}},
                "get": {},
            }},
            "x": {"B": {"properties": {
                "size": {"$ref": "#/x/N"}, "many": {"items": {"example": 1}}, "free": {"type": "string"},
            }}, "N": {"examples": [7]}},
        });
        let writes = writes(&document).unwrap();
        assert_eq!(writes.len(), 1);
        assert_eq!(writes[0].path, "/a/0123456789abcdef");
        let body: Value = serde_json::from_slice(&writes[0].body).unwrap();
        assert_eq!(body, json!({"size": 7, "many": [1]}));
    }

    #[test]
    fn mutants_differ_and_repeat_with_their_seed() {
        let body = br#"{"size": 100, "symbol": "AAPL"}"#;
        let mutants = |seed| -> Vec<Vec<u8>> {
            let mut chance = Chance::new(seed);
            (0..500)
                .map(|_| {
                    let mut mutant = body.to_vec();
                    mutate(&mut chance, &mut mutant, b"{\"other\": 1}");
                    mutant
                })
                .collect()
        };
        assert_eq!(mutants(1), mutants(1));
        assert!(mutants(1).iter().filter(|mutant| *mutant != body).count() > 400);
    }
}
