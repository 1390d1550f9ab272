//! A command line as the words that a shell makes of it.

/// What a command line is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A word, with its quotes.
    Word { start: usize, end: usize },
    /// What a file follows: `<`, `>`.
    Redirection,
    /// What another command begins behind: `;`, `|`, `&&`, `(`, the end of a line.
    Border,
}

/// Splits a command line. A quote that is not closed is a character as any other.
pub(super) struct Pieces<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Pieces<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text: text.as_bytes(), at: 0 }
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        loop {
            match self.text.get(self.at)? {
                b' ' | b'\t' => self.at += 1,
                b'<' | b'>' => {
                    self.at += 1;
                    return Some(Piece::Redirection);
                }
                b'\\' if self.text.get(self.at + 1) == Some(&b'\n') => self.at += 2,
                // As in `2>&1`.
                b'&' if self.at > 0 && self.text[self.at - 1] == b'>' => self.at += 1,
                b';' | b'|' | b'&' | b'(' | b')' | b'`' | b'\n' | b'\r' => {
                    self.at += 1;
                    return Some(Piece::Border);
                }
                _ => {
                    let start = self.at;
                    self.at = word_end(self.text, start);
                    return Some(Piece::Word { start, end: self.at });
                }
            }
        }
    }
}

fn word_end(text: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(byte) = text.get(at) {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b'<' | b'>' | b';' | b'|' | b'&' | b'(' | b')' | b'`' => break,
            // Goes on in the next line, unless another one begins there.
            b'\\'
                if text.get(at + 1) == Some(&b'\n') && matches!(text.get(at + 2), None | Some(b' ' | b'\t' | b'-')) =>
            {
                break;
            }
            b'\\' => at += 2,
            b'\'' | b'"' => at = quote_end(text, at).unwrap_or(at) + 1,
            _ => at += 1,
        }
    }
    at.min(text.len())
}

/// Where the quote closes that opens at `start`.
fn quote_end(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' if text[start] == b'"' => at += 2,
            byte if *byte == text[start] => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// A part of a word that is one value: where it begins and ends without the quotes around all of it, and which these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) quote: Option<u8>,
}

/// Takes off the quotes that enclose the whole.
pub(super) fn body(text: &str, start: usize, end: usize) -> Body {
    let part = &text.as_bytes()[start..end];
    let quote = part.first().copied().filter(|byte| matches!(byte, b'\'' | b'"'));
    match quote.filter(|_| quote_end(part, 0) == Some(part.len() - 1)) {
        Some(quote) => Body { start: start + 1, end: end - 1, quote: Some(quote) },
        None => Body { start, end, quote: None },
    }
}
