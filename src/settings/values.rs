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

/// Makes the list these words: each that was there keeps the comment behind it, and what was said of others stays at the end.
fn set_list(list: &mut Array, words: &[String]) {
    let before = list.get(0).map(|first| decor(first.decor().prefix())).unwrap_or_default();
    let (mut old, indent) = elements(list);
    let mut new = Array::new();
    let mut lead = before;
    for word in words {
        let place = old.iter().position(|(text, _)| text.as_deref() == Some(word));
        let comment = place.map(|place| old.remove(place).1).unwrap_or_default();
        new.push_formatted(Value::from(word).decorated(lead, ""));
        lead = match &indent {
            Some(indent) => format!("{comment}{indent}"),
            None => format!("{comment} "),
        };
    }
    let last = lead.trim_end();
    let orphans = old.into_iter().map(|(_, comment)| comment).filter(|comment| !comment.is_empty());
    let said = std::iter::once(last.to_owned()).chain(orphans).collect::<Vec<_>>().join("\n");
    let is_long = indent.is_some() || said.contains('#');
    new.set_trailing(if is_long { format!("{said}\n") } else { said });
    new.set_trailing_comma(is_long && !new.is_empty());
    *new.decor_mut() = list.decor().clone();
    *list = new;
}

/// The elements of a list, each with the comment behind it, and how a line of it begins where it has several.
fn elements(list: &Array) -> (Vec<(Option<String>, String)>, Option<String>) {
    let prefixes = list.iter().map(|element| decor(element.decor().prefix()));
    let mut behind: Vec<String> = prefixes.chain([decor(Some(list.trailing()))]).collect();
    let first = behind.remove(0);
    let line = |text: &String| text.rfind('\n').map(|at| text[at..].to_owned());
    let between = &behind[..behind.len().saturating_sub(1)];
    let indent = std::iter::once(&first).chain(between).find_map(line);
    let elements = list.iter().zip(behind).map(|(element, behind)| {
        let comment = format!("{}{behind}", decor(element.decor().suffix())).trim_end().to_owned();
        (element.as_str().map(str::to_owned), comment)
    });
    let elements: Vec<_> = elements.collect();
    // A comment ends with its line.
    let has_comment = elements.iter().any(|(_, comment)| !comment.is_empty());
    (elements, indent.or(has_comment.then(|| "\n  ".to_owned())))
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
