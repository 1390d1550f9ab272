//! Opening the files of a record: only what is a file, by no other way than its own name, with no other name than this.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use crate::platform::files;

/// Opens one of our files for appending, made where it is absent. What has other names, as in a copy made of links, is parted
/// from them first: a record writes into no file but its own. Call it under the lock.
pub(super) fn open_to_append(path: &Path) -> io::Result<File> {
    let options = &mut OpenOptions::new();
    files::create_private(options.read(true).append(true).create(true));
    let mut file = open(path, options)?;
    if files::has_other_names(&file.metadata()?) {
        files::part_from_other_names(path, &mut file)?;
        file = open(path, options)?;
    }
    Ok(file)
}

/// Takes back what could be written of a batch, if it can be. By a handle of its own: one for appending can't do that on Windows.
pub(super) fn cut_off(path: &Path, size: u64) {
    let _ = open(path, OpenOptions::new().write(true)).and_then(|file| file.set_len(size));
}

/// Opens one of our files: never through a symbolic link, and only when it is a file.
pub(super) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = files::open_no_follow(options).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    Ok(file)
}
