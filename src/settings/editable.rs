//! One file of the configuration, to be changed: under a lock, whole, and never into one that could not be loaded.

use std::fs;
use std::path::{Path, PathBuf};

use toml_edit::DocumentMut;

use super::values;
use crate::config::{Config, Key, Kind, Owner, TEMPLATE};
use crate::locate::{located, read_config};
use crate::platform::files::cannot;
use crate::platform::{Directories, files};
use crate::project::ProjectRoot;
use crate::request::{Failure, FailureCode};

/// As many links as the system itself would follow.
const MOST_LINKS: usize = 40;

/// What a project's file begins as, in place of the first line of the user's.
const OF_PROJECT: &str = "# Context Tray: the configuration of this project, on top of your own.";

/// The file.
#[derive(Debug)]
pub struct Editable<'d> {
    directories: &'d Directories,
    owner: Owner,
    path: PathBuf,
}

impl<'d> Editable<'d> {
    /// The user's own.
    pub fn of_user(directories: &'d Directories) -> Self {
        Self { directories, owner: Owner::User, path: directories.config_file() }
    }

    /// A project's.
    pub fn of_project(directories: &'d Directories, root: &ProjectRoot) -> Self {
        Self { directories, owner: Owner::Project, path: root.config() }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it with all defaults as comments, where it is absent.
    ///
    /// # Errors
    ///
    /// It can't be made.
    pub fn make(&self) -> Result<(), Failure> {
        let _lock = self.directories.lock(&self.directories.config_lock())?;
        match self.read()? {
            Some(_) => Ok(()),
            None => self.write(&self.template()),
        }
    }

    /// What is passed over in it, as `file:line: what`.
    ///
    /// # Errors
    ///
    /// It can't be read, or a value in it is not allowed.
    pub fn check(&self) -> Result<Vec<String>, Failure> {
        let text = self.read()?.unwrap_or_default();
        self.problems(&text)
    }

    /// Sets what `change` makes of the texts that stand at the key now, of which there are none but for a list.
    ///
    /// # Errors
    ///
    /// `BadRequest` when the value is not allowed; else the file is damaged, or can't be read or written. It is as it was then.
    pub fn set(&self, key: &Key, change: impl FnOnce(Vec<String>) -> Vec<String>) -> Result<(), Failure> {
        if !key.counts_in(self.owner) {
            let message = format!("{} counts only in your own configuration", key.name());
            return Err(Failure::new(FailureCode::BadRequest, message).with_hint("leave --project-file out"));
        }
        let _lock = self.directories.lock(&self.directories.config_lock())?;
        let before = self.read()?;
        let text = before.clone().unwrap_or_else(|| self.template());
        let mut document = self.parse(&text, key)?;
        let words = change(values::list(&document, key));
        if key.kind() != Kind::List && words.len() != 1 {
            let message = format!("{} takes one value: {}", key.name(), key.kind());
            return Err(Failure::new(FailureCode::BadRequest, message));
        }
        let table = format!("[{}] does not hold what it should", key.parts().0);
        values::set(&mut document, key, &words).ok_or_else(|| self.damaged(&table))?;
        let text = document.to_string();
        match self.problems(&text) {
            Ok(_) => self.write(&text),
            // What was wrong before, at another place, is not the fault of the value.
            Err(failure) => Err(match self.problems(before.as_deref().unwrap_or_default()) {
                Ok(_) => Failure::new(FailureCode::BadRequest, failure.message).with_hint("the file is as it was"),
                Err(_) => failure,
            }),
        }
    }

    /// Takes the key out of the file; false where it is not in there.
    ///
    /// # Errors
    ///
    /// The file can't be read or written, or the rest of it is damaged.
    pub fn unset(&self, key: &Key) -> Result<bool, Failure> {
        let _lock = self.directories.lock(&self.directories.config_lock())?;
        let Some(text) = self.read()? else { return Ok(false) };
        let Some(span) = key.span(&text) else { return self.problems(&text).map(|_| false) };
        let text = values::without(&text, key, span).ok_or_else(|| self.damaged("it is not valid"))?;
        self.problems(&text)?;
        self.write(&text).map(|()| true)
    }

    fn read(&self) -> Result<Option<String>, Failure> {
        read_config(&self.path, self.owner)
    }

    fn template(&self) -> String {
        match self.owner {
            Owner::User => TEMPLATE.to_owned(),
            Owner::Project => {
                TEMPLATE.split_once('\n').map_or(String::new(), |(_, rest)| format!("{OF_PROJECT}\n{rest}"))
            }
        }
    }

    fn problems(&self, text: &str) -> Result<Vec<String>, Failure> {
        match Config::default().overlaid(text, self.owner) {
            Ok((_, problems)) => Ok(problems.iter().map(|problem| located(&self.path, problem)).collect()),
            Err(problem) => Err(Failure::new(FailureCode::Io, located(&self.path, &problem))
                .with_hint("correct the file, or remove the line")),
        }
    }

    fn parse(&self, text: &str, key: &Key) -> Result<DocumentMut, Failure> {
        let parsed = values::with_default_shown(text, key).parse().or_else(|_| text.parse::<DocumentMut>());
        parsed.map_err(|error| match self.problems(text) {
            Err(failure) => failure,
            Ok(_) => self.damaged(&error.to_string()),
        })
    }

    fn damaged(&self, why: &str) -> Failure {
        let message = format!("{}: {why}", self.path.display());
        Failure::new(FailureCode::Io, message).with_hint("correct the file, and try again")
    }

    fn write(&self, text: &str) -> Result<(), Failure> {
        // Those who keep their dotfiles elsewhere have a link here, which stays, also where it leads to nothing yet.
        let mut target = self.path.clone();
        for _ in 0..MOST_LINKS {
            let Ok(next) = fs::read_link(&target) else { break };
            target = target.parent().unwrap_or(&target).join(next);
        }
        let folder = target.parent().unwrap_or(&target);
        let written = files::make_private_dir(folder).and_then(|()| match fs::metadata(&target) {
            Ok(metadata) => files::replace_as(&target, text.as_bytes(), metadata.permissions()),
            Err(_) => files::replace(&target, text.as_bytes()),
        });
        written.map_err(|error| cannot("write", &target, &error))
    }
}
