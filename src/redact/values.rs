//! Secrets that are known by the name before them, in any text: `name=value` and `name: value` with a name that says so,
//! and headers of HTTP.

use super::open::{is_file, is_open, is_prose, is_random};
use super::{Span, marker_at, names};

/// Schemes of `Authorization`, which stay.
const SCHEMES: &[&str] = &[
    "basic",
    "bearer",
    "token",
    "negotiate",
    "ntlm",
    "apikey",
    "key",
    "jwt",
    "bot",
    "splunk",
    "geniekey",
    "ssws",
    "oauth2",
];

/// Of these, what follows are parameters.
const SCHEMES_WITH_PARAMETERS: &[&str] = &["digest", "oauth", "hawk", "signature", "aws4-hmac-sha256"];

/// Options whose value says what to look for.
const FILTERS: &[&str] = &["--filter", "--selector", "--grep"];

/// A place in the text where a value may stand.
struct Value {
    start: usize,
    end: usize,
    /// In single quotes.
    is_literal: bool,
}

/// Finds the values of what has a name that says so.
pub(super) fn find(text: &str, found: &mut Vec<Span>) {
    let mut resume = 0;
    for (at, sign) in text.match_indices(['=', ':']) {
        if at < resume {
            continue;
        }
        let assigned = if sign == "=" { equation(text, at) } else { member(text, at) };
        if let Some((value, kind)) = assigned {
            resume = value.end;
            let said = &text[value.start..value.end];
            if !is_open(said, value.is_literal) && !is_file(kind, said) {
                found.push(Span { start: value.start, end: value.end, kind });
            }
        }
    }
}

/// `name=value`, also as `name := value` and with spaces on both sides.
fn equation(text: &str, at: usize) -> Option<(Value, &'static str)> {
    let bytes = text.as_bytes();
    let is_comparison = matches!(bytes.get(at + 1), Some(b'=' | b'~'))
        || at.checked_sub(1).is_some_and(|before| matches!(bytes[before], b'=' | b'!' | b'<' | b'>' | b'~'));
    if is_comparison {
        return None;
    }
    let before = text[..at].trim_end_matches([':', '+', '?']);
    let unspaced = before.trim_end_matches(' ');
    let is_spaced = unspaced.len() < before.len();
    let unquoted = unspaced.trim_end_matches([']', '"', '\'', '\\']);
    let is_quoted = unquoted.len() < unspaced.len();
    let (name, start) = name_before(unquoted);
    let separator = start.checked_sub(1).map(|before| bytes[before]);
    let after = continued(text, at + 1);
    let value_at = text.len() - text[after..].trim_start_matches(' ').len();
    let is_apart = value_at > after;
    let enclosing = separator.filter(|_| !is_quoted);
    let value_at = opened(text, value_at, enclosing)?;
    if is_authorization(name) {
        return authorization(text, value_at, enclosing);
    }
    if name == "AUTH" && !is_apart {
        return auth(text, value_at, separator);
    }
    // Alone, it may as well be the key of a map.
    let kind = if name == "KEY" && is_random(&text[value_at..]) { "key" } else { names::kind(name)? };
    // `test "$PASSWORD" = "x"`, `--filter Token=Valid`.
    if (is_quoted && is_spaced && separator == Some(b'$')) || is_filter(&text[..start]) {
        return None;
    }
    // `TOKEN= command` is an empty value; `name = value` is one where it is quoted, or can't be prose.
    let may_be = match (is_spaced, is_apart) {
        (false, false) => true,
        (true, true) => kind == "password" || matches!(bytes.get(value_at), Some(b'"' | b'\'')),
        _ => false,
    };
    may_be.then(|| (value(text, value_at, separator), kind))
}

/// `"name": value`, `Name: value`.
fn member(text: &str, at: usize) -> Option<(Value, &'static str)> {
    let bytes = text.as_bytes();
    let is_other = matches!(bytes.get(at + 1), Some(b'/' | b':' | b'=' | b'-'))
        || at.checked_sub(1).is_some_and(|before| bytes[before] == b':');
    if is_other {
        return None;
    }
    let unquoted = text[..at].trim_end_matches(['"', '\'']).trim_end_matches('\\');
    let is_quoted = unquoted.len() < at;
    let (name, start) = name_before(unquoted);
    let separator = start.checked_sub(1).map(|before| bytes[before]);
    let enclosing = separator.filter(|_| !is_quoted);
    let value_at = text.len() - text[at + 1..].trim_start_matches(' ').len();
    let value_at = opened(text, continued(text, value_at), enclosing)?;
    // A quote that ends what has begun before the name: `rg "the password:" src`.
    let has_quote = text[value_at..].starts_with(['"', '\'']) && !(is_quoted && separator == Some(bytes[value_at]));
    if has_quote && matches!(bytes.get(value_at + 1), None | Some(b' ' | b'\n')) {
        return None;
    }
    let is_enclosed = matches!(separator, Some(b'"' | b'\''));
    // What a sentence says of it, with or without a quote before the name.
    let is_prose = !is_quoted && is_prose(&text[value_at..]);
    if is_authorization(name) {
        return if is_prose { None } else { authorization(text, value_at, enclosing) };
    }
    if is_enclosed && ["cookie", "set-cookie"].iter().any(|header| header.eq_ignore_ascii_case(name)) {
        let end = value_at + text[value_at..].find(['"', '\'', '\n']).unwrap_or(text.len() - value_at);
        return Some((Value { start: value_at, end, is_literal: false }, "cookie"));
    }
    let kind = names::kind(name)?;
    let is_joined = value_at == at + 1;
    // `/password:x`, but no path such as `/secret:/secret`.
    let is_option =
        is_joined && separator == Some(b'/') && is_word_begin(&text[..start - 1]) && bytes.get(value_at) != Some(&b'/');
    let is_sure = is_quoted || is_option || (name.contains('-') && name.bytes().any(|byte| byte.is_ascii_uppercase()));
    let is_string = text[value_at..].trim_start_matches('\\').starts_with(['"', '\'']);
    // `image/token:1.0` and `fix token: handle its end` say something else.
    if !is_sure && (is_prose || (is_joined && !is_string)) {
        return None;
    }
    let value = value(text, value_at, separator);
    let said = &text[value.start..value.end];
    let is_telling = (kind == "password" && name.len() > "pass".len())
        || (said.len() >= 8 && said.bytes().any(|byte| byte.is_ascii_digit()));
    // A header, and nothing but it.
    let is_all = is_enclosed && name.contains('-') && matches!(bytes.get(value.end), Some(b'"' | b'\''));
    // All of a line, also of one that an escape ends.
    let begins_line =
        text[..start].trim_end_matches([' ', '-']).ends_with('\n') || separator == Some(b'\\') && name.starts_with('n');
    let is_line = begins_line && matches!(bytes.get(value.end), None | Some(b'\n' | b'\r' | b'\\' | b'"' | b'\''));
    (is_sure || is_all || is_line || is_telling || is_string).then_some((value, kind))
}

/// Whether an option begins behind this.
fn is_word_begin(before: &str) -> bool {
    before.is_empty() || before.ends_with([' ', '\t', '\n', '"', '\''])
}

fn is_filter(before: &str) -> bool {
    let option = before.trim_end_matches(['=', ' ', '"', '\'']);
    FILTERS.iter().any(|filter| option.ends_with(filter))
}

/// Where a line goes on that a backslash has broken.
pub(super) fn continued(text: &str, mut at: usize) -> usize {
    while text[at..].starts_with("\\\n") {
        at += 2;
    }
    at
}

/// Where the value begins: not at the quote that ends what the name stands in, unless a string is joined to it.
fn opened(text: &str, at: usize, enclosing: Option<u8>) -> Option<usize> {
    let bytes = text.as_bytes();
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'');
    let Some(quote) = bytes.get(at).filter(|byte| is_quote(byte)) else { return Some(at) };
    let next = bytes.get(at + 1);
    match enclosing {
        Some(enclosing) if enclosing == *quote => next.filter(|byte| is_quote(byte)).map(|_| at + 1),
        _ => Some(at),
    }
}

/// The name that a text ends with, and where it begins.
pub(super) fn name_before(text: &str) -> (&str, usize) {
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let length = text.as_bytes().iter().rev().take(names::LONGEST).take_while(is_name).count();
    (&text[text.len() - length..], text.len() - length)
}

/// The value that begins here: what is quoted, else up to what can't belong to it.
fn value(text: &str, start: usize, separator: Option<u8>) -> Value {
    let rest = &text[start..];
    for quote in ["\\\"", "\\'", "\"", "'"] {
        if let Some(inner) = rest.strip_prefix(quote)
            && let Some(length) = closing(inner, quote)
        {
            let start = start + quote.len();
            return Value { start, end: start + length, is_literal: quote == "'" };
        }
    }
    let start = if rest.starts_with(['"', '\'']) { start + 1 } else { start };
    let rest = &text[start..];
    if let Some(length) = marker_at(rest, 0).or_else(|| template(rest)) {
        return Value { start, end: start + length, is_literal: false };
    }
    Value { start, end: start + unquoted(rest.as_bytes(), separator), is_literal: false }
}

/// The length of a value without quotes.
fn unquoted(bytes: &[u8], separator: Option<u8>) -> usize {
    let mut is_in_braces = false;
    for (at, byte) in bytes.iter().enumerate() {
        let next = bytes.get(at + 1);
        match byte {
            b'$' if next == Some(&b'{') => is_in_braces = true,
            b'}' if is_in_braces => is_in_braces = false,
            b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'\'' | b'|' | b'<' | b'>' | b')' | b'}' | b';' | b'&' => return at,
            b'\\' if matches!(next, Some(b'"' | b'\'')) => return at,
            b'\\' if next == Some(&b'n') && is_name_next(&bytes[at + 2..]) => return at,
            b',' if separator == Some(b',') || is_name_next(&bytes[at + 1..]) => return at,
            _ => {}
        }
    }
    bytes.len()
}

/// The length of what is written as `<name>` or `{{ name }}`, which may hold what ends a value.
fn template(text: &str) -> Option<usize> {
    [("<", ">"), ("{{", "}}")].iter().find_map(|(begin, end)| {
        let inner = text.strip_prefix(begin)?.as_bytes();
        let inner = &inner[..inner.len().min(names::LONGEST)];
        let at = inner.windows(end.len()).position(|window| window == end.as_bytes())?;
        Some(begin.len() + at + end.len())
    })
}

/// Where the quote ends that has begun before `text`. A backslash takes the meaning from what follows it in double quotes.
pub(super) fn closing(text: &str, quote: &str) -> Option<usize> {
    if quote != "\"" {
        return text.find(quote);
    }
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// Whether another assignment, or nothing more, follows.
fn is_name_next(bytes: &[u8]) -> bool {
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let length = bytes.iter().take(names::LONGEST).take_while(is_name).count();
    matches!(bytes.get(length), Some(b'=' | b':') if length > 0)
        || matches!(bytes.first(), None | Some(b' ' | b'"' | b'\''))
}

fn is_authorization(name: &str) -> bool {
    ["authorization", "proxy-authorization"].iter().any(|header| header.eq_ignore_ascii_case(name))
}

/// What a variable has that may as well be a mode, such as `AUTH=basic`.
fn auth(text: &str, at: usize, separator: Option<u8>) -> Option<(Value, &'static str)> {
    if text[at..].starts_with(['"', '\'']) {
        return authorization(text, at, None);
    }
    let value = value(text, at, separator);
    let said = &text[value.start..value.end];
    let is_mode = SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(said))
        || (said.len() < 16 && said.bytes().all(|byte| byte.is_ascii_alphabetic()));
    (!is_mode).then_some((value, "authorization"))
}

/// What follows `Authorization:`, without its scheme.
fn authorization(text: &str, at: usize, enclosing: Option<u8>) -> Option<(Value, &'static str)> {
    let opened = text.len() - text[at..].trim_start_matches(['\\', '"', '\'']).len();
    let own = opened.checked_sub(1).filter(|before| *before >= at).map(|before| text.as_bytes()[before]);
    let quote = own.or(enclosing).filter(|byte| matches!(byte, b'"' | b'\'')).map(char::from);
    let rest = &text[opened..];
    let first = rest.split([' ', '"', '\'', '\n']).next().unwrap_or_default();
    let is_one_of = |schemes: &[&str]| schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case(first));
    let has_parameters = is_one_of(SCHEMES_WITH_PARAMETERS);
    let is_scheme = has_parameters || is_one_of(SCHEMES);
    let start = match is_scheme {
        true => text.len() - rest[first.len()..].trim_start_matches(' ').len(),
        false => opened,
    };
    let rest = &text[start..];
    let length = match quote.filter(|_| has_parameters || !is_scheme) {
        // A quote within the parameters is none of those that enclose the header.
        Some(quote) => rest.find([quote, '\n']),
        None => rest.find([' ', '"', '\'', '\n', '\t']),
    };
    let end = start + length.unwrap_or(rest.len());
    let end = start + text[start..end].trim_end_matches('\\').len();
    // A sentence about the header.
    let is_prose =
        quote.is_none() && end - start < 16 && text[start..end].bytes().all(|byte| byte.is_ascii_lowercase());
    (!is_prose).then_some((Value { start, end, is_literal: false }, "authorization"))
}
