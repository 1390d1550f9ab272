//! What is no secret in the place of one: a reference, a placeholder, a pattern, the name of a file, a sentence.

use super::{marker_at, names};

/// What a sentence begins or goes on with behind `password:`, where more words follow.
const PROSE: &[&str] = &[
    "a", "add", "allow", "always", "an", "and", "are", "ask", "avoid", "bump", "can", "change", "check", "clean",
    "compare", "do", "document", "does", "don't", "drop", "encode", "encrypt", "enforce", "ensure", "fix", "for",
    "forbid", "from", "get", "give", "handle", "has", "hash", "hide", "if", "improve", "in", "increase", "is", "it",
    "keep", "let", "limit", "load", "log", "make", "mask", "may", "move", "must", "never", "no", "not", "now", "only",
    "parse", "prevent", "print", "read", "redact", "refactor", "reject", "remove", "rename", "replace", "require",
    "return", "rotate", "say", "see", "send", "set", "should", "show", "skip", "split", "stop", "store", "strip",
    "support", "switch", "the", "this", "to", "trim", "update", "use", "validate", "verify", "warn", "was", "we",
    "when", "which", "with", "wrap", "write", "you",
];

/// What a value is said to be of instead of being said.
const TYPES: &[&str] = &["str", "string", "bytes", "text", "varchar", "any", "required", "optional"];

/// What stands for any value in a regular expression or a format.
const WILDCARDS: &[&str] =
    &["%s", "%v", "%q", "{}", ".*", ".+", "[^", "\\S", "\\w", "\\d", "(.", "([", "(\\", "[A-Z", "[a-z", "[0-9"];

/// Whether this is no secret in the place of one: empty, a reference to where the secret is, a placeholder, a switch, or
/// redacted already. In single quotes a shell expands nothing, so that a `$` is one.
pub(super) fn is_open(value: &str, is_literal: bool) -> bool {
    const WORDS: &[&str] = &["true", "false", "yes", "no", "on", "off", "null", "none", "nil", "undefined"];
    // A port, or what is left of a quote or a pattern: `/password=/`.
    let is_short = value.len() < 4
        && (value.bytes().all(|byte| byte.is_ascii_digit()) || value.bytes().all(|byte| byte.is_ascii_punctuation()));
    let is_mask =
        value.chars().all(|c| "*…•".contains(c)) || (value.len() > 2 && value.chars().all(|c| "xX.-_#".contains(c)));
    let is_placeholder = [("<", ">"), ("{{", "}}"), ("%", "%")]
        .iter()
        .any(|(begin, end)| value.len() > begin.len() && value.starts_with(begin) && value.ends_with(end));
    is_short
        || is_mask
        || value.trim().is_empty()
        || WILDCARDS.iter().any(|begin| value.starts_with(begin))
        || is_placeholder
        || marker_at(value, 0) == Some(value.len())
        || WORDS.iter().any(|word| word.eq_ignore_ascii_case(value))
        || (!is_literal && is_reference(value))
}

/// Whether nothing but references such as `$NAME`, `${NAME}`, `$(command)` is in it.
fn is_reference(value: &str) -> bool {
    let mut rest = value;
    let mut has_any = false;
    while let Some(at) = rest.find(['$', '`']) {
        if rest[..at].bytes().any(|byte| byte.is_ascii_alphanumeric() || byte >= 0x80) {
            return false;
        }
        has_any = true;
        let after = &rest[at + 1..];
        let length = match (rest.as_bytes()[at], after.as_bytes().first()) {
            (b'`', _) => after.find('`').map_or(after.len(), |end| end + 1),
            (_, Some(b'(')) => after.rfind(')').map_or(after.len(), |end| end + 1),
            (_, Some(b'{')) => after.find('}').map_or(after.len(), |end| end + 1),
            _ => after.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"_:@*#?".contains(byte)).count(),
        };
        rest = &after[length..];
    }
    has_any && !rest.bytes().any(|byte| byte.is_ascii_alphanumeric() || byte >= 0x80)
}

/// Whether the value names the file that has the secret, as keys are given by.
pub(super) fn is_file(kind: &str, value: &str) -> bool {
    const ENDS: &[&str] = &[".pem", ".key", ".crt", ".cer", ".pub", ".json", ".txt", ".yaml", ".yml", ".p12", ".asc"];
    let is_relative = ["./", "../", "~/"].iter().any(|begin| value.starts_with(begin));
    let is_absolute = value.starts_with('/') && value.len() < 40 && !value.contains('+');
    let is_named = is_absolute || value.starts_with('@') || ENDS.iter().any(|end| value.ends_with(end));
    (is_relative || (matches!(kind, "key" | "credentials") && is_named)) && !value.contains('=')
}

/// Whether letters and digits are so mixed in the first word that nobody would name a thing like that.
pub(super) fn is_random(value: &str) -> bool {
    let is_change = |pair: &&[u8]| {
        pair.iter().all(u8::is_ascii_alphanumeric) && pair[0].is_ascii_digit() != pair[1].is_ascii_digit()
    };
    let most = &value.as_bytes()[..value.len().min(names::LONGEST)];
    let word = most.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    word.len() >= 10 && word.windows(2).filter(is_change).count() >= 3
}

/// Whether a sentence goes on here, or the value is only said to be of a type.
pub(super) fn is_prose(text: &str) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'\'';
    let (word, rest) = text.split_at(text.bytes().take_while(is_word).count());
    let is_followed = rest.strip_prefix(' ').is_some_and(|rest| rest.starts_with(|c: char| c.is_alphabetic()));
    TYPES.contains(&word) && !rest.starts_with(|c: char| c.is_alphanumeric())
        || (is_followed && PROSE.iter().any(|prose| prose.eq_ignore_ascii_case(word)))
}
