//! Files: what identifies one, how one is opened and replaced safely, and what kind of disk it lies on.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::os;
use crate::request::{Failure, FailureCode};

/// The start of the names of our temporary files. Not the state file's name: another tool of these files' uses that.
pub const TEMPORARY_PREFIX: &str = ".tmp-ctx-";

/// How long to wait before trying a lock again.
const LOCK_INTERVAL: Duration = Duration::from_millis(5);

/// How often a rename is tried while a scanner or an indexer holds the file, which it does for a moment.
const RENAME_TRIES: u32 = 5;

/// What a file system is to a watcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FsKind {
    /// It reports every change.
    Local,
    /// Changes made elsewhere are not reported; the name is for people.
    Remote(&'static str),
}

/// A number that two paths share when they are the same file; 0 where the system does not tell. What lies at the path is not
/// followed where it is a link.
pub fn id_at(path: &Path, metadata: &Metadata) -> u64 {
    os::id_at(path, metadata)
}

/// The same of an open file.
///
/// # Errors
///
/// The system does not tell.
pub fn id_of(file: &File) -> io::Result<u64> {
    os::id_of(file)
}

/// Whether the open file is the one at the path.
pub fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(metadata)) = (id_of(file), fs::symlink_metadata(path)) else { return false };
    open == id_at(path, &metadata)
}

/// The name that the disk has for what lies at the path, where it is not the path's own last part to the letter.
pub fn other_name(path: &Path) -> Option<OsString> {
    os::other_name(path)
}

/// The same absolute path in the form in which no name in it means anything but a file, and of which no length is too much.
pub fn literal(path: &Path) -> PathBuf {
    os::literal(path)
}

/// When the file was made, in nanoseconds since the Unix epoch; 0 where it is not known.
pub fn birth_ns(metadata: &Metadata) -> i64 {
    metadata.created().map_or(0, to_ns)
}

/// When the file was last written, in nanoseconds since the Unix epoch; 0 where it is not known.
pub fn mtime_ns(metadata: &Metadata) -> i64 {
    metadata.modified().map_or(0, to_ns)
}

fn to_ns(time: std::time::SystemTime) -> i64 {
    match time.duration_since(std::time::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |ns| -ns),
    }
}

/// The path with these bytes, such as `Path::as_encoded_bytes` gave them on this system.
pub fn path_from_bytes(bytes: Vec<u8>) -> PathBuf {
    os::path_from_bytes(bytes)
}

/// FNV-1a: the same number in every version of ours, unlike the standard library's hashes.
pub fn stable_hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Whether the file belongs to the user that we run as.
pub fn owned_by_me(metadata: &Metadata) -> bool {
    os::owned_by_me(metadata)
}

/// Whether this user may write the file, or make files in the folder.
pub fn is_writable(path: &Path) -> bool {
    os::is_writable(path)
}

/// What will keep this user from writing files in the folder, as far as a look tells without writing: a right, a read-only or a
/// full disk. Nothing where there is nothing.
pub fn obstacle_in(folder: &Path) -> Option<io::Error> {
    folder.exists().then(|| os::obstacle(folder)).flatten()
}

/// The same for a file of our own.
pub fn obstacle(path: &Path) -> Option<io::Error> {
    let metadata = fs::symlink_metadata(path).ok()?;
    if !metadata.is_file() {
        return Some(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    os::obstacle(path)
}

/// What a user does about a path that can't be written or read for this reason.
pub fn remedy(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::PermissionDenied => Some("make the folder and its files writable for your user"),
        io::ErrorKind::ReadOnlyFilesystem => Some("the file system is mounted read-only; remount it writable"),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some("free some space on this disk"),
        io::ErrorKind::NotFound => Some("run `ctx init` in the project to make the folder anew"),
        io::ErrorKind::InvalidInput | io::ErrorKind::IsADirectory => {
            Some("move away what lies there; the file is made anew")
        }
        _ if os::is_link_refused(error) => Some("remove the symbolic link; the file is made anew"),
        _ => None,
    }
}

/// The absolute path without links and `..`, in the form that people write.
///
/// # Errors
///
/// It does not exist, or may not be looked at.
pub fn resolve(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize().map(os::without_prefix)
}

/// Makes an open fail at a symbolic link and return at once at a pipe. The caller still has to look whether what was
/// opened is a file.
pub fn open_no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    os::open_no_follow(options)
}

/// What a file holds that somebody else may have put there; none where nothing of at most so many bytes lies there that is a
/// file: a pipe would make us wait, and a device never ends.
pub fn read_small(path: &Path, most: u64) -> Option<Vec<u8>> {
    fs::metadata(path).ok().filter(|metadata| metadata.is_file() && metadata.len() <= most)?;
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(most).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Whether the file has other names, by which others may know it; false where the system does not tell.
pub fn has_other_names(metadata: &Metadata) -> bool {
    os::names(metadata) > 1
}

/// Makes a file of its own of one that has other names: what is written from now on is not written there.
///
/// # Errors
///
/// It can't be read, or the folder not be written; the file is as it was.
pub fn part_from_other_names(path: &Path, file: &mut File) -> io::Result<()> {
    tracing::info!(path = %path.display(), "the file has other names, and is parted from them");
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut own = tempfile::Builder::new().prefix(TEMPORARY_PREFIX).tempfile_in(folder)?;
    file.rewind()?;
    io::copy(file, &mut own)?;
    own.persist(path).map(drop).map_err(|failed| failed.error)
}

/// Makes what is newly created with these options readable by this user only.
pub fn create_private(options: &mut OpenOptions) -> &mut OpenOptions {
    os::create_private(options)
}

/// Takes the file or folder away from everyone but its owner.
///
/// # Errors
///
/// It does not exist, or it is not ours.
pub fn set_private(path: &Path) -> io::Result<()> {
    os::set_private(path)
}

/// Makes the folder and those above it, readable by this user only; one that exists is left as it is.
///
/// # Errors
///
/// It can't be made.
pub fn make_private_dir(path: &Path) -> io::Result<()> {
    if path.is_dir() { Ok(()) } else { os::make_private_dir(path) }
}

/// Makes sure that nobody but this user can reach what lies in the folder, which is made when it is absent.
///
/// # Errors
///
/// It belongs to somebody else, is a link, or is a folder that everyone shares.
pub fn claim_dir(path: &Path) -> io::Result<()> {
    make_private_dir(path)?;
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_dir() || !owned_by_me(&metadata) || os::is_shared(&metadata) {
        let message = format!("{} is not a folder of this user alone", path.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    set_private(path)
}

/// Puts a file in the place of another, or where there was none, such that a reader sees one of the two whole.
///
/// # Errors
///
/// The folder can't be written; the old file is as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_with(path, bytes, None)
}

/// The same with these permissions, for a file that is not ours alone.
///
/// # Errors
///
/// The folder can't be written, or the permissions can't be given; the old file is as it was.
pub fn replace_as(path: &Path, bytes: &[u8], permissions: Permissions) -> io::Result<()> {
    replace_with(path, bytes, Some(permissions))
}

fn replace_with(path: &Path, bytes: &[u8], permissions: Option<Permissions>) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    // Opened by ourselves: what the crate makes is marked as short-lived on Windows, where some programs pass over such files.
    let open = |path: &Path| create_private(OpenOptions::new().write(true).create_new(true)).open(path);
    let (mut file, mut temporary) =
        tempfile::Builder::new().prefix(TEMPORARY_PREFIX).make_in(folder, open)?.into_parts();
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    drop(file);
    rename(&temporary, path)?;
    temporary.disable_cleanup(true);
    Ok(())
}

/// Renames a file, also in the place of one that others read just now, and waits a little for one that they hold.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let mut tries = 0;
    loop {
        match fs::rename(from, to) {
            Err(error) if tries < RENAME_TRIES && os::is_held_by_another(&error) => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(10 << tries));
            }
            done => return done,
        }
    }
}

/// Opens a file that is there only to be locked, and is made where it is absent. One that was opened for appending alone can't be
/// locked on Windows.
///
/// # Errors
///
/// It can't be opened.
pub fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    open_no_follow(create_private(options.read(true).write(true).create(true).truncate(false))).open(path)
}

/// Takes the lock for this process alone; false when another held it up to the deadline. It is given back when the
/// file is closed.
///
/// # Errors
///
/// The file system has no locks, or the system refuses.
pub fn lock_by(file: &File, deadline: Instant) -> io::Result<bool> {
    lock_with(|| file.try_lock(), deadline)
}

/// The same, together with all others that take it so.
///
/// # Errors
///
/// As [`lock_by`].
pub fn lock_shared_by(file: &File, deadline: Instant) -> io::Result<bool> {
    lock_with(|| file.try_lock_shared(), deadline)
}

fn lock_with(attempt: impl Fn() -> Result<(), TryLockError>, deadline: Instant) -> io::Result<bool> {
    loop {
        match attempt() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(LOCK_INTERVAL),
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// What kind of file system the path lies on.
///
/// # Errors
///
/// The path does not exist, or the system does not tell.
pub fn file_system(path: &Path) -> io::Result<FsKind> {
    os::file_system(path)
}

/// Whether one watch covers a whole tree, and tells of it whatever is moved within. Where it does not, each folder has its own.
pub const WATCHES_TREES: bool = os::WATCHES_TREES;

/// Whether what tells of a removed file names it as it was typed by whoever removed it, and not as the disk had it.
pub const NAMES_AS_TYPED: bool = os::NAMES_AS_TYPED;

/// How far a watch of a folder alone reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To what lies in it.
    Folder,
    /// To all below it too, which is passed over and costs all the same.
    Tree,
}

/// How far it does so here.
pub const REACH: Reach = os::REACH;

/// What to do where the system allows no more watches.
pub const MORE_WATCHES: &str = os::MORE_WATCHES;

/// What to do where the system allows no more watchers.
pub const MORE_WATCHERS: &str = os::MORE_WATCHERS;

/// How much one user may watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchLimits {
    /// So many folders.
    pub folders: u64,
    /// By so many processes.
    pub processes: u64,
}

/// What the system allows this user to watch; none where there is no such limit.
pub fn watch_limits() -> Option<WatchLimits> {
    os::watch_limits()
}

/// The failure of doing something to a file of our own in the user's state folder.
pub fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::new(FailureCode::Io, format!("cannot {what} {}: {error}", path.display()))
        .with_hint("check the folder's owner and the room on its disk")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_is_private_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let metadata = fs::metadata(&path).unwrap();
        assert!(owned_by_me(&metadata));
        assert!(mtime_ns(&metadata) > 0);
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed_and_pipes_do_not_block() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/etc/hostname", &link).unwrap();
        assert!(open_no_follow(OpenOptions::new().read(true)).open(&link).is_err());
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let opened = open_no_follow(OpenOptions::new().read(true)).open(&pipe).unwrap();
        assert!(!opened.metadata().unwrap().is_file());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_everyone_shares_is_not_claimed() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let shared = folder.path().join("shared");
        fs::create_dir(&shared).unwrap();
        fs::set_permissions(&shared, fs::Permissions::from_mode(0o1777)).unwrap();
        assert!(claim_dir(&shared).is_err());
        let lax = folder.path().join("lax");
        fs::create_dir(&lax).unwrap();
        fs::set_permissions(&lax, fs::Permissions::from_mode(0o775)).unwrap();
        claim_dir(&lax).unwrap();
        assert_eq!(fs::metadata(&lax).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
