//! Paths in entries: text for people and programs, and the exact bytes where the text is not exact.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A path as text for `events.jsonl`: relative, `/` on every OS, what is not UTF-8 escaped as `\xff`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct PathText(pub String);

impl fmt::Display for PathText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A path with its exact bytes where the text is not exact.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct EntryPath {
    /// The path as text.
    #[serde(rename = "path")]
    pub text: PathText,
    /// The exact bytes, base64, where the path is not UTF-8.
    #[serde(rename = "path_bytes", default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
}

impl EntryPath {
    /// Of a path relative to the project's root.
    pub fn new(path: &Path) -> Self {
        let (text, bytes) = path_to_wire(path);
        Self { text, bytes }
    }

    /// Of a path's bytes, as [`EntryPath::exact`] gives them.
    pub fn from_exact(bytes: &[u8]) -> Self {
        let is_text = std::str::from_utf8(bytes).is_ok();
        Self { text: PathText(path_text(bytes)), bytes: (!is_text).then(|| BASE64.encode(bytes)) }
    }

    /// The path's bytes, as the disk has them but with `/` on every OS.
    pub fn exact(&self) -> Vec<u8> {
        exact(&self.text, self.bytes.as_deref())
    }
}

pub(super) fn exact(text: &PathText, bytes: Option<&str>) -> Vec<u8> {
    bytes.and_then(|bytes| BASE64.decode(bytes).ok()).unwrap_or_else(|| text.0.clone().into_bytes())
}

/// The text of a path, and its bytes in base64 where the text is not the whole truth.
pub(super) fn path_to_wire(path: &Path) -> (PathText, Option<String>) {
    let path: OsString = path.components().map(|part| part.as_os_str()).collect::<Vec<&OsStr>>().join(OsStr::new("/"));
    let text = path_text(path.as_encoded_bytes());
    let bytes = path.to_str().is_none().then(|| BASE64.encode(path.as_encoded_bytes()));
    (PathText(text), bytes)
}

/// A word of a command line as text: as it is where it is UTF-8, else with each stray byte as `\xff`.
pub fn text_of(word: &OsStr) -> String {
    path_text(word.as_encoded_bytes())
}

/// The path as it is where it is UTF-8; else with each stray byte as `\xff`.
fn path_text(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    for chunk in path.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}
