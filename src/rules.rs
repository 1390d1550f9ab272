//! Does a path count, and which rule says so?
//!
//! A rule is a gitignore pattern. From the strongest: what may never be recorded; the configuration's patterns; the
//! built-in list; the `.gitignore` files from the deepest up; git's `info/exclude`; the user's global ignore file. The
//! text of the files is handed in (`scan` meets them on its way), so that this module never asks the disk.

mod patterns;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::Watch;
use crate::project::CONTEXT_DIR;
use patterns::Patterns;

pub use patterns::{Origin, Rule};

/// Never recorded, whatever a pattern says.
const NEVER: &[&str] = &[".git", CONTEXT_DIR];

/// Names of whole path components that are ignored unless the configuration takes them back.
const BUILT_IN: &[&str] = &[
    ".hg",
    ".svn",
    ".jj",
    "node_modules",
    "__pycache__",
    ".venv",
    "venv",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".coverage",
    "htmlcov",
    ".vscode",
    ".idea",
    ".gradle",
    ".next",
    ".DS_Store",
    "4913",
];

/// Cargo's output, ignored beside a manifest only.
const CARGO_OUTPUT: &str = "target";

/// All `.gitignore` files below a project may have so many bytes: compiled they take a hundred times as much, and they may
/// have come with the project from anywhere.
const MOST_TEXT: usize = 1 << 20;

/// What the listing of a folder says about rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderFacts {
    /// The text of its `.gitignore`, where it has one.
    pub gitignore: Option<String>,
    /// Whether it holds a `Cargo.toml`.
    pub has_cargo_manifest: bool,
    /// Whether it holds a `.context`: below the root, it is a project of its own then.
    pub has_context: bool,
}

/// Everything that the rules of a project are made of: equal sources are equal rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// The configuration's patterns.
    pub ignore: Vec<String>,
    /// Whether files of patterns count.
    pub use_gitignore: bool,
    /// The folders that are watched whatever the patterns say of them and of what lies above, relative to the root.
    pub directories: Vec<PathBuf>,
    /// Files of patterns that count for the whole tree with their text, the strongest first.
    pub shared: Vec<(PathBuf, String)>,
    /// What each folder's listing says, where it says anything.
    pub folders: BTreeMap<PathBuf, FolderFacts>,
}

/// All rules of one project.
#[derive(Clone, Debug)]
pub struct Rules {
    sources: Sources,
    configured: Patterns,
    shared: Vec<Patterns>,
    nested: BTreeMap<PathBuf, Patterns>,
    /// How much text the folders' `.gitignore` files have.
    text: usize,
    /// The folders whose `.gitignore` is too much.
    passed_over: BTreeSet<PathBuf>,
}

impl From<Sources> for Rules {
    fn from(mut sources: Sources) -> Self {
        let root = Path::new("");
        let configured = Patterns::new(Origin::Configuration, root, sources.ignore.iter().map(String::as_str));
        let shared = sources.shared.iter().filter(|_| sources.use_gitignore);
        let shared = shared.map(|(path, text)| Patterns::new(Origin::File(path.clone()), root, text.lines())).collect();
        let folders = std::mem::take(&mut sources.folders);
        let mut rules =
            Self { sources, configured, shared, nested: BTreeMap::new(), text: 0, passed_over: BTreeSet::new() };
        folders.into_iter().for_each(|(folder, facts)| rules.learn(&folder, facts));
        rules
    }
}

impl Rules {
    /// The rules of a configuration. `directories` are its folders, relative to the root; `shared` are files of patterns that
    /// count for the whole tree, the strongest first.
    pub fn new(config: &Watch, directories: Vec<PathBuf>, shared: Vec<(PathBuf, String)>) -> Self {
        let (ignore, use_gitignore) = (config.ignore.clone(), config.use_gitignore);
        Self::from(Sources { ignore, use_gitignore, directories, shared, folders: BTreeMap::new() })
    }

    /// What the rules are made of.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Takes over what a folder's listing says. A `.gitignore` that would be too much with all others is passed over.
    pub fn learn(&mut self, folder: &Path, mut facts: FolderFacts) {
        let size = |facts: &FolderFacts| facts.gitignore.as_ref().map_or(0, String::len);
        self.text -= self.sources.folders.get(folder).map_or(0, size);
        self.passed_over.remove(folder);
        if self.text + size(&facts) > MOST_TEXT {
            facts.gitignore = None;
            self.pass_over(folder);
        }
        self.text += size(&facts);
        match facts.gitignore.as_ref().filter(|_| self.sources.use_gitignore) {
            Some(text) => {
                let origin = Origin::File(folder.join(".gitignore"));
                self.nested.insert(folder.to_path_buf(), Patterns::new(origin, folder, text.lines()));
            }
            None => drop(self.nested.remove(folder)),
        }
        if facts == FolderFacts::default() {
            self.sources.folders.remove(folder);
        } else {
            self.sources.folders.insert(folder.to_path_buf(), facts);
        }
    }

    /// The `.gitignore` of a folder is too much by itself.
    pub fn pass_over(&mut self, folder: &Path) {
        self.passed_over.insert(folder.to_path_buf());
    }

    /// The folders whose `.gitignore` is passed over, as all of them together may have one megabyte.
    pub fn passed_over(&self) -> &BTreeSet<PathBuf> {
        &self.passed_over
    }

    /// Drops what was learnt of a folder and of all below it.
    pub fn forget(&mut self, folder: &Path) {
        let below = self.sources.folders.iter().filter(|(known, _)| known.starts_with(folder));
        self.text -= below.filter_map(|(_, facts)| facts.gitignore.as_ref()).map(String::len).sum::<usize>();
        self.nested.retain(|known, _| !known.starts_with(folder));
        self.passed_over.retain(|known| !known.starts_with(folder));
        self.sources.folders.retain(|known, _| !known.starts_with(folder));
    }

    /// Drops what was learnt of whether a folder is a project of its own, so that it is looked at again.
    pub fn forget_own_project(&mut self, folder: &Path) {
        let Some(facts) = self.sources.folders.get_mut(folder) else { return };
        facts.has_context = false;
        if *facts == FolderFacts::default() {
            self.sources.folders.remove(folder);
        }
    }

    /// Whether a folder is a project of its own.
    pub fn is_own_project(&self, folder: &Path) -> bool {
        !folder.as_os_str().is_empty() && self.sources.folders.get(folder).is_some_and(|facts| facts.has_context)
    }

    /// Whether a path whose folder counts is ignored itself. Paths are relative to the root.
    pub fn ignores(&self, path: &Path, is_dir: bool) -> bool {
        self.decide(path, is_dir).is_some_and(|(ignored, _)| ignored)
    }

    /// The rule that keeps a path from being recorded, also when it speaks of a folder above; none where it counts.
    pub fn explain(&self, path: &Path, is_dir: bool) -> Option<Rule> {
        let mut folders: Vec<&Path> = path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()).collect();
        folders.reverse();
        let above = folders.into_iter().find_map(|folder| self.deciding(folder, true));
        above.or_else(|| self.deciding(path, is_dir))
    }

    /// The folders that are watched beside the tree, relative to the root.
    pub fn directories(&self) -> &[PathBuf] {
        &self.sources.directories
    }

    /// The names in a folder that lead on to one that is watched beside the tree.
    pub fn leading_on(&self, folder: &Path) -> BTreeSet<&OsStr> {
        self.sources
            .directories
            .iter()
            .filter_map(|directory| {
                let rest = directory.strip_prefix(folder).ok()?;
                rest.components().next().map(|part| part.as_os_str())
            })
            .collect()
    }

    /// Whether a path leads to a folder that is watched beside the tree, without being in it.
    pub fn leads_on(&self, path: &Path) -> bool {
        self.sources.directories.iter().any(|directory| directory != path && directory.starts_with(path))
    }

    fn has_manifest(&self, folder: &Path) -> bool {
        self.sources.folders.get(folder).is_some_and(|facts| facts.has_cargo_manifest)
    }

    fn deciding(&self, path: &Path, is_dir: bool) -> Option<Rule> {
        self.decide(path, is_dir).filter(|(ignored, _)| *ignored).map(|(_, rule)| rule)
    }

    fn decide(&self, path: &Path, is_dir: bool) -> Option<(bool, Rule)> {
        let directories = &self.sources.directories;
        if directories.is_empty() {
            return self.decide_from(Path::new(""), path, is_dir);
        }
        if let Some(directory) = directories.iter().find(|directory| path.starts_with(directory)) {
            return if path == directory { None } else { self.decide_from(directory, path, is_dir) };
        }
        if self.leads_on(path) {
            return None;
        }
        // What only leads on counts for nothing else.
        let mut above = path.ancestors().skip(1).filter(|above| self.leads_on(above));
        let ignored =
            above.find_map(|above| self.decide_from(Path::new(""), above, true).filter(|(ignored, _)| *ignored));
        ignored.or_else(|| self.decide_from(Path::new(""), path, is_dir))
    }

    /// What the patterns say that stand in `top` or below it, or in no folder.
    fn decide_from(&self, top: &Path, path: &Path, is_dir: bool) -> Option<(bool, Rule)> {
        let is_outside = |path: &Path| path.components().next() == Some(Component::ParentDir);
        if is_outside(path) && !is_outside(top) {
            return Some((true, Rule { origin: Origin::Outside, pattern: String::new() }));
        }
        let name = path.file_name()?;
        let built_in = |pattern: &str| Some((true, Rule { origin: Origin::BuiltIn, pattern: pattern.to_owned() }));
        if let Some(pattern) = NEVER.iter().find(|never| name == **never) {
            return built_in(pattern);
        }
        if is_dir && self.is_own_project(path) {
            return Some((true, Rule { origin: Origin::OwnProject, pattern: CONTEXT_DIR.to_owned() }));
        }
        if let Some(decided) = self.configured.decide(path, is_dir) {
            return Some(decided);
        }
        if let Some(pattern) = built_in_pattern(name) {
            return built_in(pattern);
        }
        if is_dir && name == CARGO_OUTPUT && path.parent().is_some_and(|parent| self.has_manifest(parent)) {
            return built_in("target beside Cargo.toml");
        }
        let folders = path.ancestors().skip(1).take_while(|folder| folder.starts_with(top));
        let nested = folders.filter_map(|folder| self.nested.get(folder));
        nested.chain(&self.shared).find_map(|patterns| patterns.decide(path, is_dir))
    }
}

/// The built-in pattern that a name matches: a listed name, or a file that an editor makes for itself.
fn built_in_pattern(name: &OsStr) -> Option<&'static str> {
    if let Some(listed) = BUILT_IN.iter().find(|listed| name == **listed) {
        return Some(listed);
    }
    let bytes = name.as_encoded_bytes();
    match bytes {
        [.., b'~'] => Some("*~"),
        [b'.', b'#', ..] => Some(".#*"),
        [b'#', .., b'#'] => Some("#*#"),
        [b'.', .., b'.', b's', b'w', last] if bytes.len() >= 5 && last.is_ascii() => Some(".*.sw?"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(patterns: &[&str]) -> Rules {
        let config = Watch { ignore: patterns.iter().map(|p| (*p).to_owned()).collect(), ..Watch::default() };
        Rules::new(&config, Vec::new(), Vec::new())
    }

    #[test]
    fn files_of_patterns_without_end_are_passed_over() {
        let mut rules = rules(&[]);
        let half = format!("*.log\n{}", "#".repeat(MOST_TEXT / 2 - 7));
        for folder in ["a", "b", "c"] {
            with_gitignore(&mut rules, folder, &half);
        }
        let ignored =
            |rules: &Rules| ["a", "b", "c"].map(|folder| rules.ignores(&Path::new(folder).join("x.log"), false));
        assert_eq!(ignored(&rules), [true, true, false]);
        assert!(rules.passed_over().iter().eq([Path::new("c")]));
        rules.forget(Path::new("a"));
        with_gitignore(&mut rules, "b", "*.log");
        with_gitignore(&mut rules, "c", &half);
        assert_eq!(ignored(&rules), [false, true, true]);
        assert!(rules.passed_over().is_empty());
    }

    fn with_gitignore(rules: &mut Rules, folder: &str, text: &str) {
        let facts = FolderFacts { gitignore: Some(text.to_owned()), ..FolderFacts::default() };
        rules.learn(Path::new(folder), facts);
    }

    fn counts(rules: &Rules, path: &str) -> bool {
        rules.explain(Path::new(path), false).is_none()
    }

    #[test]
    fn built_in_names_are_whole_components() {
        let rules = rules(&[]);
        for ignored in [
            ".git/HEAD",
            ".context/session.md",
            "a/node_modules/b/c.js",
            "x~",
            ".main.rs.swp",
            ".#lock",
            "#save#",
            "4913",
            "venv/bin/python",
        ] {
            assert!(!counts(&rules, ignored), "{ignored}");
        }
        for recorded in [
            ".gitignore",
            ".github/ci.yml",
            "my.github.io/index.html",
            "my.ideas/a",
            "a.orig",
            ".env",
            "target/x",
            ".sw",
            "main.swp",
            "node_modules_old/a",
        ] {
            assert!(counts(&rules, recorded), "{recorded}");
        }
    }

    #[test]
    fn cargos_output_is_ignored_beside_a_manifest_only() {
        let mut rules = rules(&[]);
        rules.learn(Path::new("sub"), FolderFacts { has_cargo_manifest: true, ..FolderFacts::default() });
        assert!(!counts(&rules, "sub/target/debug/x"));
        assert!(counts(&rules, "target/x"));
        rules.learn(Path::new("sub"), FolderFacts::default());
        assert!(counts(&rules, "sub/target/debug/x"));
    }

    #[test]
    fn the_configuration_is_stronger_than_the_built_in_list_but_not_than_our_own_files() {
        let rules = rules(&["*.tmp", "/generated/", "!.vscode", "!.context"]);
        assert!(!counts(&rules, "a/b.tmp"));
        assert!(!counts(&rules, "generated/x"));
        assert!(counts(&rules, "sub/generated/x"));
        assert!(counts(&rules, ".vscode/settings.json"));
        assert!(!counts(&rules, ".context/session.md"));
    }

    #[test]
    fn the_deepest_gitignore_wins() {
        let mut rules = rules(&[]);
        with_gitignore(&mut rules, "", "*.log\n/dist/\n");
        with_gitignore(&mut rules, "keep", "!*.log\n");
        assert!(!counts(&rules, "a/x.log"));
        assert!(counts(&rules, "keep/x.log"));
        assert!(!counts(&rules, "dist/x"));
        assert!(counts(&rules, "sub/dist/x"));
        with_gitignore(&mut rules, "keep", "");
        assert!(!counts(&rules, "keep/x.log"));
    }

    #[test]
    fn the_deciding_rule_is_named() {
        let mut rules =
            Rules::new(&Watch::default(), Vec::new(), vec![("/home/me/.config/git/ignore".into(), "*.bak".into())]);
        with_gitignore(&mut rules, "sub", "out/\n");
        let rule = rules.explain(Path::new("sub/out/a/b"), false).unwrap();
        assert_eq!((rule.origin, rule.pattern.as_str()), (Origin::File("sub/.gitignore".into()), "out/"));
        let rule = rules.explain(Path::new("x.bak"), false).unwrap();
        assert_eq!(rule.origin, Origin::File("/home/me/.config/git/ignore".into()));
    }

    #[test]
    fn gitignore_files_can_be_left_out() {
        let mut rules = Rules::new(&Watch { use_gitignore: false, ..Watch::default() }, Vec::new(), Vec::new());
        with_gitignore(&mut rules, "", "*.log\n");
        assert!(counts(&rules, "x.log"));
    }

    #[test]
    fn a_folder_with_its_own_record_is_a_project_of_its_own() {
        let mut rules = rules(&[]);
        let facts = || FolderFacts { has_context: true, ..FolderFacts::default() };
        rules.learn(Path::new(""), facts());
        rules.learn(Path::new("sub"), facts());
        assert!(counts(&rules, "a"));
        assert!(!counts(&rules, "sub/a"));
    }

    #[test]
    fn folders_that_are_watched_beside_the_tree_count_whatever_stands_above() {
        let directories = ["../data", "out/docs", "src/gen"].map(PathBuf::from).to_vec();
        let mut rules = Rules::new(&Watch::default(), directories, Vec::new());
        with_gitignore(&mut rules, "", "out/\n*.log\ngen/\n");
        with_gitignore(&mut rules, "../data", "*.tmp\n");
        for counted in
            ["../data/a", "../data/x.log", "out/docs/a", "out/docs/b/c.log", "src/a", "src/gen/a", "../data", "out"]
        {
            assert!(counts(&rules, counted), "{counted}");
        }
        for ignored in
            ["../other", "../data/a.tmp", "../data/x~", "out/a", "out/doc", "a.log", "lib/gen/a", "../data/.git/x"]
        {
            assert!(rules.ignores(Path::new(ignored), false) || !counts(&rules, ignored), "{ignored}");
        }
        assert_eq!(rules.explain(Path::new("../other"), false).unwrap().origin, Origin::Outside);
        assert_eq!(rules.leading_on(Path::new("")).len(), 3);
        assert_eq!(rules.leading_on(Path::new("..")), BTreeSet::from([OsStr::new("data")]));
    }
}
