//! Values put into a document, and taken out of it, with every comment around them.

use std::ops::Range;

use toml_edit::{Array, DocumentMut, Item, Value};

use crate::config::{Key, Kind};

/// The texts of the list that stands at the key.
pub(super) fn list(document: &DocumentMut, key: &Key) -> Vec<String> {
    let (table, name) = key.parts();
    let item = document.get(table).and_then(Item::as_table_like).and_then(|table| table.get(name));
    let list = item.and_then(Item::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Sets the key to these words; none where its table is of another kind.
pub(super) fn set(document: &mut DocumentMut, key: &Key, words: &[String]) -> Option<()> {
    let (table, name) = key.parts();
    let table = document.entry(table).or_insert(toml_edit::table()).as_table_like_mut()?;
    match table.get_mut(name).and_then(Item::as_value_mut) {
        Some(Value::Array(list)) if key.kind() == Kind::List => set_list(list, words),
        Some(old) => {
            let mut new = value(key, words);
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        None => drop(table.insert(name, Item::Value(value(key, words)))),
    }
    Some(())
}

fn value(key: &Key, words: &[String]) -> Value {
    match (key.kind(), words) {
        (Kind::List, words) => Value::Array(words.iter().collect::<Array>()),
        // A word that is no such value is kept as a text, and refused with what was expected.
        (_, words) => {
            let word = words.concat();
            word.parse::<Value>().ok().filter(|value| value.is_bool() || value.is_integer()).unwrap_or(word.into())
        }
    }
}

/// Makes the list these words: those that were there stay where they are, with the comments beside them.
fn set_list(list: &mut Array, words: &[String]) {
    let mut orphans = String::new();
    let mut kept = Array::new();
    for element in list.iter() {
        let before = decor(element.decor().prefix());
        if element.as_str().is_some_and(|text| words.iter().any(|word| word == text)) {
            let mut element = element.clone();
            element.decor_mut().set_prefix(joined(&orphans, &before));
            orphans.clear();
            kept.push_formatted(element);
        } else if before.contains('#') {
            // What stands before an element is said of the one before it.
            orphans.push_str(before.trim_end_matches([' ', '\t']));
        }
    }
    let indent = kept
        .get(0)
        .map(|first| decor(first.decor().prefix()))
        .and_then(|before| before.rfind('\n').map(|at| before[at..].to_owned()));
    let mut trailing = joined(&orphans, &decor(Some(list.trailing())));
    for word in words.iter().filter(|word| list.iter().all(|element| element.as_str() != Some(word))) {
        match &indent {
            // Below the last line, whose comment is its own.
            Some(indent) => {
                let comment = trailing.trim_end().to_owned();
                kept.push_formatted(Value::from(word).decorated(format!("{comment}{indent}"), ""));
                trailing = "\n".to_owned();
            }
            None => kept.push(word),
        }
    }
    if words.iter().ne(kept.iter().filter_map(Value::as_str)) {
        // In another order: each place keeps what stands around it.
        for (place, word) in kept.iter_mut().zip(words) {
            let decor = place.decor().clone();
            *place = Value::from(word);
            *place.decor_mut() = decor;
        }
    }
    kept.set_trailing(trailing);
    kept.set_trailing_comma(list.trailing_comma());
    *kept.decor_mut() = list.decor().clone();
    *list = kept;
}

/// Comments and what stood behind them, without an empty line in between.
fn joined(comments: &str, rest: &str) -> String {
    let comments = if rest.starts_with('\n') { comments.trim_end_matches('\n') } else { comments };
    format!("{comments}{rest}")
}

fn decor(raw: Option<&toml_edit::RawString>) -> String {
    raw.and_then(toml_edit::RawString::as_str).unwrap_or_default().to_owned()
}

/// The text with the comment that shows the key's default put into force, so that a value gets the place that explains it.
pub(super) fn with_default_shown(text: &str, key: &Key) -> String {
    if key.span(text).is_some() {
        return text.to_owned();
    }
    let (table, name) = key.parts();
    let (header, comment) = (format!("[{table}]"), format!("# {name} = "));
    let (mut is_in_table, mut is_done) = (false, false);
    let shown = text.split_inclusive('\n').map(|line| {
        if line.starts_with('[') {
            is_in_table = line.trim_end() == header;
        }
        let is_it = is_in_table && !is_done && line.starts_with(&comment);
        is_done |= is_it;
        if is_it { &line["# ".len()..] } else { line }
    });
    shown.collect()
}

/// The text without the key at this place: without its lines where they hold nothing else.
pub(super) fn without(text: &str, key: &Key, span: Range<usize>) -> Option<String> {
    let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[span.end..].find('\n').map_or(text.len(), |at| span.end + at + 1);
    let behind = text[span.end..end].trim();
    if text[start..span.start].trim().is_empty() && (behind.is_empty() || behind.starts_with('#')) {
        return Some(format!("{}{}", &text[..start], &text[end..]));
    }
    let mut document: DocumentMut = text.parse().ok()?;
    let (table, name) = key.parts();
    document.get_mut(table)?.as_table_like_mut()?.remove(name);
    Some(document.to_string())
}
