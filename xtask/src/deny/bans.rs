//! Banned crates, second copies of crates that must be one, and sources other than the registry.

use crate::deny::lock::{Lock, Locked};
use crate::deny::policy::{Ban, Policy};

pub(crate) fn check(policy: &Policy, lock: &Lock) -> Vec<String> {
    let mut out: Vec<String> = policy.bans.iter().flat_map(|ban| judge(ban, lock)).collect();
    for package in &lock.packages {
        // Cargo knows one public registry; anything else was written into a manifest on purpose.
        if package.source.as_ref().is_some_and(|source| !source.starts_with("registry+")) {
            out.push(format!(
                "Cargo.lock: source: `{}` does not come from a registry; use a released version",
                package.name
            ));
        }
    }
    out
}

fn judge(ban: &Ban, lock: &Lock) -> Vec<String> {
    let hit = |package: &&Locked| {
        package.name == ban.name
            && ban.range.as_ref().is_none_or(|range| range.holds(package.version))
    };
    let hits = lock.packages.iter().filter(hit).count();
    let allowed = usize::from(ban.only_twice);
    if hits <= allowed {
        return Vec::new();
    }
    let how = if ban.only_twice { "twice" } else { "banned" };
    vec![format!("Cargo.lock: ban: `{}` is there, {how}: {}", ban.name, ban.reason)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bans: &str, packages: &[(&str, &str, &str)]) -> usize {
        let entry = |(name, version, source): &(&str, &str, &str)| {
            let head = format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
            if source.is_empty() { head } else { format!("{head}source = \"{source}\"\n") }
        };
        let text: String = packages.iter().map(entry).collect();
        check(&Policy::of(&[], bans, &[]), &Lock::read(&text).unwrap()).len()
    }

    #[test]
    fn banned_crates_and_versions_are_told() {
        let bans =
            "deny = [{ crate = \"a\", reason = \"r\" }, { crate = \"b:<2\", reason = \"r\" }]";
        assert_eq!(found(bans, &[("a", "1.0.0", "")]), 1);
        assert_eq!(found(bans, &[("b", "1.9.9", "")]), 1);
        assert_eq!(found(bans, &[("b", "2.0.0", ""), ("ab", "1.0.0", "")]), 0);
    }

    #[test]
    fn some_crates_must_be_one() {
        let bans = "deny = [{ crate = \"a\", reason = \"r\", deny-multiple-versions = true }]";
        assert_eq!(found(bans, &[("a", "1.0.0", "")]), 0);
        assert_eq!(found(bans, &[("a", "1.0.0", ""), ("a", "2.0.0", "")]), 1);
    }

    #[test]
    fn only_the_registry_is_a_source() {
        assert_eq!(found("deny = []", &[("a", "1.0.0", "registry+https://a.example")]), 0);
        assert_eq!(found("deny = []", &[("a", "1.0.0", "git+https://a.example/a#1")]), 1);
    }
}
