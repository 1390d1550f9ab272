//! What the user has set: their `config.toml`, changed by a click with every comment and every other value as they were, and
//! whether the agent is launched at login.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use toml_edit::{Array, DocumentMut, Item, TableLike};

use crate::config;
use crate::locate;
use crate::platform::autostart::{self, Autostart};
use crate::platform::files::cannot;
use crate::platform::{Directories, files};
use crate::request::{Failure, FailureCode};
use crate::status::Settings;

/// What is set now; a configuration that is damaged counts as none.
pub fn read(directories: &Directories) -> Settings {
    let config = locate::load_config(directories, None).map(|(config, _)| config).unwrap_or_default();
    let at_login = autostart::status().is_ok_and(|status| status == Autostart::Enabled);
    Settings { notify: config.notify, at_login }
}

/// Silences the notices of a project, or of all, or lets them be heard again.
///
/// # Errors
///
/// The file is damaged, or can't be read or written; it is as it was then.
pub fn mute(directories: &Directories, project: Option<&Path>, muted: bool) -> Result<(), Failure> {
    change(directories, |notify| match project {
        None => {
            notify.insert("enabled", Item::Value((!muted).into()));
            Some(())
        }
        Some(project) => {
            let project = project.to_str()?;
            let list = notify.entry("mute").or_insert(Item::Value(Array::new().into())).as_array_mut()?;
            list.retain(|entry| entry.as_str() != Some(project));
            if muted {
                list.push(project);
            }
            Some(())
        }
    })
}

/// Has the agent with its icon launched at login, or not.
///
/// # Errors
///
/// It is not installed beside this program, or the system's settings can't be written.
pub fn launch_at_login(wanted: bool) -> Result<(), Failure> {
    let cannot = |error: io::Error| {
        Failure::new(FailureCode::Io, format!("what is launched at login can't be changed: {error}"))
            .with_hint("use the settings of your desktop")
    };
    if !wanted {
        return autostart::disable().map_err(cannot);
    }
    let name = format!("context-tray{}", env::consts::EXE_SUFFIX);
    let program = env::current_exe().map_err(cannot)?.with_file_name(name);
    if !program.is_file() {
        let message = format!("there is no {}", program.display());
        return Err(Failure::new(FailureCode::Io, message)
            .with_hint("install Context Tray anew: `context-tray` must lie beside `ctx`"));
    }
    autostart::enable(&program).map_err(cannot)
}

/// The path of the user's configuration, which is made with all defaults as comments where it is absent.
///
/// # Errors
///
/// It can't be made.
pub fn file(directories: &Directories) -> Result<PathBuf, Failure> {
    let path = directories.config_file();
    if fs::symlink_metadata(&path).is_err() {
        write(&path, config::TEMPLATE)?;
    }
    Ok(path)
}

/// Changes the table `[notify]`; none means that what stands there is of another kind.
fn change(directories: &Directories, change: impl FnOnce(&mut dyn TableLike) -> Option<()>) -> Result<(), Failure> {
    let path = directories.config_file();
    // What can't be understood is not to be made worse.
    locate::load_config(directories, None)?;
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => config::TEMPLATE.to_owned(),
        Err(error) => return Err(cannot("read", &path, &error)),
    };
    let damaged = |why: &str| {
        let message = format!("{}: {why}", path.display());
        Failure::new(FailureCode::Io, message).with_hint("correct the file, and try again")
    };
    let mut document: DocumentMut = text.parse().map_err(|error| damaged(&format!("{error}")))?;
    let table = document.entry("notify").or_insert(toml_edit::table()).as_table_like_mut();
    table.and_then(change).ok_or_else(|| damaged("[notify] does not hold what it should"))?;
    write(&path, &document.to_string())
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    // Those who keep their dotfiles elsewhere have a link here, which stays.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let folder = target.parent().unwrap_or(&target);
    let written = files::make_private_dir(folder).and_then(|()| files::replace(&target, text.as_bytes()));
    written.map_err(|error| cannot("write", path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Notify;

    fn place() -> (tempfile::TempDir, Directories) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_path_buf();
        let directories = Directories { config: path.join("config"), state: path.clone(), runtime: path };
        (folder, directories)
    }

    fn muted(directories: &Directories) -> Vec<PathBuf> {
        read(directories).notify.mute
    }

    #[test]
    fn a_click_changes_one_value_and_keeps_every_comment() {
        let (_keep, directories) = place();
        fs::create_dir(&directories.config).unwrap();
        let before = "# mine\n[notify] # loud\nmute = [\n  \"/a\", # the first\n]\n[watch]\nignore = []\n";
        fs::write(directories.config_file(), before).unwrap();
        mute(&directories, Some(Path::new("/b \"c\"")), true).unwrap();
        assert_eq!(muted(&directories), [Path::new("/a"), Path::new("/b \"c\"")]);
        let text = fs::read_to_string(directories.config_file()).unwrap();
        for comment in ["# mine\n", "[notify] # loud\n", "# the first\n"] {
            assert!(text.contains(comment), "{text}");
        }
        mute(&directories, Some(Path::new("/b \"c\"")), false).unwrap();
        mute(&directories, None, true).unwrap();
        assert_eq!(read(&directories).notify, Notify { enabled: false, mute: vec!["/a".into()] });
    }

    #[test]
    fn a_file_that_was_absent_is_made_with_its_explanations() {
        let (_keep, directories) = place();
        mute(&directories, Some(Path::new("/a")), true).unwrap();
        assert_eq!(muted(&directories), [Path::new("/a")]);
        let text = fs::read_to_string(directories.config_file()).unwrap();
        assert!(text.contains("# quiet_ms = 150"), "{text}");
        assert_eq!(file(&directories).unwrap(), directories.config_file());
        assert_eq!(fs::read_to_string(directories.config_file()).unwrap(), text, "one that is there stays");
    }

    #[test]
    fn a_damaged_file_is_left_alone() {
        for damage in ["[notify", "notify = 3\n", "[notify]\nmute = \"/a\"\n", "[record]\nquiet_ms = 1\n"] {
            let (_keep, directories) = place();
            fs::create_dir(&directories.config).unwrap();
            fs::write(directories.config_file(), damage).unwrap();
            assert!(mute(&directories, Some(Path::new("/a")), true).is_err(), "{damage}");
            assert_eq!(fs::read_to_string(directories.config_file()).unwrap(), damage);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_linked_file_is_changed_where_it_lies() {
        let (keep, directories) = place();
        fs::create_dir(&directories.config).unwrap();
        let dotfile = keep.path().join("dotfile");
        fs::write(&dotfile, "# kept elsewhere\n").unwrap();
        std::os::unix::fs::symlink(&dotfile, directories.config_file()).unwrap();
        mute(&directories, None, true).unwrap();
        assert!(fs::symlink_metadata(directories.config_file()).unwrap().is_symlink());
        assert!(fs::read_to_string(&dotfile).unwrap().contains("enabled = false"));
    }
}
