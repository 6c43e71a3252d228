//! The calls of the server's own description, each with a body made of the examples that it gives.

use crate::caller::Caller;
use serde_json::{Map, Value};
use std::net::SocketAddr;

/// A call that the description names.
#[derive(Clone)]
pub(super) struct Operation {
    pub(super) method: String,
    /// With `{names}` in braces.
    pub(super) template: String,
    pub(super) guarded: bool,
    pub(super) admin: bool,
    /// Names of its query parameters.
    pub(super) query: Vec<String>,
    pub(super) takes_key: bool,
    /// Is a signature over the body what it believes? Then the body is not ours to describe.
    pub(super) signed: bool,
    pub(super) body: Option<Body>,
    /// Every status that it may answer with.
    pub(super) statuses: Vec<u16>,
}

/// A body that the call takes.
#[derive(Clone)]
pub(super) struct Body {
    /// The schema, without references.
    pub(super) schema: Value,
    pub(super) example: Value,
}

impl Operation {
    /// Its path with this in the place of every name.
    pub(super) fn path(&self, of: &str) -> String {
        let mut path = self.template.clone();
        while let Some((before, rest)) = path.split_once('{') {
            let (_, after) = rest.split_once('}').unwrap();
            path = format!("{before}{of}{after}");
        }
        path
    }
    pub(super) fn is_named(&self) -> bool {
        self.template.contains('{')
    }
}

/// Asks the server for its description, and reads all of it.
pub(super) fn operations(server: SocketAddr) -> Vec<Operation> {
    let document = Caller::stranger(server).get("/api/openapi.json").good();
    let mut all = Vec::new();
    for (template, item) in document["paths"].as_object().unwrap() {
        for (method, call) in item.as_object().unwrap() {
            all.push(operation(&document, (method, template), call));
        }
    }
    assert!(all.len() > 30, "only {} calls are described", all.len());
    all
}

fn operation(document: &Value, (method, template): (&str, &str), call: &Value) -> Operation {
    let name = format!("{method} {template}");
    let parameters = |place: &str| -> Vec<String> {
        let all = call["parameters"].as_array().into_iter().flatten();
        let here = all.filter(|p| p["in"] == place);
        here.map(|p| p["name"].as_str().unwrap().to_owned()).collect()
    };
    let headers = parameters("header");
    let signed = headers.iter().any(|name| name.ends_with("-Signature"));
    let responses = call["responses"].as_object().unwrap();
    let admin = responses.get("403").is_some_and(|r| r["description"] == "Only for administrators");
    Operation {
        method: method.to_uppercase(),
        template: template.to_owned(),
        guarded: call["security"].is_array(),
        admin,
        query: parameters("query"),
        takes_key: headers.iter().any(|name| name == "Idempotency-Key"),
        signed,
        // What is no JSON, a webhook or a table, has tests of its own.
        body: call.get("requestBody").filter(|body| !signed && is_json(body)).map(|body| {
            let schema = resolved(document, &body["content"]["application/json"]["schema"]);
            // A body that may be left out is one of two.
            let schema = match schema["oneOf"].as_array() {
                Some(either) => either[0].clone(),
                None => schema,
            };
            let example = example(&schema).unwrap_or_else(|lacks| {
                panic!("{name} has no example to mutate: give `{lacks}` one in its schema")
            });
            Body { schema, example }
        }),
        statuses: responses.keys().map(|status| status.parse().unwrap()).collect(),
    }
}

fn is_json(body: &Value) -> bool {
    body["content"]["application/json"].is_object()
}

/// A schema with everything it refers to put in its place.
fn resolved(document: &Value, schema: &Value) -> Value {
    if let Some(path) = schema["$ref"].as_str() {
        let mut target =
            resolved(document, document.pointer(path.trim_start_matches('#')).unwrap());
        // What stands beside the reference wins.
        for (key, value) in schema.as_object().unwrap() {
            target[key] = value.clone();
        }
        target.as_object_mut().unwrap().remove("$ref");
        return target;
    }
    match schema {
        Value::Object(members) => Value::Object(
            members.iter().map(|(name, part)| (name.clone(), resolved(document, part))).collect(),
        ),
        Value::Array(parts) => parts.iter().map(|part| resolved(document, part)).collect(),
        plain => plain.clone(),
    }
}

/// An example of what a schema describes; else the name of what has none.
fn example(schema: &Value) -> Result<Value, String> {
    if let Some(given) = schema.get("example").or_else(|| schema["examples"].get(0)) {
        return Ok(given.clone());
    }
    if schema["type"] == "array" {
        return Ok(Value::Array(vec![example(&schema["items"])?]));
    }
    let Some(properties) = schema["properties"].as_object() else {
        return Err("the value".to_owned());
    };
    let mut body = Map::new();
    for (name, property) in properties {
        let needed =
            schema["required"].as_array().is_some_and(|all| all.contains(&name.as_str().into()));
        match example(property) {
            Ok(value) => drop(body.insert(name.clone(), value)),
            Err(lacks) if needed => return Err(format!("{name}: {lacks}")),
            Err(_) => {}
        }
    }
    Ok(Value::Object(body))
}

/// Which kinds of JSON values a schema takes.
pub(super) fn kinds(schema: &Value) -> Vec<String> {
    if let Some(either) = schema["oneOf"].as_array() {
        return either.iter().flat_map(kinds).collect();
    }
    let one = |kind: &Value| match kind.as_str().unwrap() {
        "integer" => "number".to_owned(),
        other => other.to_owned(),
    };
    match &schema["type"] {
        Value::Array(all) => all.iter().map(one).collect(),
        kind @ Value::String(_) => vec![one(kind)],
        _ => Vec::new(),
    }
}
