use std::fs;

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
    assert!(text.contains("# quiet_ms = 150") && text.contains("nothing is shown.\nmute = [\"/a\"]\n"), "{text}");
    Editable::of_user(&directories).make().unwrap();
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

fn set(directories: &Directories, name: &str, words: &[&str]) -> Result<(), Failure> {
    let words = words.iter().map(ToString::to_string).collect();
    Editable::of_user(directories).set(&key(name).unwrap(), |_| words)
}

#[test]
fn a_value_is_set_where_it_stands_or_where_it_is_explained() {
    let (_keep, directories) = place();
    set(&directories, "record.quiet_ms", &["40"]).unwrap();
    set(&directories, "watch.ignore", &["*.tmp", "a b"]).unwrap();
    let text = fs::read_to_string(directories.config_file()).unwrap();
    let expected = crate::config::TEMPLATE
        .replace("# quiet_ms = 150", "quiet_ms = 40")
        .replace("# ignore = []", "ignore = [\"*.tmp\", \"a b\"]");
    assert_eq!(text, expected);
    let (config, _) = locate::load_config(&directories, None).unwrap();
    assert_eq!(config.watch.ignore, ["*.tmp", "a b"]);

    fs::write(
        directories.config_file(),
        "[watch]\nignore = [\n  \"a\", # one\n  \"b\", # two\n] # all\n[record] # mine\nquiet_ms = 50 # slow\n",
    )
    .unwrap();
    set(&directories, "record.quiet_ms", &["60"]).unwrap();
    set(&directories, "record.keep_days", &["7"]).unwrap();
    set(&directories, "watch.ignore", &["a", "b", "c"]).unwrap();
    set(&directories, "watch.use_gitignore", &["false"]).unwrap();
    assert_eq!(
        fs::read_to_string(directories.config_file()).unwrap(),
        "[watch]\nignore = [\n  \"a\", # one\n  \"b\", # two\n  \"c\",\n] # all\nuse_gitignore = false\n\
         [record] # mine\nquiet_ms = 60 # slow\nkeep_days = 7\n"
    );
    set(&directories, "watch.ignore", &["a"]).unwrap();
    set(&directories, "notify.mute", &["/x"]).unwrap();
    let text = fs::read_to_string(directories.config_file()).unwrap();
    assert!(text.starts_with("[watch]\nignore = [\n  \"a\", # one\n # two\n] # all\n"), "{text}");
    assert!(text.ends_with("\n\n[notify]\nmute = [\"/x\"]\n"), "{text}");
}

#[test]
fn a_value_that_is_not_allowed_changes_nothing_and_says_what_loading_would() {
    let (_keep, directories) = place();
    fs::create_dir(&directories.config).unwrap();
    let text = "[record]\nquiet_ms = 50\n";
    fs::write(directories.config_file(), text).unwrap();
    for (name, words, message) in [
        ("record.quiet_ms", &["5"][..], ":2: record.quiet_ms is 5; it must lie between 10 and 10000"),
        (
            "record.quiet_ms",
            &["fast"],
            ":2: record.quiet_ms must be a whole number (invalid type: string \"fast\", expected u64)",
        ),
        ("watch.ignore", &["a{b"], ":5: watch.ignore: \"a{b\" is not a gitignore pattern"),
        ("watch.use_gitignore", &["1"], ":5: watch.use_gitignore must be true or false"),
        ("record.keep_days", &["1", "2"], "record.keep_days takes one value: a whole number"),
        ("record.keep_days", &[], "record.keep_days takes one value: a whole number"),
    ] {
        let failure = set(&directories, name, words).unwrap_err();
        assert_eq!(failure.code, FailureCode::BadRequest, "{failure}");
        assert!(failure.message.contains(message), "{failure}");
        assert_eq!(fs::read_to_string(directories.config_file()).unwrap(), text);
    }
    // What was wrong before may be mended, and is not made worse.
    fs::write(directories.config_file(), "[record]\nquiet_ms = 5\n").unwrap();
    assert_eq!(set(&directories, "record.keep_days", &["7"]).unwrap_err().code, FailureCode::Io);
    set(&directories, "record.quiet_ms", &["50"]).unwrap();
    fs::write(directories.config_file(), "[record\n").unwrap();
    assert!(set(&directories, "record.keep_days", &["7"]).unwrap_err().message.contains("config.toml:1: "));
}

#[test]
fn a_value_taken_out_leaves_the_rest_as_it_was() {
    let (_keep, directories) = place();
    fs::create_dir(&directories.config).unwrap();
    let unset = |name: &str| Editable::of_user(&directories).unset(&key(name).unwrap()).unwrap();
    assert!(!unset("watch.ignore"));
    let text = "[watch] # w\n# said of it\nignore = [\n  \"a\",\n] # all\n# the end\n[record]\n";
    fs::write(directories.config_file(), format!("{text}notify = {{ }}\n")).unwrap();
    assert!(unset("watch.ignore") && !unset("watch.ignore"));
    let left = "[watch] # w\n# said of it\n# the end\n[record]\nnotify = { }\n";
    assert_eq!(fs::read_to_string(directories.config_file()).unwrap(), left);
    fs::write(directories.config_file(), "notify = { enabled = false, mute = [] }\n").unwrap();
    assert!(unset("notify.enabled"));
    assert_eq!(read(&directories).notify, Notify::default());
}

#[test]
fn edits_at_once_lose_nothing() {
    let (_keep, directories) = place();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let directories = &directories;
            scope.spawn(move || mute(directories, Some(Path::new(&format!("/{number}"))), true).unwrap());
        }
    });
    assert_eq!(muted(&directories).len(), 8);
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_to_nothing_yet_and_the_mode_of_a_file_stay() {
    use std::os::unix::fs::PermissionsExt as _;
    let (keep, directories) = place();
    fs::create_dir(&directories.config).unwrap();
    let dotfile = keep.path().join("dotfiles/config.toml");
    std::os::unix::fs::symlink("../dotfiles/config.toml", directories.config_file()).unwrap();
    set(&directories, "record.quiet_ms", &["40"]).unwrap();
    fs::set_permissions(&dotfile, fs::Permissions::from_mode(0o644)).unwrap();
    set(&directories, "record.quiet_ms", &["41"]).unwrap();
    assert!(fs::symlink_metadata(directories.config_file()).unwrap().is_symlink());
    assert!(fs::read_to_string(&dotfile).unwrap().contains("quiet_ms = 41"));
    assert_eq!(fs::metadata(&dotfile).unwrap().permissions().mode() & 0o777, 0o644);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Whatever a list becomes, it is that, and no comment is lost.
    #[test]
    fn a_list_that_is_set_keeps_every_comment(
        before in proptest::collection::vec(("[a-d]", proptest::bool::ANY, proptest::bool::ANY), 0..5),
        wanted in proptest::collection::vec("[a-f]", 0..5),
        has_last_comma in proptest::bool::ANY,
    ) {
        let mut text = "[watch]\nignore = [".to_owned();
        for (number, (word, has_line, has_comment)) in before.iter().enumerate() {
            let is_last = number + 1 == before.len();
            let comma = if is_last && !has_last_comma { "" } else { "," };
            text += if *has_line { "\n  " } else { " " };
            text += &format!("\"{word}\"{comma}");
            text += &if *has_comment { format!(" # said {number}\n") } else { String::new() };
        }
        text += "] # behind\nuse_gitignore = false # more\n";
        let (_keep, directories) = place();
        fs::create_dir(&directories.config).unwrap();
        fs::write(directories.config_file(), &text).unwrap();
        Editable::of_user(&directories).set(&key("watch.ignore").unwrap(), |_| wanted.clone()).unwrap();
        let after = fs::read_to_string(directories.config_file()).unwrap();
        let (config, _) = locate::load_config(&directories, None).unwrap();
        proptest::prop_assert_eq!(&config.watch.ignore, &wanted, "{} became {}", text, after);
        for comment in text.split('#').skip(1).map(|comment| comment.lines().next().unwrap()) {
            proptest::prop_assert!(after.contains(&format!("#{comment}\n")), "{} became {}", text, after);
        }
    }
}
