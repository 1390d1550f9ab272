//! Where our programs lie: beside each other, whatever leads to them, and at a path that the next version has too.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use super::{files, os};

/// This program.
///
/// # Errors
///
/// The system does not tell.
pub fn own() -> io::Result<PathBuf> {
    os::own_program()
}

/// The program of ours with this name, which lies beside this one if it is installed.
///
/// # Errors
///
/// The system does not tell where this one lies.
pub fn beside(name: &str) -> io::Result<PathBuf> {
    Ok(own()?.with_file_name(format!("{name}{}", env::consts::EXE_SUFFIX)))
}

/// The same file by a path that is still right after an upgrade, where there is one: for what is written down.
pub fn lasting(program: PathBuf) -> PathBuf {
    let is_same =
        |path: &PathBuf| files::resolve(path).is_ok_and(|path| files::resolve(&program).is_ok_and(|it| it == path));
    by_homebrew(&program).filter(is_same).unwrap_or(program)
}

/// Homebrew keeps each version in a folder of its own, `Cellar/NAME/VERSION`, to which `opt/NAME` leads while it is in use.
fn by_homebrew(program: &Path) -> Option<PathBuf> {
    let is_cellar = |folder: &Path| folder.file_name().is_some_and(|name| name == "Cellar");
    let cellar = program.ancestors().find(|folder| is_cellar(folder))?;
    let mut below = program.strip_prefix(cellar).ok()?.components();
    let (name, _version) = (below.next()?, below.next()?);
    Some(cellar.with_file_name("opt").join(name).join(below.as_path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beside_us_is_found() {
        let own = own().unwrap();
        assert!(own.is_file());
        assert_eq!(beside("ctx").unwrap().parent(), own.parent());
    }

    #[cfg(unix)]
    #[test]
    fn a_program_of_homebrew_is_written_down_without_its_version() {
        use std::fs;
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        let program = "Context Tray.app/Contents/MacOS/context-tray";
        for version in ["1.0.0", "1.0.1"] {
            let file = at("Cellar/context-tray").join(version).join(program);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, version).unwrap();
        }
        let of = |version: &str| at("Cellar/context-tray").join(version).join(program);
        assert_eq!(lasting(of("1.0.0")), of("1.0.0"), "nothing leads there");
        fs::create_dir(at("opt")).unwrap();
        symlink("../Cellar/context-tray/1.0.0", at("opt/context-tray")).unwrap();
        assert_eq!(lasting(of("1.0.0")), at("opt/context-tray").join(program));
        assert_eq!(lasting(of("1.0.1")), of("1.0.1"), "another version is in use");
        for elsewhere in ["usr/bin/ctx", "Cellar", "Cellar/context-tray", "Cellar.txt/context-tray/1/x"] {
            assert_eq!(lasting(at(elsewhere)), at(elsewhere));
        }
    }
}
