//! Why changes come late or not at all, in a sentence each.

use std::path::{Path, PathBuf};

use crate::rules::Rules;
use crate::watch::Blind;

/// All that stands in the way of recording these folders by these rules at once; none when nothing does.
pub(super) fn reasons(watching: &[PathBuf], rules: &Rules, blind: Option<&Blind>) -> Option<String> {
    let gone = watching.iter().filter(|folder| !folder.is_dir()).map(|folder| out_of_reach(folder));
    let passed_over = rules.passed_over().first().map(|folder| too_long(folder));
    let all: Vec<String> = blind.map(Blind::explain).into_iter().chain(gone).chain(passed_over).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn out_of_reach(folder: &Path) -> String {
    let folder = folder.display();
    format!("{folder} can't be reached, and stays as it was in the record; start the session again when it is back")
}

fn too_long(folder: &Path) -> String {
    format!(
        "{} is more than counts of all files of patterns together (1 MB), so what it names is recorded; shorten it, or say \
         the same in watch.ignore",
        folder.join(".gitignore").display()
    )
}
