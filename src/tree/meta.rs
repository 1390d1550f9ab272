//! What is known of one path.

use serde::{Deserialize, Serialize};

use crate::entry::EntryKind;

/// What a scan can tell of one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// What is there.
    pub kind: EntryKind,
    /// Bytes; 0 for a folder.
    pub size: u64,
    /// Nanoseconds since the Unix epoch; 0 for a folder.
    pub mtime_ns: i64,
    /// Which file it is.
    pub file: FileId,
}

/// Which file a path leads to: the same for two paths of one file, and after a rename. One number, that an index may be small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileId(u64);

impl FileId {
    /// Where it is not known.
    pub const UNKNOWN: FileId = FileId(0);

    /// Of the file system's number for the file, and of when the file was made, in nanoseconds since the Unix epoch; each 0
    /// where it is not known. A number is given to another file at once, but not with the same birth.
    pub fn new(number: u64, birth_ns: i64) -> Self {
        if number == 0 {
            return Self::UNKNOWN;
        }
        // The mixing of SplitMix64 (Steele, Lea and Flood 2014), which keeps different numbers apart.
        let mix = |bits: u64| {
            let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            bits ^ (bits >> 31)
        };
        let mixed = mix(number ^ mix(birth_ns.cast_unsigned())) | 2;
        FileId(if birth_ns == 0 { mixed & !1 } else { mixed | 1 })
    }

    /// Whether no other file will ever have it.
    pub(super) fn is_for_ever(self) -> bool {
        self.0 & 1 == 1
    }
}
