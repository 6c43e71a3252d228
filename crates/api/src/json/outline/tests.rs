//! What the walk takes, what it refuses, and that it agrees with a whole parser.

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
    for text in ["", " ", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1}x", "{\"a\":\"\\"] {
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
    fn the_walk_takes_what_a_parser_takes(
        text in r#"\{"[ab]":[0-9\[\]{}",:ab]{0,20}\}"#,
        value in r#"(-?[0-9]{0,3}(\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?|"[a\\"/bun0-9 \t]{0,8}"|true|nul?l)"#,
    ) {
        for text in [text, format!("{{\"a\": {value} }}")] {
            let parsed = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            // A number beyond all floats is grammar; its field says what is wrong with it.
            prop_assert!(match flaw(&text) {
                None => parsed || text.contains(['e', 'E', 'u']),
                Some(Flaw::Duplicate) => true,
                Some(_) => !parsed,
            }, "{text}");
        }
    }

    #[test]
    fn a_list_is_its_objects_one_by_one(
        parts in prop::collection::vec(
            r#"(\{("[ab]":[0-9ab]{0,2},?){0,3}\}|[0-9x]{1,4}|"[],0-9]{0,3}"|\[\{\]\})"#,
            1..6,
        ),
    ) {
        let list = format!("{{ \"orders\" :[ {} ] }}", parts.join(" , "));
        if let Ok(found) = items(&list, "orders", 10) {
            prop_assert_eq!(found.len(), parts.len());
            for (item, part) in found.iter().zip(&parts) {
                prop_assert_eq!(item.is_ok(), outline(part).is_ok(), "{}", part);
            }
        }
    }
}
