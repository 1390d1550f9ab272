//! The name of one path of the index.
//!
//! An index holds tens of thousands of them, most of a dozen bytes: they lie in the node itself.

use std::ffi::OsStr;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

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
