//! Nothing in the repository names the machine it was written on or the host its packages came
//! from.

use crate::tidy::finding::Finding;
use crate::tidy::source::is_word;

// Put together at build time, or this file would find itself.
const FOLDERS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/ro", "ot/")];
const HOSTS: &[&str] = &[
    concat!("crates", ".io"),
    concat!("py", "pi.org"),
    concat!("python", "hosted.org"),
    concat!("npm", "js.org"),
    concat!("npm", "js.com"),
    concat!("deb.deb", "ian.org"),
    concat!("proxy.gol", "ang.org"),
];
/// Files that a package client writes; their form is not ours.
const GENERATED: &[&str] = &["Cargo.lock", "package-lock.json"];

pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    if GENERATED.contains(&path.rsplit('/').next().unwrap_or(path)) {
        return Vec::new();
    }
    let mut out = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if let Some(folder) = FOLDERS.iter().find(|folder| stands_alone(line, folder)) {
            let mend = format!("`{folder}` is a folder of one machine; use a relative path");
            out.push(Finding::new(path, index + 1, "machine-path", mend));
        }
        if let Some(host) = HOSTS.iter().find(|host| line.contains(**host)) {
            let mend = format!("`{host}` is a registry's host; name the package instead");
            out.push(Finding::new(path, index + 1, "registry-host", mend));
        }
    }
    out
}

/// Whether the folder begins a path here, and is not the middle of a longer one or of an address.
fn stands_alone(line: &str, folder: &str) -> bool {
    let inside = |before: char| is_word(before) || matches!(before, '.' | '-' | '}' | ')' | '~');
    line.match_indices(folder).any(|(at, _)| !line[..at].ends_with(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        check(path, text).iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn folders_of_one_machine_are_refused() {
        for folder in FOLDERS {
            assert_eq!(rules("a.md", &format!("see {folder}x")), ["machine-path"]);
            assert_eq!(rules("a.rs", &format!("open(\"{folder}x\")")), ["machine-path"]);
            assert_eq!(rules("a.md", &format!("see https://a.example{folder}x")), [""; 0]);
            assert_eq!(rules("a.rs", &format!("..{folder}x")), [""; 0]);
        }
    }

    #[test]
    fn hosts_of_registries_are_refused_but_in_lock_files() {
        for host in HOSTS {
            let text = format!("x\nfrom https://{host}/y");
            let findings = check("docs/a.md", &text);
            assert_eq!(findings.len(), 1, "{host}");
            assert_eq!((findings[0].rule, findings[0].line), ("registry-host", 2));
            assert_eq!(rules("Cargo.lock", &text), [""; 0]);
            assert_eq!(rules("web/package-lock.json", &text), [""; 0]);
        }
    }
}
