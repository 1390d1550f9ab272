//! Finds projects and their configuration, and refuses what can't be one.
//!
//! What is refused here is refused before anything is written: a root that would record the whole disk, and a
//! `.context` that leads somewhere else, as one in a cloned repository may.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::config::{self, Config, Owner, Problem};
use crate::platform::{Directories, files};
use crate::project::{CONTEXT_DIR, ProjectRoot};
use crate::request::{Failure, FailureCode};

/// A configuration longer than this is none.
const MAX_CONFIG: u64 = 1024 * 1024;

/// The project that `from` lies in: the nearest folder upwards that holds `.context`.
///
/// # Errors
///
/// `from` is no folder, or lies in no project.
pub fn find(from: &Path) -> Result<ProjectRoot, Failure> {
    let from = resolve(from)?;
    match nearest(&from, CONTEXT_DIR) {
        Some(root) => project(root),
        None => {
            let message =
                format!("{} is not in a project: neither it nor a folder above holds .context", from.display());
            Err(bad(message, "run `ctx start` in the project, or name it with `-C DIR`"))
        }
    }
}

/// The project to start: `path` if it is given. Else the nearest from `cwd` upwards that holds `.context`, else the root
/// of the git work tree, else `cwd` itself.
///
/// # Errors
///
/// There is no such folder, it can't be written, or it is the home folder or the root of the disk and not forced.
pub fn for_start(path: Option<&Path>, cwd: &Path, force: bool) -> Result<ProjectRoot, Failure> {
    let home = env::home_dir().and_then(|home| files::resolve(&home).ok());
    start_root(path, cwd, home.as_deref(), force)
}

fn start_root(path: Option<&Path>, cwd: &Path, home: Option<&Path>, force: bool) -> Result<ProjectRoot, Failure> {
    let root = match path {
        Some(path) => resolve(&cwd.join(path))?,
        None => {
            let cwd = resolve(cwd)?;
            // Dotfiles kept in git make the home folder a work tree, and mean no project by it.
            let work_tree = nearest(&cwd, ".git").filter(|root| Some(*root) != home);
            nearest(&cwd, CONTEXT_DIR).or(work_tree).unwrap_or(&cwd).to_path_buf()
        }
    };
    if !force {
        check_extent(&root, home)?;
    }
    let written = Some(root.join(CONTEXT_DIR)).filter(|context| context.is_dir()).unwrap_or_else(|| root.clone());
    if !files::is_writable(&written) {
        return Err(bad(
            format!("{} can't be written", written.display()),
            "the record is kept in the project's folder: give yourself the right to write there",
        ));
    }
    project(root)
}

/// Refuses the roots that nobody means.
fn check_extent(root: &Path, home: Option<&Path>) -> Result<(), Failure> {
    let what = match root.parent() {
        None => "the root of the disk",
        Some(_) if Some(root) == home => "your home folder",
        Some(_) => return Ok(()),
    };
    let message = format!("{} is {what}: all below it would be recorded", root.display());
    Err(bad(message, "name a project's folder, or add --force if you mean it"))
}

/// Checks that `.context` is a real folder of this user's.
///
/// # Errors
///
/// It is absent, a link, a file, or somebody else's.
pub fn check_context(root: &ProjectRoot) -> Result<(), Failure> {
    let context = root.context_dir();
    let shown = context.display();
    let metadata = match fs::symlink_metadata(&context) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(bad(format!("{shown} does not exist"), "run `ctx init` or `ctx start`"));
        }
        Err(error) => return Err(Failure::new(FailureCode::Io, format!("cannot look at {shown}: {error}"))),
    };
    if metadata.is_symlink() {
        return Err(bad(
            format!("{shown} is a symbolic link, and the record would be written where it leads"),
            "remove the link; `ctx start` makes a folder",
        ));
    }
    if !metadata.is_dir() {
        return Err(bad(format!("{shown} is not a folder"), "move it away; `ctx start` makes a folder"));
    }
    if !files::owned_by_me(&metadata) {
        return Err(Failure::new(FailureCode::Forbidden, format!("{shown} belongs to another user"))
            .with_hint("run ctx as that user (without sudo), or change the folder's owner"));
    }
    Ok(())
}

/// The configuration of the user, with the project's on top, and what was passed over in it, mostly as `file:line: what`.
///
/// # Errors
///
/// A file can't be read, or a value in it is not allowed.
pub fn load_config(directories: &Directories, project: Option<&ProjectRoot>) -> Result<(Config, Vec<String>), Failure> {
    let mut config = Config::default();
    let mut warnings = Vec::new();
    for file in config_files(directories, project)? {
        let (overlaid, problems) = config.overlaid(&file.text, file.owner).map_err(|problem| {
            Failure::new(FailureCode::Io, located(&file.path, &problem))
                .with_hint("correct the file, or remove the line")
        })?;
        config = overlaid;
        warnings.extend(problems.iter().map(|problem| located(&file.path, problem)));
    }
    if let Some(root) = project {
        warnings.extend(self::directories(root, &config.watch.directories).1);
    }
    Ok((config, warnings))
}

/// The file and the line of the configuration that has a pattern of `watch.ignore`; the project's, where both have it.
pub fn configured_pattern(directories: &Directories, root: &ProjectRoot, pattern: &str) -> Option<(PathBuf, usize)> {
    let files = config_files(directories, Some(root)).ok()?;
    files.into_iter().rev().find_map(|file| config::line_of_pattern(&file.text, pattern).map(|line| (file.path, line)))
}

/// One file of the configuration.
pub struct ConfigFile {
    /// Whose it is.
    pub owner: Owner,
    /// Where it lies.
    pub path: PathBuf,
    /// What stands in it.
    pub text: String,
}

/// The files of the configuration that are there, the user's before the project's.
///
/// # Errors
///
/// One of them can't be read.
pub fn config_files(directories: &Directories, project: Option<&ProjectRoot>) -> Result<Vec<ConfigFile>, Failure> {
    let mine = Some((Owner::User, directories.config_file()));
    let theirs = project.map(|root| (Owner::Project, root.config()));
    let file = |(owner, path): (Owner, PathBuf)| {
        let text = read_config(&path, owner).transpose()?;
        Some(text.map(|text| ConfigFile { owner, path, text }))
    };
    mine.into_iter().chain(theirs).filter_map(file).collect()
}

/// The folders that are watched beside the tree, relative to the root, each once and none within another; and what is wrong
/// with the others.
pub fn directories(root: &ProjectRoot, config: &[PathBuf]) -> (Vec<PathBuf>, Vec<String>) {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut problems = Vec::new();
    for named in config {
        let problem = match files::resolve(&root.path().join(named)) {
            Ok(folder) if root.path().starts_with(&folder) => "it holds the project itself".to_owned(),
            Ok(folder) if !folder.is_dir() => "it is not a folder".to_owned(),
            Ok(folder) => match root.relative(&folder) {
                Some(relative) => {
                    found.push(relative);
                    continue;
                }
                None => "it lies on another drive than the project".to_owned(),
            },
            Err(error) => error.to_string(),
        };
        problems.push(format!("watch.directories: {} is not watched: {problem}", named.display()));
    }
    found.sort();
    found.dedup_by(|later, earlier| later.starts_with(earlier));
    (found, problems)
}

/// What is wrong with a file of the configuration, as `file:line: what`.
pub fn located(path: &Path, problem: &Problem) -> String {
    match problem.line {
        0 => format!("{}: {}", path.display(), problem.message),
        line => format!("{}:{line}: {}", path.display(), problem.message),
    }
}

/// The text of a configuration; none where there is no file.
///
/// # Errors
///
/// It can't be read, or is no text file.
pub fn read_config(path: &Path, owner: Owner) -> Result<Option<String>, Failure> {
    let mut options = OpenOptions::new();
    options.read(true);
    // The user's own may be a link, as those who keep their dotfiles in git have it; a repository's may not.
    if owner == Owner::Project {
        files::open_no_follow(&mut options);
    }
    let cannot = |why: String| {
        Failure::new(FailureCode::Io, format!("cannot read {}: {why}", path.display())).with_hint("it is a text file")
    };
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(error.to_string())),
    };
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Err(cannot("it is not a file".into()));
    }
    let mut text = String::new();
    let read = file.take(MAX_CONFIG + 1).read_to_string(&mut text).map_err(|error| cannot(error.to_string()))?;
    if read as u64 > MAX_CONFIG {
        return Err(cannot(format!("it is longer than {MAX_CONFIG} bytes")));
    }
    Ok(Some(text))
}

/// The absolute path of an existing folder, without links.
fn resolve(path: &Path) -> Result<PathBuf, Failure> {
    let shown = path.display();
    match files::resolve(path) {
        Ok(folder) if folder.is_dir() => Ok(folder),
        Ok(_) => Err(bad(format!("{shown} is a file, not a folder"), "name the project's folder")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(bad(format!("{shown} does not exist"), "check the path"))
        }
        Err(error) => Err(bad(format!("cannot look at {shown}: {error}"), "name a folder that you can read")),
    }
}

/// The nearest folder upwards in which there is something of this name, whatever it is.
fn nearest<'p>(from: &'p Path, name: &str) -> Option<&'p Path> {
    from.ancestors().find(|folder| fs::symlink_metadata(folder.join(name)).is_ok())
}

fn project(root: impl Into<PathBuf>) -> Result<ProjectRoot, Failure> {
    let root = root.into();
    if root.to_str().is_none() {
        let message = format!("the path {} is not valid UTF-8", root.display());
        return Err(bad(message, "rename the folder: paths are written as text in the registry and the journal"));
    }
    ProjectRoot::try_from(root).map_err(|error| Failure::new(FailureCode::BadProject, error.to_string()))
}

fn bad(message: String, hint: &str) -> Failure {
    Failure::new(FailureCode::BadProject, message).with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these folders below, and its resolved path.
    fn tree(folders: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = files::resolve(folder.path()).unwrap();
        for below in folders {
            fs::create_dir_all(path.join(below)).unwrap();
        }
        (folder, path)
    }

    fn started(path: Option<&str>, cwd: &Path, home: &Path) -> Result<PathBuf, Failure> {
        start_root(path.map(Path::new), cwd, Some(home), false).map(PathBuf::from)
    }

    #[test]
    fn the_nearest_project_upwards_is_found() {
        let (_keep, root) = tree(&["a/.context", "a/b/c", "a/b/own/.context", "other"]);
        assert_eq!(find(&root.join("a/b/c")).unwrap().path(), root.join("a"));
        assert_eq!(find(&root.join("a/b/own")).unwrap().path(), root.join("a/b/own"));
        let failure = find(&root.join("other")).unwrap_err();
        assert_eq!(failure.code, FailureCode::BadProject);
        assert!(failure.hint.unwrap().contains("ctx start"));
    }

    #[test]
    fn a_start_takes_the_project_then_the_work_tree_then_the_folder() {
        let (_keep, root) = tree(&["p/.context", "p/x", "repo/.git", "repo/sub/deep", "plain/sub", "home"]);
        let home = root.join("home");
        assert_eq!(started(None, &root.join("p/x"), &home).unwrap(), root.join("p"));
        assert_eq!(started(None, &root.join("repo/sub/deep"), &home).unwrap(), root.join("repo"));
        assert_eq!(started(None, &root.join("plain/sub"), &home).unwrap(), root.join("plain/sub"));
        assert_eq!(started(Some("sub"), &root.join("repo"), &home).unwrap(), root.join("repo/sub"));
    }

    #[test]
    fn dotfiles_in_git_make_no_project_of_the_home_folder() {
        let (_keep, home) = tree(&[".git", "code"]);
        assert_eq!(started(None, &home.join("code"), &home).unwrap(), home.join("code"));
    }

    #[test]
    fn what_nobody_means_is_refused_unless_forced() {
        let (_keep, home) = tree(&[]);
        let failure = started(None, &home, &home).unwrap_err();
        assert!(failure.message.contains("your home folder"), "{failure}");
        assert!(failure.hint.unwrap().contains("--force"));
        let top = home.ancestors().last().unwrap().to_str();
        assert!(started(top, &home, &home).unwrap_err().message.contains("root of the disk"));
        assert_eq!(start_root(None, &home, Some(&home), true).unwrap().path(), home);
    }

    #[test]
    fn paths_that_are_no_folder_are_named() {
        let (_keep, root) = tree(&[]);
        fs::write(root.join("file"), "").unwrap();
        let message = |path| started(Some(path), &root, Path::new("/nowhere")).unwrap_err().message;
        assert!(message("gone").ends_with("gone does not exist"));
        assert!(message("file").ends_with("file is a file, not a folder"));
    }

    #[test]
    fn a_context_that_is_no_folder_of_ours_is_refused() {
        let (_keep, root) = tree(&["real/.context", "file", "link", "none"]);
        fs::write(root.join("file/.context"), "").unwrap();
        let check = |name: &str| check_context(&ProjectRoot::try_from(root.join(name)).unwrap());
        check("real").unwrap();
        assert!(check("none").unwrap_err().message.contains("does not exist"));
        assert!(check("file").unwrap_err().message.contains("not a folder"));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(root.join("real/.context"), root.join("link/.context")).unwrap();
            assert!(check("link").unwrap_err().message.contains("symbolic link"));
        }
    }

    #[test]
    fn both_files_are_read_and_name_their_lines() {
        let (_keep, root) = tree(&["config", "p/.context"]);
        let directories = Directories { config: root.join("config"), state: root.clone(), runtime: root.clone() };
        let project = ProjectRoot::try_from(root.join("p")).unwrap();
        assert_eq!(load_config(&directories, Some(&project)).unwrap(), (Config::default(), vec![]));

        fs::write(directories.config_file(), "[watch]\nignore = [\"a\"]\nwhat = 1\n").unwrap();
        fs::write(project.config(), "[watch]\nignore = [\"b\"]\n").unwrap();
        let (config, warnings) = load_config(&directories, Some(&project)).unwrap();
        assert_eq!(config.watch.ignore, ["a", "b"]);
        let user = directories.config_file();
        assert_eq!(warnings, [format!("{}:3: unknown key watch.what", user.display())]);

        fs::write(project.config(), "\n[record]\nquiet_ms = 1\n").unwrap();
        let failure = load_config(&directories, Some(&project)).unwrap_err();
        assert!(failure.message.starts_with(&format!("{}:3: record.quiet_ms", project.config().display())));
        assert!(load_config(&directories, None).is_ok());

        fs::write(project.config(), vec![b'#'; MAX_CONFIG as usize + 1]).unwrap();
        assert!(load_config(&directories, Some(&project)).unwrap_err().message.contains("longer"));
        fs::write(project.config(), b"\xff").unwrap();
        assert!(load_config(&directories, Some(&project)).is_err());
    }
}
