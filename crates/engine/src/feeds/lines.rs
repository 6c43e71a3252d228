//! Lines of text and their fields, found in one pass over a buffer of bounded size.
//!
//! Fields are separated by commas; one in double quotes may hold commas and doubled quotes, but no line break.
//! Blank lines are passed over. Everything else about a field is for others to judge.

use std::io::Read;

/// Longest line that is read.
pub(super) const LONGEST: usize = 16 * 1_024;
const BUFFER: usize = 128 * 1_024;

/// Why there is no further line.
#[derive(Debug)]
pub(super) enum Broken {
    /// The source cannot be read.
    Source(std::io::Error),
    /// The line goes on and on.
    Endless,
    /// A quote that does not end, or text beside one.
    Quotes,
}

/// Reads a source line by line.
pub(super) struct Lines {
    source: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// What of the buffer is still to be read.
    from: usize,
    to: usize,
    is_over: bool,
    number: u64,
    /// Where the fields of the line stand, in the buffer or in `unquoted`.
    fields: Vec<(usize, usize)>,
    unquoted: Vec<u8>,
    is_quoted: bool,
}

impl Lines {
    pub(super) fn new(source: Box<dyn Read + Send>) -> Self {
        Self {
            source,
            buffer: vec![0; BUFFER],
            from: 0,
            to: 0,
            is_over: false,
            number: 0,
            fields: Vec::new(),
            unquoted: Vec::new(),
            is_quoted: false,
        }
    }

    /// Number of the line at hand, from 1.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }
    /// How many fields it has.
    pub(super) const fn len(&self) -> usize {
        self.fields.len()
    }
    /// One of them; nothing where there is none.
    pub(super) fn field(&self, at: usize) -> &[u8] {
        let text = if self.is_quoted { &self.unquoted } else { &self.buffer };
        self.fields.get(at).and_then(|(from, to)| text.get(*from..*to)).unwrap_or_default()
    }

    /// Moves to the next line that is not blank; false at the end.
    pub(super) fn advance(&mut self) -> Result<bool, Broken> {
        loop {
            let Some((end, has_quotes)) = self.line()? else {
                return Ok(false);
            };
            self.number += 1;
            let start = std::mem::replace(&mut self.from, self.to.min(end + 1));
            let text = &self.buffer[start..end];
            let length = text.len() - usize::from(text.last() == Some(&b'\r'));
            if length == 0 {
                continue;
            }
            if let Some(last) = self.fields.last_mut() {
                last.1 = start + length;
            }
            self.is_quoted = has_quotes;
            if has_quotes {
                self.unquote(start, start + length)?;
            }
            return Ok(true);
        }
    }

    /// Finds the end of the line, and its fields as far as there are no quotes. The last line may lack its break.
    fn line(&mut self) -> Result<Option<(usize, bool)>, Broken> {
        loop {
            let (start, mut has_quotes) = (self.from, false);
            self.fields.clear();
            let mut begun = start;
            for (at, &byte) in self.buffer[start..self.to].iter().enumerate() {
                // One comparison for nearly all bytes: digits and letters are above the comma.
                if byte > b',' {
                    continue;
                }
                match byte {
                    b',' => {
                        self.fields.push((begun, start + at));
                        begun = start + at + 1;
                    }
                    b'\n' => {
                        self.fields.push((begun, start + at));
                        return Ok(Some((start + at, has_quotes)));
                    }
                    b'"' => has_quotes = true,
                    _ => {}
                }
            }
            if self.to - start > LONGEST {
                self.number += 1;
                return Err(Broken::Endless);
            }
            if self.is_over {
                if self.to == start {
                    return Ok(None);
                }
                self.fields.push((begun, self.to));
                return Ok(Some((self.to, has_quotes)));
            }
            self.refill()?;
        }
    }

    /// Moves what is left to the front and reads behind it. There is always room: a line fits many times.
    fn refill(&mut self) -> Result<(), Broken> {
        self.buffer.copy_within(self.from..self.to, 0);
        (self.from, self.to) = (0, self.to - self.from);
        let count = self.source.read(&mut self.buffer[self.to..]);
        match count {
            Ok(0) => self.is_over = true,
            Ok(count) => self.to += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Broken::Source(error)),
        }
        Ok(())
    }

    /// Splits a line that has quotes.
    fn unquote(&mut self, start: usize, end: usize) -> Result<(), Broken> {
        let Self { buffer, fields, unquoted, .. } = self;
        fields.clear();
        unquoted.clear();
        let (mut begun, mut inside, mut was_inside) = (0, false, false);
        let mut bytes = buffer[start..end].iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            match byte {
                b'"' if inside && bytes.peek() == Some(&b'"') => {
                    bytes.next();
                    unquoted.push(b'"');
                }
                b'"' if inside => (inside, was_inside) = (false, true),
                b'"' if unquoted.len() == begun && !was_inside => inside = true,
                b',' if !inside => {
                    fields.push((begun, unquoted.len()));
                    (begun, was_inside) = (unquoted.len(), false);
                }
                b'"' => return Err(Broken::Quotes),
                _ if was_inside => return Err(Broken::Quotes),
                other => unquoted.push(other),
            }
        }
        fields.push((begun, unquoted.len()));
        if inside { Err(Broken::Quotes) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives a source out in pieces of one size.
    struct Pieces(Vec<u8>, usize);
    impl Read for Pieces {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let count = self.1.min(into.len()).min(self.0.len());
            into[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            Ok(count)
        }
    }

    fn read(text: &[u8], size: usize) -> Result<Vec<(u64, Vec<String>)>, Broken> {
        let mut lines = Lines::new(Box::new(Pieces(text.to_vec(), size)));
        let mut all = Vec::new();
        while lines.advance()? {
            let field = |at| String::from_utf8_lossy(lines.field(at)).into_owned();
            all.push((lines.number(), (0..lines.len()).map(field).collect()));
        }
        Ok(all)
    }

    #[test]
    fn fields_quotes_and_blank_lines() {
        let text = b"a,b,\r\n\r\n\n\"x,\"\"y\",2\n,\nlast";
        let owned = |parts: &[&str]| parts.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
        for size in [1, 3, 7, 1_000] {
            let all = read(text, size).unwrap();
            assert_eq!(
                all,
                [
                    (1, owned(&["a", "b", ""])),
                    (4, owned(&["x,\"y", "2"])),
                    (5, owned(&["", ""])),
                    (6, owned(&["last"])),
                ]
            );
        }
        for broken in ["\"a", "a\"b\"", "\"a\"b,c"] {
            assert!(matches!(read(broken.as_bytes(), 9), Err(Broken::Quotes)), "{broken}");
        }
        assert!(read(b"", 1).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn noise_never_panics_and_pieces_do_not_matter(
            noise in prop::collection::vec(prop::sample::select(b"a1,\"\r\n ".to_vec()), 0..200),
            size in 1usize..50,
        ) {
            let (whole, pieces) = (read(&noise, 1_000), read(&noise, size));
            prop_assert_eq!(format!("{whole:?}"), format!("{pieces:?}"));
        }
    }
}
