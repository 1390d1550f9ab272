//! Launch at login by the desktop's own rule: a file in `autostart` of the user's configuration, which settings
//! programs of the desktops show and may switch off by a `Hidden=true` in it.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use directories::BaseDirs;

use super::super::autostart::Autostart;
use super::super::files;

const NAME: &str = "autostart/context-tray.desktop";

pub(in super::super) fn autostart_status() -> io::Result<Autostart> {
    let own = read(&own_file()?)?;
    let text = match own {
        Some(text) => Some(text),
        None => system_files().iter().find_map(|path| read(path).transpose()).transpose()?,
    };
    Ok(text.map_or(Autostart::Disabled, |text| status_of(&text)))
}

pub(in super::super) fn enable_autostart(program: &str) -> io::Result<()> {
    write(&entry(program))
}

pub(in super::super) fn disable_autostart() -> io::Result<()> {
    if system_files().iter().any(|path| path.exists()) {
        // Only a file of the user's own takes back what the system's says.
        return write("[Desktop Entry]\nType=Application\nName=Context Tray\nHidden=true\n");
    }
    match fs::remove_file(own_file()?) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn own_file() -> io::Result<PathBuf> {
    let base =
        BaseDirs::new().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "this user has no home folder"))?;
    Ok(base.config_dir().join(NAME))
}

fn system_files() -> Vec<PathBuf> {
    let folders = env::var_os("XDG_CONFIG_DIRS").filter(|folders| !folders.is_empty());
    let folders = folders.unwrap_or_else(|| "/etc/xdg".into());
    env::split_paths(&folders).filter(|folder| folder.is_absolute()).map(|folder| folder.join(NAME)).collect()
}

fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(text: &str) -> io::Result<()> {
    let path = own_file()?;
    fs::create_dir_all(path.parent().unwrap_or(&path))?;
    files::replace(&path, text.as_bytes())
}

/// What a desktop makes of the file.
fn status_of(text: &str) -> Autostart {
    let value = |key: &str| {
        let mut pairs = text.lines().filter_map(|line| line.split_once('='));
        pairs.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim())
    };
    let is_off = value("Hidden") == Some("true") || value("X-GNOME-Autostart-enabled") == Some("false");
    if is_off || value("Exec").is_none() {
        return Autostart::Disabled;
    }
    match value("TryExec").map(|path| PathBuf::from(path.replace("\\\\", "\\"))) {
        Some(program) if program.is_absolute() && !program.exists() => Autostart::Broken(program),
        _ => Autostart::Enabled,
    }
}

fn entry(program: &str) -> String {
    let (quoted, plain) = (string(&quoted(program)), string(program));
    format!(
        "[Desktop Entry]\nType=Application\nName=Context Tray\n\
         Comment=Keeps a local record of what happens in your projects\n\
         Exec={quoted}\nTryExec={plain}\nTerminal=false\nX-GNOME-Autostart-enabled=true\n"
    )
}

/// One argument of `Exec`, as the Desktop Entry Specification quotes it.
fn quoted(argument: &str) -> String {
    let mut out = String::from('"');
    for char in argument.chars() {
        match char {
            '"' | '`' | '$' | '\\' => out.extend(['\\', char]),
            '%' => out.push_str("%%"),
            _ => out.push(char),
        }
    }
    out.push('"');
    out
}

/// A value of the type `string`, in which a backslash escapes.
fn string(value: &str) -> String {
    value.replace('\\', "\\\\")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_program_of_any_name_comes_out_of_the_file_as_it_went_in() {
        for program in ["/usr/bin/context-tray", "/a b/c\"d`e$f\\g'h;i&j/context-tray", "/100%/ü \\\\ x"] {
            let text = entry(program);
            let exec = text.lines().find_map(|line| line.strip_prefix("Exec=")).unwrap();
            // Without the string's own escapes and field codes, it is quoted as for a shell.
            let shell = exec.replace("\\\\", "\\").replace("%%", "%");
            let printed = Command::new("sh").args(["-c", &format!("printf %s {shell}")]).output().unwrap();
            assert_eq!(String::from_utf8(printed.stdout).unwrap(), program, "{exec}");
            assert_eq!(status_of(&text), Autostart::Broken(program.into()));
        }
    }

    #[test]
    fn what_a_desktop_switches_off_is_off() {
        let on = entry("/bin/sh");
        assert_eq!(status_of(&on), Autostart::Enabled);
        assert_eq!(status_of(&format!("{on}Hidden=true\n")), Autostart::Disabled);
        let gnome = on.replace("enabled=true", "enabled=false");
        assert_eq!(status_of(&gnome), Autostart::Disabled);
        assert_eq!(status_of(""), Autostart::Disabled);
        assert_eq!(status_of(&on.replace("/bin/sh", "/nowhere/at/all")), Autostart::Broken("/nowhere/at/all".into()));
    }
}
