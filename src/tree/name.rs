//! The name of one path of the index.
//!
//! An index holds tens of thousands of them, most of a dozen bytes: they lie in the node itself.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::{Node, Tree};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Name {
    Text(CompactString),
    /// What is not Unicode.
    Other(Box<OsStr>),
}

impl From<&OsStr> for Name {
    fn from(name: &OsStr) -> Self {
        name.to_str().map_or_else(|| Name::Other(name.into()), |text| Name::Text(text.into()))
    }
}

impl AsRef<OsStr> for Name {
    fn as_ref(&self) -> &OsStr {
        match self {
            Name::Text(text) => text.as_ref(),
            Name::Other(name) => name,
        }
    }
}

impl Tree {
    /// What the index holds in the same folder under another name that may be this one to a system for which neither case nor the
    /// way in which a letter is composed makes a difference: without tables, any two names count that are not ASCII.
    pub fn namesakes(&self, path: &Path) -> Vec<PathBuf> {
        let (Some(folder), Some(name)) = (path.parent().and_then(|folder| self.find(folder)), path.file_name()) else {
            return Vec::new();
        };
        let may_be_it = |other: &OsStr| {
            other != name && (other.eq_ignore_ascii_case(name) || !(other.is_ascii() || name.is_ascii()))
        };
        folder
            .children()
            .iter()
            .map(Node::name)
            .filter(|other| may_be_it(other))
            .map(|it| path.with_file_name(it))
            .collect()
    }
}
