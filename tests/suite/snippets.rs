//! What the README gives to paste into the configuration of assistants can be pasted. `tests/mcp/run` runs it.

use std::fs;

use serde_json::{Value, json};

/// The pieces of the README that are indented, of one section, each with the text before it.
fn snippets(section: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let heading = format!("\n### {section}\n");
    let rest = &text[text.find(&heading).unwrap_or_else(|| panic!("no section {section}")) + heading.len()..];
    let body = rest.split("\n## ").next().unwrap().split("\n### ").next().unwrap();
    let (mut found, mut before, mut piece) = (Vec::new(), String::new(), String::new());
    for line in body.lines().chain(["end"]) {
        match line.strip_prefix("    ") {
            Some(code) => piece += &format!("{code}\n"),
            None if line.is_empty() => piece.push_str(if piece.is_empty() { "" } else { "\n" }),
            None => {
                if !piece.is_empty() {
                    found.push((std::mem::take(&mut before), std::mem::take(&mut piece)));
                }
                before += line;
            }
        }
    }
    found
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

fn toml_of(text: &str) -> Value {
    let table: toml::Table = toml::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"));
    serde_json::to_value(table).unwrap()
}

#[test]
fn the_server_is_added_and_nothing_else() {
    let found = snippets("As its tools");
    let [commands, by_hand, cursor, codex] = &found[..] else { panic!("{found:#?}") };
    for line in commands.1.trim().lines() {
        let command = line.split('#').next().unwrap().trim();
        assert!(command.contains(" mcp add ") && command.ends_with(" ctx mcp"), "{command}");
    }
    for (snippet, file) in [
        (by_hand, ".mcp.json"),
        (by_hand, "~/.gemini/settings.json"),
        (cursor, "~/.cursor/mcp.json"),
        (codex, "~/.codex/config.toml"),
    ] {
        assert!(snippet.0.contains(&format!("`{file}`")), "{}", snippet.0);
    }
    let server = json!({"command": "ctx", "args": ["mcp"]});
    assert_eq!(json_of(&by_hand.1), json!({"mcpServers": {"context-tray": server}}));
    let here = json!({"command": "ctx", "args": ["-C", "${workspaceFolder}", "mcp"]});
    assert_eq!(json_of(&cursor.1), json!({"mcpServers": {"context-tray": here}}));
    assert_eq!(toml_of(&codex.1), json!({"mcp_servers": {"context-tray": server}}));
}

#[test]
fn the_hooks_have_the_form_of_each_assistant_and_only_record() {
    let found = snippets("Its commands");
    let [claude, codex, cursor, gemini] = &found[..] else { panic!("{found:#?}") };
    for (snippet, file) in [
        (claude, "~/.claude/settings.json"),
        (codex, "~/.codex/config.toml"),
        (cursor, "~/.cursor/hooks.json"),
        (gemini, "~/.gemini/settings.json"),
    ] {
        assert!(snippet.0.contains(&format!("`{file}`")), "{}", snippet.0);
    }
    let (claude, codex, cursor, gemini) =
        (json_of(&claude.1), toml_of(&codex.1), json_of(&cursor.1), json_of(&gemini.1));
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        (keys(&claude), keys(&codex), keys(&gemini)),
        (vec!["hooks".into()], vec!["hooks".into()], vec!["hooks".into()])
    );
    assert_eq!((keys(&cursor), &cursor["version"]), (vec!["hooks".to_owned(), "version".to_owned()], &json!(1)));
    assert_eq!(keys(&claude["hooks"]), ["PostToolUse", "PostToolUseFailure"]);
    let in_group = |group: &Value, matcher: &str| {
        assert_eq!(group["matcher"], matcher, "{group:#}");
        assert_eq!(group["hooks"][0]["type"], "command", "{group:#}");
        group["hooks"][0]["command"].as_str().unwrap().to_owned()
    };
    for command in [
        in_group(&claude["hooks"]["PostToolUse"][0], "Bash"),
        in_group(&claude["hooks"]["PostToolUseFailure"][0], "Bash"),
        in_group(&codex["hooks"]["PostToolUse"][0], "^Bash$"),
        in_group(&gemini["hooks"]["AfterTool"][0], "run_shell_command"),
        cursor["hooks"]["afterShellExecution"][0]["command"].as_str().unwrap().to_owned(),
    ] {
        assert!(command.starts_with("eval \"$(jq -r '") && command.ends_with("')\""), "{command}");
        assert!(command.contains(r#"@sh "ctx -C \(.cwd) hook record "#), "{command}");
    }
}
