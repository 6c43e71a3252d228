//! One walk over a JSON object before anybody asks what it means: depth, keys, strings, duplicates.
//! The grammar itself is left to the real parser, which reads the same text afterwards.

use crate::error::Problem;
use axum::http::StatusCode;
use std::borrow::Cow;

const DEEPEST: usize = 16;
const MOST_KEYS: usize = 100;
const LONGEST_STRING: usize = 10_000;
/// The member that names an order as the `Idempotency-Key` does.
pub(super) const CLIENT_ORDER_ID: &str = "client_order_id";

/// A member of the body's outermost object.
pub(super) struct Member<'a> {
    key: Cow<'a, str>,
    value: &'a str,
}

impl<'a> Member<'a> {
    /// The text of the value under this name.
    pub(super) fn find(members: &[Self], name: &str) -> Option<&'a str> {
        members.iter().find(|member| member.key == name).map(|member| member.value)
    }
}

/// What is wrong with a body before anybody asks what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    Malformed,
    NoObject,
    Deep,
    ManyKeys,
    LongString,
    Duplicate,
    Unknown,
    NoList,
}

impl From<Flaw> for Problem {
    fn from(flaw: Flaw) -> Self {
        const UNKNOWN: &str = "the body has a field that this address does not know";
        let (code, detail) = match flaw {
            Flaw::Malformed => ("malformed_json", "the body is not JSON"),
            Flaw::NoObject => ("malformed_json", "the body must be a JSON object"),
            Flaw::Deep => ("json_too_deep", "the body is nested deeper than 16 levels"),
            Flaw::ManyKeys => ("json_too_many_keys", "the body has more than 100 keys"),
            Flaw::LongString => ("json_string_too_long", "a string is longer than 10 kB"),
            Flaw::Duplicate => ("duplicate_key", "a key appears twice"),
            Flaw::NoList => return Self::field("orders", "must be a list"),
            Flaw::Unknown => {
                return Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_field", UNKNOWN);
            }
        };
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    keys: usize,
}

/// Walks a JSON object once: depth, keys, strings, duplicates. The grammar itself is left to the
/// real parser.
pub(super) fn outline(text: &str) -> Result<Vec<Member<'_>>, Flaw> {
    let mut scan = Scan { text, at: 0, keys: 0 };
    scan.skip_space();
    if scan.peek() != Some(b'{') {
        return Err(if text.trim().is_empty() { Flaw::Malformed } else { Flaw::NoObject });
    }
    let members = scan.object(1)?;
    scan.skip_space();
    if scan.peek().is_some() { Err(Flaw::Malformed) } else { Ok(members) }
}

/// The texts in the one list of an object that has nothing else, at most one more than `most`. Only brackets and
/// strings are looked at: what a text holds is for [`outline`] to judge.
pub(super) fn items<'a>(text: &'a str, name: &str, most: usize) -> Result<Vec<&'a str>, Flaw> {
    let mut scan = Scan { text, at: 0, keys: 0 };
    if !scan.eat(b'{') {
        return Err(if text.trim().is_empty() { Flaw::Malformed } else { Flaw::NoObject });
    }
    scan.member(name)?;
    let mut items = Vec::new();
    if !scan.eat(b'[') {
        return Err(Flaw::NoList);
    }
    if !scan.eat(b']') {
        loop {
            scan.skip_space();
            let start = scan.at;
            scan.skip_value()?;
            items.push(&text[start..scan.at]);
            if items.len() > most {
                return Ok(items);
            }
            if scan.eat(b']') {
                break;
            }
            if !scan.eat(b',') {
                return Err(Flaw::Malformed);
            }
        }
    }
    if scan.eat(b',') {
        scan.member(name)?;
        return Err(Flaw::Duplicate);
    }
    let ended = scan.eat(b'}');
    scan.skip_space();
    if ended && scan.peek().is_none() { Ok(items) } else { Err(Flaw::Malformed) }
}

impl<'a> Scan<'a> {
    /// The name that a member must have, with its colon.
    fn member(&mut self, name: &str) -> Result<(), Flaw> {
        self.skip_space();
        let raw = self.string()?;
        if !self.eat(b':') {
            return Err(Flaw::Malformed);
        }
        if &raw[1..raw.len() - 1] == name { Ok(()) } else { Err(Flaw::Unknown) }
    }

    /// Passes over a value up to its closing bracket.
    fn skip_value(&mut self) -> Result<(), Flaw> {
        let mut depth = 0;
        loop {
            match self.peek() {
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.at += 1;
                }
                Some(b'}' | b']') if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                Some(b'"') => drop(self.string()?),
                Some(b',' | b'}' | b']') if depth == 0 => return Err(Flaw::Malformed),
                Some(_) if depth == 0 => self.word(),
                Some(_) => self.at += 1,
                None => return Err(Flaw::Malformed),
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// A number, `true`, `false` or `null`, or what stands in its place.
    fn word(&mut self) {
        let ends = |b: u8| matches!(b, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
        while self.peek().is_some_and(|b| !ends(b)) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }
    fn eat(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn object(&mut self, depth: usize) -> Result<Vec<Member<'a>>, Flaw> {
        let mut members: Vec<Member<'a>> = Vec::new();
        if depth > DEEPEST {
            return Err(Flaw::Deep);
        }
        self.at += 1;
        if self.eat(b'}') {
            return Ok(members);
        }
        loop {
            self.skip_space();
            let raw = self.string()?;
            let key: Cow<'a, str> = if raw.contains('\\') {
                Cow::Owned(serde_json::from_str(raw).map_err(|_| Flaw::Malformed)?)
            } else {
                Cow::Borrowed(&raw[1..raw.len() - 1])
            };
            self.keys += 1;
            if self.keys > MOST_KEYS {
                return Err(Flaw::ManyKeys);
            }
            if members.iter().any(|member| member.key == key) {
                return Err(Flaw::Duplicate);
            }
            if !self.eat(b':') {
                return Err(Flaw::Malformed);
            }
            self.skip_space();
            let start = self.at;
            self.value(depth)?;
            members.push(Member { key, value: &self.text[start..self.at] });
            if self.eat(b'}') {
                return Ok(members);
            }
            if !self.eat(b',') {
                return Err(Flaw::Malformed);
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), Flaw> {
        if depth > DEEPEST {
            return Err(Flaw::Deep);
        }
        self.at += 1;
        if self.eat(b']') {
            return Ok(());
        }
        loop {
            self.skip_space();
            self.value(depth)?;
            if self.eat(b']') {
                return Ok(());
            }
            if !self.eat(b',') {
                return Err(Flaw::Malformed);
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), Flaw> {
        match self.peek() {
            Some(b'{') => self.object(depth + 1).map(drop),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string().map(drop),
            Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.');
                while self.peek().is_some_and(word) {
                    self.at += 1;
                }
                Ok(())
            }
            _ => Err(Flaw::Malformed),
        }
    }

    /// A string with its quotes.
    fn string(&mut self) -> Result<&'a str, Flaw> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(Flaw::Malformed);
        }
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
                None => return Err(Flaw::Malformed),
            }
            if self.at - start > LONGEST_STRING + 1 {
                return Err(Flaw::LongString);
            }
        }
        self.at += 1;
        self.text.get(start..self.at).ok_or(Flaw::Malformed)
    }
}

/// The same request in the same bytes, whatever the order of its keys and its white space, and without the key
/// that it came under.
pub(super) fn canonical(mut members: Vec<Member<'_>>, to: &mut Vec<u8>) {
    members.sort_by(|a, b| a.key.cmp(&b.key));
    for member in members.into_iter().filter(|member| member.key != CLIENT_ORDER_ID) {
        to.extend_from_slice(member.key.as_bytes());
        to.push(0);
        let (mut quoted, mut escaped) = (false, false);
        for &byte in member.value.as_bytes() {
            if quoted || !byte.is_ascii_whitespace() {
                to.push(byte);
            }
            quoted = match byte {
                b'"' if !escaped => !quoted,
                _ => quoted,
            };
            escaped = byte == b'\\' && !escaped;
        }
        to.push(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flaw(text: &str) -> Option<Flaw> {
        outline(text).err()
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let deep = |n: usize| format!("{{\"a\":{}1{}}}", "[".repeat(n - 1), "]".repeat(n - 1));
        assert_eq!(flaw(&deep(16)), None);
        assert_eq!(flaw(&deep(17)), Some(Flaw::Deep));
        assert_eq!(flaw(&"{\"a\":".repeat(10_000)), Some(Flaw::Deep));
        let keys = |n: usize| {
            let all: Vec<_> = (0..n).map(|i| format!("\"k{i}\":1")).collect();
            format!("{{{}}}", all.join(","))
        };
        assert_eq!(flaw(&keys(100)), None);
        assert_eq!(flaw(&keys(101)), Some(Flaw::ManyKeys));
        let long = |n: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(n));
        assert_eq!(flaw(&long(10_000)), None);
        assert_eq!(flaw(&long(10_001)), Some(Flaw::LongString));
    }

    #[test]
    fn one_key_twice_is_refused_even_in_disguise() {
        assert_eq!(flaw(r#"{"a":1,"a":2}"#), Some(Flaw::Duplicate));
        assert_eq!(flaw(r#"{"a":1,"\u0061":2}"#), Some(Flaw::Duplicate));
        assert_eq!(flaw(r#"{"b":{"a":1,"a":2}}"#), Some(Flaw::Duplicate));
        assert_eq!(flaw(r#"{"b":{"a":1},"a":2}"#), None);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in ["", " ", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1}x", "{\"a\":\"\\"]
        {
            assert_eq!(flaw(text), Some(Flaw::Malformed), "{text}");
        }
        for text in ["[]", "1", "\"a\"", "null"] {
            assert_eq!(flaw(text), Some(Flaw::NoObject), "{text}");
        }
    }

    #[test]
    fn the_canonical_form_ignores_order_and_space_only() {
        let form = |text: &str| {
            let mut bytes = Vec::new();
            canonical(outline(text).unwrap(), &mut bytes);
            bytes
        };
        let one = form(r#"{"a": [1, 2], "b": "x y\" z"}"#);
        assert_eq!(one, form("{\"b\":\"x y\\\" z\",\n\"a\":[1,2]}"));
        assert_ne!(one, form(r#"{"a":[1,2],"b":"xy\" z"}"#));
        assert_ne!(one, form(r#"{"a":[1,3],"b":"x y\" z"}"#));
    }

    proptest! {
        #[test]
        fn no_text_is_a_crash(text in r#"[{}\[\]",:\\a1 u\u{e9}]{0,60}"#) {
            let _ = outline(&text);
        }

        #[test]
        fn what_the_parser_takes_the_scan_takes_or_names(
            text in r#"\{"[ab]":[0-9\[\]{}",:ab]{0,20}\}"#,
        ) {
            if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
                prop_assert!(matches!(flaw(&text), None | Some(Flaw::Duplicate)));
            }
        }
    }
}
