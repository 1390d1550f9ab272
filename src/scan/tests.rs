use super::*;

#[test]
fn what_was_removed_by_another_spelling_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = files::resolve(folder.path()).unwrap();
    // Composed and decomposed, as two systems write the same letter.
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
    for name in ["README", "notes", decomposed, "na\u{ef}ve"] {
        fs::write(path.join(name), name).unwrap();
    }
    let root = ProjectRoot::try_from(path.clone()).unwrap();
    let mut rules = rules(&root, &Watch::default());
    let hint = |path: &str, recursive| Hint { path: path.into(), recursive };
    let mut look = |hints: &[Hint], tree: &Tree, as_typed| {
        observe_as(&root, hints, tree, &mut rules, &mut |_| {}, as_typed).unwrap()
    };
    let mut tree = Tree::from(look(&[hint("", true)], &Tree::default(), true));
    assert_eq!(tree.file_count(), 4);

    fs::remove_file(path.join("README")).unwrap();
    fs::remove_file(path.join(decomposed)).unwrap();
    let hints = [hint("readme", false), hint(composed, false), hint("gone", false)];
    assert!(tree.clone().reconcile(look(&hints, &tree, false)).is_empty(), "elsewhere a name is what it is");
    let changes = tree.reconcile(look(&hints, &tree, true));
    let gone: Vec<&Path> = changes
        .iter()
        .map(|change| match change {
            crate::tree::Change::Deleted(path, _) => path.as_path(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(gone, [Path::new("README"), Path::new(decomposed)]);
    assert_eq!(tree.file_count(), 2);
}

#[test]
fn every_step_is_a_small_one_and_all_of_a_level_is_told_of_before_it_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let path = files::resolve(folder.path()).unwrap();
    for number in 0..3 * AT_ONCE {
        fs::create_dir(path.join(number.to_string())).unwrap();
    }
    let root = ProjectRoot::try_from(path).unwrap();
    let (mut levels, mut places) = (Vec::new(), 0);
    let on_step = &mut |step: Step<'_>| match step {
        Step::Level(folders) => levels.push((folders.len(), places)),
        Step::Place => places += 1,
    };
    let hint = Hint { path: PathBuf::new(), recursive: true };
    observe(&root, &[hint], &Tree::default(), &mut rules(&root, &Watch::default()), on_step).unwrap();
    // The root is one place, and what lies in it was looked at.
    let seen = 1 + 3 * AT_ONCE;
    assert_eq!(levels, [(1, 0), (AT_ONCE, seen), (AT_ONCE, seen), (AT_ONCE, seen)]);
    assert_eq!(places, seen + 3 * AT_ONCE, "each is listed, too");
}
