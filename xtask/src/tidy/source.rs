//! A Rust file taken apart, line by line: its code without the insides of strings, and its
//! comments. Enough of the grammar for rules that look at words; no syntax tree.

/// A Rust file. All three lists have one entry per line.
pub(crate) struct Source<'a> {
    pub(crate) path: &'a str,
    pub(crate) raw: Vec<&'a str>,
    /// Code with comments removed and string contents left out.
    pub(crate) code: Vec<String>,
    /// The text of comments, markers included.
    pub(crate) comments: Vec<String>,
}

/// Where the reader stands.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Code,
    LineComment,
    /// Nested this deep.
    BlockComment(usize),
    Text,
    /// Ends at a quote with this many hashes.
    RawText(usize),
}

impl<'a> Source<'a> {
    pub(crate) fn new(path: &'a str, text: &'a str) -> Self {
        let mut reader = Reader { state: State::Code, code: Vec::new(), comments: Vec::new() };
        let raw: Vec<&str> = text.lines().collect();
        for line in &raw {
            reader.line(line);
        }
        Self { path, raw, code: reader.code, comments: reader.comments }
    }

    /// The first line of the file's unit tests, or one past its end.
    pub(crate) fn tests_begin(&self) -> usize {
        let is_gate = |line: &String| line.trim_start().starts_with("#[cfg(test)]");
        self.code.iter().position(is_gate).unwrap_or(self.code.len())
    }

    /// Whether the whole file is test code.
    pub(crate) fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests") || self.path.ends_with("/tests.rs")
    }
}

struct Reader {
    state: State,
    code: Vec<String>,
    comments: Vec<String>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let chars: Vec<char> = line.chars().collect();
        let (mut code, mut comment) = (String::new(), String::new());
        if self.state == State::LineComment {
            self.state = State::Code;
        }
        let mut at = 0;
        while let Some(rest) = chars.get(at..).filter(|rest| !rest.is_empty()) {
            at += match self.state {
                State::Code => self.code(rest, &mut code, &mut comment),
                State::LineComment => take(rest, rest.len(), &mut comment),
                State::BlockComment(depth) => self.block(rest, depth, &mut comment),
                State::Text => self.text(rest, &mut code),
                State::RawText(hashes) => self.raw_text(rest, hashes, &mut code),
            };
        }
        self.code.push(code);
        self.comments.push(comment);
    }

    /// Reads one piece of code; gives the number of characters read.
    fn code(&mut self, rest: &[char], code: &mut String, comment: &mut String) -> usize {
        match rest {
            ['/', '/', ..] => {
                self.state = State::LineComment;
                take(rest, 2, comment)
            }
            ['/', '*', ..] => {
                self.state = State::BlockComment(1);
                take(rest, 2, comment)
            }
            ['"', ..] => {
                self.state = State::Text;
                take(rest, 1, code)
            }
            ['r', after @ ..] if starts_word(code) => {
                let hashes = after.iter().take_while(|c| **c == '#').count();
                if after.get(hashes) != Some(&'"') {
                    return take(rest, 1, code);
                }
                self.state = State::RawText(hashes);
                code.push('"');
                hashes + 2
            }
            ['\'', '\\', _, after @ ..] => {
                let close = after.iter().position(|c| *c == '\'').unwrap_or(after.len());
                code.push_str("''");
                close + 4
            }
            ['\'', _, '\'', ..] => {
                code.push_str("''");
                3
            }
            _ => take(rest, 1, code),
        }
    }

    fn block(&mut self, rest: &[char], depth: usize, comment: &mut String) -> usize {
        match rest {
            ['*', '/', ..] => {
                self.state = match depth {
                    1 => State::Code,
                    _ => State::BlockComment(depth - 1),
                };
                take(rest, 2, comment)
            }
            ['/', '*', ..] => {
                self.state = State::BlockComment(depth + 1);
                take(rest, 2, comment)
            }
            _ => take(rest, 1, comment),
        }
    }

    fn text(&mut self, rest: &[char], code: &mut String) -> usize {
        match rest {
            ['\\', ..] => 2,
            ['"', ..] => {
                self.state = State::Code;
                take(rest, 1, code)
            }
            _ => 1,
        }
    }

    fn raw_text(&mut self, rest: &[char], hashes: usize, code: &mut String) -> usize {
        let closes = rest.first() == Some(&'"')
            && rest.iter().skip(1).take_while(|c| **c == '#').count() >= hashes;
        if !closes {
            return 1;
        }
        self.state = State::Code;
        code.push('"');
        hashes + 1
    }
}

/// Copies the next `count` characters.
fn take(rest: &[char], count: usize, into: &mut String) -> usize {
    into.extend(rest.iter().take(count));
    count
}

/// Whether a prefix letter may begin here: after nothing, a byte or C marker, or no part of a word.
fn starts_word(code: &str) -> bool {
    let marked = code.strip_suffix(['b', 'c']).unwrap_or(code);
    !marked.ends_with(is_word)
}

/// Whether a character can be part of an identifier.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether `code` holds `phrase`, not as the tail of a longer word.
pub(crate) fn holds(code: &str, phrase: &str) -> bool {
    code.match_indices(phrase).any(|(at, _)| !code[..at].ends_with(is_word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Vec<String> {
        Source::new("a.rs", text).code
    }

    #[test]
    fn strings_and_comments_leave_the_code() {
        assert_eq!(code("let a = \"x // y\"; // z"), ["let a = \"\"; "]);
        assert_eq!(code("a /* b /* c */ d */ e"), ["a  e"]);
        assert_eq!(code("a /* b\nc */ d"), ["a ", " d"]);
        assert_eq!(code(r##"f(r#"a " b"#, br"c", 1)"##), ["f(\"\", b\"\", 1)"]);
        assert_eq!(code("f(\"a\\\"b\", 2)"), ["f(\"\", 2)"]);
        assert_eq!(code("f(\"a\nb\", 2)"), ["f(\"", "\", 2)"]);
    }

    #[test]
    fn characters_are_not_lifetimes() {
        assert_eq!(code("f('\"', b'\\'', 'x') // c"), ["f('', b'', '') "]);
        assert_eq!(code("fn f<'a>(x: &'a str) {}"), ["fn f<'a>(x: &'a str) {}"]);
        assert_eq!(code("'\\u{1F600}' + for_r"), ["'' + for_r"]);
    }

    #[test]
    fn comments_are_kept_apart() {
        let source = Source::new("a.rs", "//! Head.\nlet a = 1; // why\n");
        assert_eq!(source.comments, ["//! Head.", "// why"]);
    }

    #[test]
    fn words_have_borders() {
        assert!(holds("std::env::var(x)", "env::var"));
        assert!(!holds("my_env::var(x)", "env::var"));
    }
}
