//! Secrets that are known by the phrase they stand in, in any text: the password of a URL, of a statement of SQL, of a
//! line of `.netrc`, what a function is given.

use std::ops::Range;

use super::open::{is_open, is_random};
use super::values::{closing, name_before};
use super::{Span, marker_at, names};

/// Finds what is known by its phrase.
pub(super) fn find(text: &str, found: &mut Vec<Span>) {
    bearers(text, found);
    statements(text, found);
    machines(text, found);
    calls(text, found);
    urls(text, found);
}

/// `Bearer` and what can only be a token.
fn bearers(text: &str, found: &mut Vec<Span>) {
    const LEAST: usize = 16;
    for (at, word) in text.match_indices("earer ") {
        let start = at + word.len();
        let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~+/=".contains(byte);
        let token = &text.as_bytes()[start..];
        let length = token.iter().take_while(|byte| is_token(byte)).count();
        if length >= LEAST && token[..length].iter().any(u8::is_ascii_digit) {
            found.push(Span { start, end: start + length, kind: "token" });
        }
    }
}

/// Passwords in statements of SQL.
fn statements(text: &str, found: &mut Vec<Span>) {
    const BEFORE: &[&str] = &["PASSWORD '", "with password '", "IDENTIFIED BY '", "identified by '", "PASSWORD('"];
    /// In small letters it is a word as any other, unless it is said of a role.
    const OF_A_ROLE: &str = "password '";
    const FARTHEST: usize = 200;
    let roles = if text.contains(OF_A_ROLE) { roles(text.as_bytes()) } else { Vec::new() };
    let is_of_a_role = |at: usize| {
        let before = roles.partition_point(|role| *role < at);
        before.checked_sub(1).is_some_and(|last| at - roles[last] < FARTHEST)
    };
    for before in BEFORE.iter().copied().chain([OF_A_ROLE]) {
        for (at, _) in text.match_indices(before) {
            let start = at + before.len();
            let Some(length) = text[start..].find('\'') else { break };
            let is_one = before != OF_A_ROLE || is_of_a_role(at);
            if is_one && !is_open(&text[start..start + length], false) {
                found.push(Span { start, end: start + length, kind: "password" });
            }
        }
    }
}

/// Where statements about those who may log in begin.
fn roles(text: &[u8]) -> Vec<usize> {
    const BEGINNINGS: &[&str] = &["create role ", "alter role ", "create user ", "alter user "];
    let begins = |at: &usize| {
        let rest = &text[*at..];
        BEGINNINGS
            .iter()
            .any(|words| rest.get(..words.len()).is_some_and(|it| it.eq_ignore_ascii_case(words.as_bytes())))
    };
    (0..text.len()).filter(begins).collect()
}

/// `machine example.com login alice password x`, as in `.netrc`.
fn machines(text: &str, found: &mut Vec<Span>) {
    for (at, sign) in text.match_indices("machine ") {
        let mut end = at + sign.len();
        let mut next = || {
            let word = word_behind(text, end);
            end = word.end;
            word
        };
        let [_, login, _, password, value] = std::array::from_fn(|_| next());
        let is_one = &text[login] == "login" && &text[password] == "password";
        if is_one && !is_open(&text[value.clone()], false) {
            found.push(Span { start: value.start, end: value.end, kind: "password" });
        }
    }
}

/// The next word, as far as it has no quote or escape.
fn word_behind(text: &str, at: usize) -> Range<usize> {
    let rest = text[at..].trim_ascii_start();
    let is_end = |c: char| c.is_ascii_whitespace() || matches!(c, '"' | '\'' | '\\');
    let start = text.len() - rest.len();
    start..start + rest.find(is_end).unwrap_or(rest.len())
}

/// The last string that a function is given, or that is in brackets: `set_password('alice', 'x')`, `auth=('alice', 'x')`.
fn calls(text: &str, found: &mut Vec<Span>) {
    let mut resume = 0;
    for (at, _) in text.match_indices('(') {
        if at < resume {
            continue;
        }
        let before = &text[..at];
        let is_pair = before.strip_suffix('=').is_some_and(|before| name_before(before).0 == "auth");
        let kind = if is_pair { Some("password") } else { names::kind_of_setter(name_before(before).0) };
        if let Some(kind) = kind {
            let last;
            (last, resume) = last_string(text, at + 1);
            if let Some((start, end)) = last.filter(|(start, end)| !is_open(&text[*start..*end], false)) {
                found.push(Span { start, end, kind });
            }
        }
    }
}

/// The last of what is in the brackets, without its quotes, if it is a string, and where the search ended. What has
/// brackets of its own, such as `os.environ["PW"]`, is not looked into.
fn last_string(text: &str, start: usize) -> (Option<(usize, usize)>, usize) {
    let bytes = text.as_bytes();
    let mut last = None;
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b')' => return (last, at),
            b'(' | b'[' | b'\n' => break,
            b'"' | b'\'' => {
                let begin = if bytes[at - 1] == b'\\' { at - 1 } else { at };
                let Some(length) = closing(&text[at + 1..], &text[begin..=at]) else { break };
                last = Some((at + 1, at + 1 + length));
                at += length + at + 1 - begin;
            }
            b' ' | b',' | b'\\' => {}
            _ => last = None,
        }
        at += 1;
    }
    (None, at)
}

fn urls(text: &str, found: &mut Vec<Span>) {
    for (at, sign) in text.match_indices("://") {
        let start = at + sign.len();
        let rest = &text[start..];
        let length = rest.find(['/', ' ', '\t', '\n', '"', '\'', '`', '<', '>', '|']);
        let authority = &rest[..length.unwrap_or(rest.len())];
        let Some((user, _)) = authority.rsplit_once('@') else { continue };
        let marked = marker_at(user, 0).unwrap_or(0);
        let (value, kind) = match user[marked..].split_once(':') {
            // A port, and an address somewhere in the query.
            Some((_, password)) if is_port(password) => continue,
            Some((_, password)) => (start + user.len() - password.len()..start + user.len(), "password"),
            None if is_token_user(&text[..at], user) => (start..start + user.len(), "token"),
            None => continue,
        };
        if !is_open(&text[value.clone()], false) {
            found.push(Span { start: value.start, end: value.end, kind });
        }
    }
}

fn is_port(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && text[digits..].starts_with(['?', '#'])
}

/// Whether the user of a web address without a password is the secret itself.
fn is_token_user(scheme: &str, user: &str) -> bool {
    let has = |is: fn(&u8) -> bool| user.as_bytes().iter().any(is);
    (scheme.ends_with("http") || scheme.ends_with("https"))
        && (is_random(user) || user.len() >= 16 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic))
        && !user.contains(['$', '{', '.', '?', '#'])
}
