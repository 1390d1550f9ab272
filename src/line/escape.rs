//! Visible escapes for what could end or disguise a line.
//!
//! `\n`, `\r`, `\t`, `\xHH` for other control characters and for bytes that are not UTF-8, `\u{H...}` for line separators
//! and bidi controls. A backslash stays as it is unless it would be read as one of these; then it is `\\`.

use std::fmt::Write as _;

/// The text for people only: with visible escapes, but every backslash as it is, as in `C:\new`. It can't be read back.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| if c == '\\' { out.push(c) } else { push(&mut out, c, "", false) });
    out
}

/// The text with visible escapes.
pub fn escape(text: &str) -> String {
    escape_bytes(text.as_bytes())
}

/// The bytes with visible escapes; what is not UTF-8 becomes `\xHH`.
pub fn escape_bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid();
        for (at, c) in valid.char_indices() {
            let rest = &valid[at + c.len_utf8()..];
            let before_escape = rest.is_empty() && !chunk.invalid().is_empty();
            push(&mut out, c, rest, before_escape);
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

fn push(out: &mut String, c: char, rest: &str, before_escape: bool) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\\' if before_escape || needs_care(rest) => out.push_str("\\\\"),
        c if c.is_control() && c.is_ascii() => drop(write!(out, "\\x{:02x}", u32::from(c))),
        c if is_hidden(c) => drop(write!(out, "\\u{{{:x}}}", u32::from(c))),
        c => out.push(c),
    }
}

/// Whether a backslash before this would be read as an escape.
fn needs_care(rest: &str) -> bool {
    let Some(next) = rest.chars().next() else { return false };
    next == '\\' || next.is_control() || is_hidden(next) || escaped(rest).is_some()
}

/// Control characters beyond ASCII, line separators, and what changes the direction of the text.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{61c}' | '\u{200e}' | '\u{200f}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What stands behind a backslash, if it is an escape: the bytes it means and its length.
fn escaped(rest: &str) -> Option<(Vec<u8>, usize)> {
    let byte = |byte: u8| Some((vec![byte], 1));
    match rest.as_bytes().first()? {
        b'n' => byte(b'\n'),
        b'r' => byte(b'\r'),
        b't' => byte(b'\t'),
        b'\\' => byte(b'\\'),
        b'x' => {
            let digits = rest.get(1..3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
            Some((vec![u8::from_str_radix(digits, 16).ok()?], 3))
        }
        b'u' => {
            let digits = rest[1..].strip_prefix('{')?.split_once('}')?.0;
            let is_hex = digits.len() <= 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            let c = char::from_u32(u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?)?;
            Some((c.to_string().into_bytes(), digits.len() + 3))
        }
        _ => None,
    }
}

/// The bytes that were escaped.
pub fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at + 1..];
        match escaped(rest) {
            Some((bytes, length)) => {
                out.extend(bytes);
                rest = &rest[length..];
            }
            None => out.push(b'\\'),
        }
    }
    out.extend_from_slice(rest.as_bytes());
    out
}
