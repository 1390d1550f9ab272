//! What may stand in a label: names come from the disk and may hold anything.

use chrono::DateTime;

/// A time for people, in the offset that it was written with: `22 Nov 10:00`.
pub(super) fn moment(time: &str) -> Option<String> {
    DateTime::parse_from_rfc3339(time).ok().map(|time| time.format("%-d %b %H:%M").to_string())
}

pub(super) fn sentence_case(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// The text with nothing in it that breaks a line, hides itself or turns the direction of what follows.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|char| if disguises(char) { char::REPLACEMENT_CHARACTER } else { char }).collect()
}

fn disguises(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// At most `max` characters: the middle goes, since both ends tell names apart.
pub(super) fn elided(text: &str, max: usize) -> String {
    let count = text.chars().count();
    if count <= max {
        return text.to_owned();
    }
    let tail = (max - 1) / 2;
    let head = max - 1 - tail;
    text.chars().take(head).chain(['…']).chain(text.chars().skip(count - tail)).collect()
}

/// The text in a direction of its own where it reads from the right, so that what stands beside it stays there.
pub(super) fn isolated(text: String) -> String {
    if text.chars().any(reads_from_the_right) { format!("\u{2068}{text}\u{2069}") } else { text }
}

fn reads_from_the_right(char: char) -> bool {
    matches!(char,
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}
