//! A page has one title, and its links within the repository lead somewhere.

use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

pub(crate) fn check(path: &str, text: &str, tree: &Tree) -> Vec<Finding> {
    if !path.ends_with(".md") {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut titles = 0;
    for (number, line) in prose(text) {
        titles += usize::from(line.starts_with("# "));
        if titles > 1 && line.starts_with("# ") {
            out.push(Finding::new(path, number, "title", "a page has one title; use `##`"));
        }
        for link in links(line) {
            let target = link.split('#').next().unwrap_or(link);
            let place = resolve(path, target);
            if !target.is_empty() && !place.is_some_and(|place| tree.has(&place)) {
                let mend = format!("nothing is at `{target}`; mend the path or drop the link");
                out.push(Finding::new(path, number, "link", mend));
            }
        }
    }
    if titles == 0 {
        out.push(Finding::new(path, 1, "title", "give the page a title: `# ...`"));
    }
    out
}

/// The numbered lines that are not inside a fenced block.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((index + 1, line))
    })
}

/// Targets of the links of a line that point into the repository.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let targets = targets.map(|target| target.split_whitespace().next().unwrap_or_default());
    targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
}

/// The path from the root that `target` means on the page `from`; none when it leaves the
/// repository.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    if target.starts_with('/') {
        return None;
    }
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => parts.pop().map(drop)?,
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<(&'static str, usize)> {
        let tree = Tree::of(&[("docs/order.md", ""), ("README.md", "")]);
        let findings = check(path, text, &tree);
        findings.iter().map(|finding| (finding.rule, finding.line)).collect()
    }

    #[test]
    fn a_page_has_one_title() {
        assert_eq!(rules("a.md", "# A\n\n## B\n```\n# shell\n```\n"), []);
        assert_eq!(rules("a.md", "## B\n"), [("title", 1)]);
        assert_eq!(rules("a.md", "# A\n\n# B\n"), [("title", 3)]);
        assert_eq!(rules("a.rs", "// no page\n"), []);
    }

    #[test]
    fn links_lead_somewhere() {
        let ok =
            "# A\n[o](order.md#top) [r](../README.md) [w](https://a.example/x) [h](#a) [d](.)\n";
        assert_eq!(rules("docs/a.md", ok), []);
        for dead in ["lost.md", "../order.md", "../../README.md", "/README.md", "./order"] {
            assert_eq!(
                rules("docs/a.md", &format!("# A\n\n[x]({dead})\n")),
                [("link", 3)],
                "{dead}"
            );
        }
    }
}
