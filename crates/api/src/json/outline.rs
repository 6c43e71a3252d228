//! One walk over a JSON object: its grammar, depth, keys, strings, duplicates. What it gives are the members with
//! their texts; what a text means is for the field to read. Absent on purpose: any list but a list of orders.

use crate::error::Problem;
use axum::http::StatusCode;
use serde::de::value::{self, BorrowedStrDeserializer};
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
    /// For a type that is made of fields.
    pub(super) fn pair(&self) -> (&str, BorrowedStrDeserializer<'a, value::Error>) {
        (&self.key, BorrowedStrDeserializer::new(self.value))
    }

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

/// Walks a JSON object once.
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

/// An object of a list, or what is wrong with it.
pub(super) type Item<'a> = Result<Vec<Member<'a>>, Flaw>;

/// The objects in the one list of an object that has nothing else, at most one more than `most`. One that is
/// flawed spoils no other: only its brackets and strings are looked at to find its end.
pub(super) fn items<'a>(text: &'a str, name: &str, most: usize) -> Result<Vec<Item<'a>>, Flaw> {
    let mut scan = Scan { text, at: 0, keys: 0 };
    if !scan.eat(b'{') {
        return Err(if text.trim().is_empty() { Flaw::Malformed } else { Flaw::NoObject });
    }
    scan.member(name)?;
    if !scan.eat(b'[') {
        return Err(Flaw::NoList);
    }
    let mut items = Vec::new();
    let mut ended = scan.eat(b']');
    while !ended {
        items.push(scan.item()?);
        if items.len() > most {
            return Ok(items);
        }
        ended = scan.eat(b']');
        if !ended && !scan.eat(b',') {
            return Err(Flaw::Malformed);
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

    /// An object of a list with limits of its own.
    fn item(&mut self) -> Result<Item<'a>, Flaw> {
        self.skip_space();
        let start = self.at;
        self.keys = 0;
        let item = match self.peek() {
            Some(b'{') => self.object(1),
            _ => Err(Flaw::NoObject),
        };
        if item.is_err() {
            self.at = start;
            self.pass_over()?;
        }
        Ok(item)
    }

    /// Goes to the end of a value, whatever is in it.
    fn pass_over(&mut self) -> Result<(), Flaw> {
        let mut depth = 0_usize;
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
                Some(b'"') => self.pass_string()?,
                Some(b',' | b'}' | b']') if depth == 0 => return Err(Flaw::Malformed),
                Some(_) if depth == 0 => {
                    self.word();
                    return Ok(());
                }
                Some(_) => self.at += 1,
                None => return Err(Flaw::Malformed),
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// Goes behind the quote that ends a string, however long.
    fn pass_string(&mut self) -> Result<(), Flaw> {
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
                None => return Err(Flaw::Malformed),
            }
        }
        self.at += 1;
        Ok(())
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
            _ => {
                let start = self.at;
                self.word();
                let word = &self.text.as_bytes()[start..self.at];
                let known = matches!(word, b"true" | b"false" | b"null") || is_number(word);
                if known { Ok(()) } else { Err(Flaw::Malformed) }
            }
        }
    }

    /// What stands where a number, `true`, `false` or `null` may stand.
    fn word(&mut self) {
        let ends = |b: &u8| matches!(b, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().position(ends).unwrap_or(rest.len());
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
                Some(b'\\') => self.at += self.escape()?,
                Some(0..=0x1f) | None => return Err(Flaw::Malformed),
                Some(_) => self.at += 1,
            }
            if self.at - start > LONGEST_STRING + 1 {
                return Err(Flaw::LongString);
            }
        }
        self.at += 1;
        Ok(&self.text[start..self.at])
    }

    /// Length of the escape that begins here.
    fn escape(&self) -> Result<usize, Flaw> {
        match self.text.as_bytes().get(self.at + 1..) {
            Some([b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..]) => Ok(2),
            Some([b'u', a, b, c, d, ..]) if [a, b, c, d].iter().all(|x| x.is_ascii_hexdigit()) => {
                Ok(6)
            }
            _ => Err(Flaw::Malformed),
        }
    }
}

/// Is it a number of JSON?
fn is_number(word: &[u8]) -> bool {
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let word = word.strip_prefix(b"-").unwrap_or(word);
    let exponent = word.iter().position(|b| matches!(b, b'e' | b'E'));
    let (mantissa, exponent) = match exponent {
        Some(at) => (&word[..at], Some(&word[at + 1..])),
        None => (word, None),
    };
    let (whole, fraction) = match mantissa.iter().position(|b| *b == b'.') {
        Some(at) => (&mantissa[..at], Some(&mantissa[at + 1..])),
        None => (mantissa, None),
    };
    let unsigned =
        |text: &[u8]| digits(text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text));
    digits(whole)
        && (whole.len() == 1 || whole[0] != b'0')
        && fraction.is_none_or(digits)
        && exponent.is_none_or(unsigned)
}

/// The same request in the same bytes, whatever the order of its keys and its white space, and without the key
/// that it came under.
pub(super) fn canonical(mut members: Vec<Member<'_>>, to: &mut Vec<u8>) {
    members.sort_by(|a, b| a.key.cmp(&b.key));
    for member in members.into_iter().filter(|member| member.key != CLIENT_ORDER_ID) {
        to.extend_from_slice(member.key.as_bytes());
        to.push(0);
        if !member.value.bytes().any(|byte| byte.is_ascii_whitespace()) {
            to.extend_from_slice(member.value.as_bytes());
            to.push(0);
            continue;
        }
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
mod tests;
