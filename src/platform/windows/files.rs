//! Files: their numbers, their true names, and names that the system would take for something else.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::windows::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::windows::fs::OpenOptionsExt as _;
use std::os::windows::io::AsRawHandle as _;
use std::path::{Component, Path, PathBuf, Prefix};

use windows_sys::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION, HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES,
    FindClose, FindFirstFileW, GetDriveTypeW, GetFileInformationByHandle, WIN32_FIND_DATAW,
};

use super::super::files::FsKind;

/// What `GetDriveTypeW` says of a disk of another machine.
const DRIVE_REMOTE: u32 = 4;

/// What a scanner or an indexer brings about that looks at a file at the wrong moment.
pub(in super::super) fn is_held_by_another(error: &io::Error) -> bool {
    let code = error.raw_os_error().map(i32::cast_unsigned);
    code.is_some_and(|code| code == ERROR_ACCESS_DENIED || code == ERROR_SHARING_VIOLATION)
}

/// Names that are not Unicode can't be told in bytes that others read.
pub(in super::super) fn path_from_bytes(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

/// Metadata does not hold the number, so that the file has to be opened for it, which asks for no right on its content and
/// keeps nobody out.
pub(in super::super) fn id_at(path: &Path, _metadata: &Metadata) -> u64 {
    let mut options = OpenOptions::new();
    options.access_mode(FILE_READ_ATTRIBUTES).custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT);
    options.open(path).and_then(|file| id_of(&file)).unwrap_or(0)
}

/// The file's number on its disk, mixed with the disk's.
pub(in super::super) fn id_of(file: &File) -> io::Result<u64> {
    let mut info = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open, and the pointer is to a value that lives through the call.
    if unsafe { GetFileInformationByHandle(file.as_raw_handle() as HANDLE, &mut info) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let index = u64::from(info.nFileIndexHigh) << 32 | u64::from(info.nFileIndexLow);
    Ok(u64::from(info.dwVolumeSerialNumber).rotate_left(32) ^ index)
}

/// The disk finds `readme` under `README` too, and `longer-name.txt` under `LONGER~1.TXT`.
pub(in super::super) fn other_name(path: &Path) -> Option<OsString> {
    let asked = path.file_name()?;
    let wide: Vec<u16> = path.as_os_str().encode_wide().chain([0]).collect();
    let mut found = WIN32_FIND_DATAW::default();
    // SAFETY: the path ends with a zero, and the pointer is to a value that lives through the call.
    let search = unsafe { FindFirstFileW(wide.as_ptr(), &mut found) };
    if search == INVALID_HANDLE_VALUE {
        return None;
    }
    // SAFETY: the search was begun just now, and is ended once.
    unsafe { FindClose(search) };
    let length = found.cFileName.iter().position(|unit| *unit == 0).unwrap_or(found.cFileName.len());
    Some(OsString::from_wide(&found.cFileName[..length])).filter(|name| name != asked)
}

/// With `\\?\` in front, a path of any length is taken literally: `nul.txt` is a file and not a device.
pub(in super::super) fn literal(path: &Path) -> PathBuf {
    match path.components().next() {
        Some(Component::Prefix(prefix)) => match prefix.kind() {
            Prefix::Disk(_) => with_prefix(r"\\?\", path),
            Prefix::UNC(..) => with_prefix(r"\\?\UNC\", path.strip_prefix(r"\\").unwrap_or(path)),
            _ => path.to_path_buf(),
        },
        _ => path.to_path_buf(),
    }
}

fn with_prefix(prefix: &str, path: &Path) -> PathBuf {
    // Nothing behind the prefix is interpreted, so that a slash would be a part of a name.
    let plain: PathBuf = path.components().collect();
    let mut literal = OsString::from(prefix);
    literal.push(plain);
    literal.into()
}

/// `\\?\C:\x` is `C:\x`, which is what people write and other programs take.
pub(in super::super) fn without_prefix(path: PathBuf) -> PathBuf {
    let mut components = path.components();
    let Some(Component::Prefix(prefix)) = components.next() else { return path };
    match prefix.kind() {
        Prefix::VerbatimDisk(letter) => PathBuf::from(format!("{}:", char::from(letter))).join(components.as_path()),
        Prefix::VerbatimUNC(server, share) => {
            let mut start = OsString::from(r"\\");
            start.push(server);
            start.push(r"\");
            start.push(share);
            PathBuf::from(start).join(components.as_path())
        }
        _ => path,
    }
}

/// The user's folders are the user's alone by inheritance.
pub(in super::super) fn owned_by_me(_metadata: &Metadata) -> bool {
    true
}

/// Told only by an opened handle; what may write into the folder here is this user's.
pub(in super::super) fn names(_metadata: &Metadata) -> u64 {
    1
}

pub(in super::super) fn is_shared(_metadata: &Metadata) -> bool {
    false
}

pub(in super::super) fn is_writable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_dir() || !metadata.permissions().readonly())
}

pub(in super::super) fn is_link_refused(_error: &io::Error) -> bool {
    false
}

pub(in super::super) fn obstacle(path: &Path) -> Option<io::Error> {
    (!is_writable(path)).then(|| io::ErrorKind::PermissionDenied.into())
}

pub(in super::super) fn open_no_follow(options: &mut OpenOptions) -> &mut OpenOptions {
    options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT)
}

pub(in super::super) fn create_private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

pub(in super::super) fn set_private(path: &Path) -> io::Result<()> {
    fs::symlink_metadata(path).map(|_| ())
}

pub(in super::super) fn make_private_dir(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

pub(in super::super) fn file_system(path: &Path) -> io::Result<FsKind> {
    let path = path.canonicalize()?;
    let Some(Component::Prefix(prefix)) = path.components().next() else { return Ok(FsKind::Local) };
    let letter = match prefix.kind() {
        Prefix::UNC(..) | Prefix::VerbatimUNC(..) => return Ok(FsKind::Remote("SMB")),
        Prefix::Disk(letter) | Prefix::VerbatimDisk(letter) => letter,
        _ => return Ok(FsKind::Local),
    };
    let root: Vec<u16> =
        Path::new(&format!("{}:\\", char::from(letter))).as_os_str().encode_wide().chain([0]).collect();
    // SAFETY: the path ends with a zero.
    let kind = unsafe { GetDriveTypeW(root.as_ptr()) };
    Ok(if kind == DRIVE_REMOTE { FsKind::Remote("SMB") } else { FsKind::Local })
}
