use super::*;

#[test]
fn a_file_changes_only_what_it_names() {
    let text = "[watch]\nignore = [\"*.tmp\"]\n[record]\nquiet_ms = 40\n";
    let (config, problems) = Config::default().overlaid(text, Owner::User).unwrap();
    assert_eq!(config.watch.ignore, ["*.tmp"]);
    assert!(config.watch.use_gitignore);
    assert_eq!(config.record.quiet, Duration::from_millis(40));
    assert_eq!(config.record.max_hold, Record::default().max_hold);
    assert_eq!(problems, []);
}

#[test]
fn the_template_changes_nothing_and_names_every_key_with_its_default() {
    assert_eq!(Config::default().overlaid(TEMPLATE, Owner::User), Ok((Config::default(), vec![])));
    let line = |line: &str| line.strip_prefix("# ").filter(|line| line.contains(" = ")).unwrap_or(line).to_owned();
    let uncommented: Vec<String> = TEMPLATE.lines().map(line).collect();
    assert_eq!(Config::default().overlaid(&uncommented.join("\n"), Owner::User), Ok((Config::default(), vec![])));
    for key in &KEYS {
        let (table, name) = key.parts();
        assert!(TEMPLATE.contains(&format!("[{table}]\n")), "{table}");
        assert!(TEMPLATE.contains(&format!("\n# {name} = {}\n", key.value(&Config::default()))), "{name}");
    }
}

#[test]
fn a_second_file_adds_to_the_first() {
    let (user, _) = Config::default().overlaid("[watch]\nignore = [\"a\"]\n", Owner::User).unwrap();
    let (both, _) = user.overlaid("[watch]\nignore = [\"b\"]\nuse_gitignore = false\n", Owner::User).unwrap();
    assert_eq!(both.watch.ignore, ["a", "b"]);
    assert!(!both.watch.use_gitignore);
}

#[test]
fn unknown_keys_are_told_with_their_lines() {
    let (_, problems) = Config::default().overlaid("colour = 1\n[watch]\n\nignores = []\n", Owner::User).unwrap();
    let lines: Vec<_> = problems.iter().map(|problem| (problem.line, problem.message.as_str())).collect();
    assert_eq!(lines, [(1, "unknown table or key \"colour\""), (4, "unknown key watch.ignores")]);
}

#[test]
fn what_counts_in_another_file_only_is_told() {
    let text = "[notify]\nenabled = false\n";
    assert_eq!(Config::default().overlaid(text, Owner::User).unwrap().1, []);
    let (_, problems) = Config::default().overlaid(text, Owner::Project).unwrap();
    assert_eq!(problems[0].line, 2);
    assert_eq!(problems[0].message, "notify.enabled counts only in your own configuration");
}

#[test]
fn keys_know_where_they_stand() {
    let text = "# mine\n[watch]\nignore = [\n  \"a\",\n] # all\nuse_gitignore = false\n";
    let key = Key::named("watch.ignore").unwrap();
    assert_eq!((key.line(text), key.kind()), (Some(3), Kind::List));
    assert_eq!(&text[key.span(text).unwrap()], "ignore = [\n  \"a\",\n]");
    assert_eq!(Key::named("watch.directories").unwrap().span(text), None);
    assert!(Key::named("watch").is_none());
}

#[test]
fn a_bad_value_names_its_line_its_key_and_what_is_allowed() {
    let problem = Config::default().overlaid("[record]\n\nquiet_ms = 5\n", Owner::User).unwrap_err();
    assert_eq!(problem.line, 3);
    assert_eq!(problem.message, "record.quiet_ms is 5; it must lie between 10 and 10000");
    let problem = Config::default().overlaid("[record]\nquiet_ms = \"fast\"\n", Owner::User).unwrap_err();
    assert_eq!(problem.line, 2);
    let message = "record.quiet_ms must be a whole number (invalid type: string \"fast\", expected u64)";
    assert_eq!(problem.message, message);
    let problem = Config::default().overlaid("notify = { mute = [1] }\n", Owner::User).unwrap_err();
    assert!(problem.message.starts_with("notify.mute must be a list of texts ("), "{}", problem.message);
    let problem = Config::default().overlaid("\nnotify = 3\n", Owner::User).unwrap_err();
    assert_eq!((problem.line, problem.message.contains("expected")), (2, true), "{}", problem.message);
    let problem = Config::default().overlaid("[watch]\nignore = [\n\"ok\",\n\"a{b\"]\n", Owner::User).unwrap_err();
    assert_eq!(problem.line, 4);
}

#[test]
fn a_list_without_end_is_refused_at_once() {
    let list = |table: &str, key: &str, count: usize| format!("[{table}]\n{key} = [\n{}]\n", "'x',\n".repeat(count));
    for (table, key, most) in [("watch", "ignore", 1000), ("watch", "directories", 1000), ("redact", "patterns", 100)] {
        assert!(Config::default().overlaid(&list(table, key, most), Owner::Project).is_ok(), "{key}");
        let problem = Config::default().overlaid(&list(table, key, most + 1), Owner::Project).unwrap_err();
        assert_eq!(problem.line, most + 3);
        assert_eq!(problem.message, format!("{table}.{key} has {} values; there may be {most}", most + 1));
    }
    let unknown: String = (0..50_000).map(|number| format!("k{number} = 1\n")).collect();
    let (_, problems) = Config::default().overlaid(&unknown, Owner::Project).unwrap();
    assert_eq!(problems.len(), keys::MOST_PROBLEMS);
}

#[test]
fn a_projects_file_names_no_folders_outside() {
    for outside in ["/srv/other", "../sibling", "a/../../b"] {
        let text = format!("[watch]\ndirectories = [\"docs\",\n\"{outside}\"]\n");
        let (config, _) = Config::default().overlaid(&text, Owner::User).unwrap();
        assert_eq!(config.watch.directories, [Path::new("docs"), Path::new(outside)]);
        let problem = Config::default().overlaid(&text, Owner::Project).unwrap_err();
        assert_eq!(problem.line, 3);
        assert!(problem.message.contains("only your own configuration"), "{}", problem.message);
    }
}

#[test]
fn a_bad_pattern_is_named_without_what_it_may_give_away() {
    let (config, _) = Config::default().overlaid("[redact]\npatterns = ['acme-\\d+']\n", Owner::User).unwrap();
    assert!(config.redact.patterns[0].regex().is_match("acme-12"));
    let problem = Config::default().overlaid("[redact]\npatterns = [\n'ok',\n'(hunter2']\n", Owner::User).unwrap_err();
    assert_eq!(problem.line, 4);
    assert!(problem.message.starts_with("redact.patterns: must be a regular expression"), "{}", problem.message);
    assert!(problem.message.ends_with("(unclosed group)"), "{}", problem.message);
    let problem = Config::default().overlaid("[redact]\npatterns = ['(\\w{1000}){1000}']\n", Owner::User).unwrap_err();
    assert!(problem.message.ends_with("(it is too large)"), "{}", problem.message);
}
