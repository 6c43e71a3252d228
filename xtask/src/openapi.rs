//! `cargo xtask openapi`: the checked-in description of the API is the one the server gives.

use crate::shell;
use anyhow::{Context, Result, bail};
use serde_json::Value;

const FILE: &str = "openapi.json";

/// Compares, or writes with `--write`.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let printed = shell::output(
        "cargo",
        &["run", "--quiet", "--locked", "--package", "nija", "--", "openapi"],
    )?;
    let said: Value = serde_json::from_slice(&printed)
        .context("`nija openapi` printed no JSON; it must print the document and nothing else")?;
    let path = shell::root().join(FILE);
    match args {
        [] => {
            let text = std::fs::read(&path)
                .with_context(|| format!("no {FILE}; run `cargo xtask openapi --write`"))?;
            let kept = serde_json::from_slice(&text)
                .with_context(|| format!("{FILE} is no JSON; run `cargo xtask openapi --write`"))?;
            if let Some(place) = difference("", &kept, &said) {
                bail!(
                    "{FILE} differs from the server at {place}; \
                     run `cargo xtask openapi --write` and review the change"
                );
            }
            println!("{FILE} is what the server describes");
            Ok(())
        }
        [flag] if flag == "--write" => {
            // As printed: sorting its keys here would hide what changed.
            std::fs::write(&path, printed).with_context(|| format!("cannot write {FILE}"))
        }
        _ => bail!("usage: cargo xtask openapi [--write]"),
    }
}

/// Where two documents first differ, as a JSON pointer.
fn difference(at: &str, kept: &Value, said: &Value) -> Option<String> {
    match (kept, said) {
        (Value::Object(a), Value::Object(b)) => {
            let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
            keys.map(|key| (key, a.get(key), b.get(key))).find_map(|(key, a, b)| {
                let place = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                match (a, b) {
                    (Some(a), Some(b)) => difference(&place, a, b),
                    _ => Some(place),
                }
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let mut pairs = a.iter().zip(b).enumerate();
            pairs.find_map(|(index, (a, b))| difference(&format!("{at}/{index}"), a, b))
        }
        (a, b) if a == b => None,
        _ => Some(if at.is_empty() { "the root".to_owned() } else { at.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_difference_is_named() {
        let kept = json!({"paths": {"/health": {"get": [1, 2]}}, "a": 1});
        assert_eq!(difference("", &kept, &kept), None);
        let other = json!({"paths": {"/health": {"get": [1, 3]}}, "a": 1});
        assert_eq!(difference("", &kept, &other).as_deref(), Some("/paths/~1health/get/1"));
        let more = json!({"paths": {"/health": {"get": [1, 2]}}, "a": 1, "b": 0});
        assert_eq!(difference("", &kept, &more).as_deref(), Some("/b"));
        assert_eq!(difference("", &more, &kept).as_deref(), Some("/b"));
        assert_eq!(difference("", &json!(1), &json!([])).as_deref(), Some("the root"));
    }
}
