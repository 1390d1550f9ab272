use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::entry::Record;

const POSITIVES: &str = include_str!("../../tests/golden/redact/positives.txt");
const NEGATIVES: &str = include_str!("../../tests/golden/redact/negatives.txt");

/// A line of the corpus: what is given, what has to come of it, and its secrets.
struct Case {
    is_note: bool,
    given: String,
    expected: String,
    secrets: Vec<String>,
}

impl Case {
    fn parse(line: &str) -> Case {
        let (is_note, line) = line.strip_prefix("note> ").map_or((false, line), |line| (true, line));
        let mut case = Case { is_note, given: String::new(), expected: String::new(), secrets: Vec::new() };
        let filled = filled(line);
        let mut rest = filled.as_str();
        while let Some((before, after)) = rest.split_once('⟦') {
            let (secret, after) = after.split_once('⟧').unwrap();
            let (kind, secret) = secret.split_once('|').unwrap();
            write!(case.given, "{before}{secret}").unwrap();
            write!(case.expected, "{before}{MARKER}{kind}]").unwrap();
            case.secrets.push(secret.to_owned());
            rest = after;
        }
        case.given.push_str(rest);
        case.expected.push_str(rest);
        case
    }

    fn redacted(&self) -> Redacted<'_> {
        let redactor = Redactor::default();
        if self.is_note { redactor.text(&self.given) } else { redactor.command(&self.given) }
    }
}

/// The line with its fillers: the corpus holds nothing that anybody could take for a token.
fn filled(line: &str) -> String {
    let line = line.replace('⏎', "\n");
    let mut out = String::new();
    let mut rest = line.as_str();
    let mut seed = 1_u32;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let filler = after.split_once('}').and_then(|(filler, after)| {
            let alphabet = match filler.chars().next()? {
                'a' => "aB3dE5gH7jK9mN1pQrS2tU4vW6xY8z",
                'A' => "ABC2DEF3GHJ4KLM5NPQ6RST7UVW",
                'H' => "0123456789ABCDEF",
                'h' => "0123456789abcdef",
                'l' => "abcdfghijklmnpqrsvwxyz0123456789",
                'd' => "1234567890",
                'u' => "aB3dE-gH7jK9_N1pQrS2tU4vW6xY8z",
                _ => return None,
            };
            let length: usize = filler[1..].parse().ok()?;
            Some((alphabet.as_bytes(), length, after))
        });
        let Some((alphabet, length, after)) = filler else {
            out.push('{');
            rest = after;
            continue;
        };
        for _ in 0..length {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            out.push(char::from(alphabet[(seed >> 16) as usize % alphabet.len()]));
        }
        rest = after;
    }
    out + rest
}

fn cases(corpus: &str) -> Vec<Case> {
    corpus.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(Case::parse).collect()
}

/// Shown by `cargo test redact -- --nocapture`.
#[test]
fn the_corpus_is_redacted_exactly() {
    let cases: Vec<Case> = cases(POSITIVES).into_iter().chain(cases(NEGATIVES)).collect();
    let (mut secrets, mut taken_out, mut markers, mut right) = (0, 0, 0, 0);
    let mut wrong = Vec::new();
    for case in &cases {
        let redacted = case.redacted();
        secrets += case.secrets.len();
        markers += redacted.text.matches(MARKER).count() - case.given.matches(MARKER).count();
        if redacted.text == case.expected {
            taken_out += case.secrets.len();
            right += case.secrets.len();
            assert_eq!(redacted.count, case.secrets.len() as u64, "{}", case.given);
        } else {
            taken_out += case.secrets.iter().filter(|secret| !redacted.text.contains(secret.as_str())).count();
            wrong.push(format!("given    {}\nexpected {}\nis       {}", case.given, case.expected, redacted.text));
        }
    }
    println!(
        "{} lines, {secrets} secrets: recall {:.1} %, precision {:.1} %",
        cases.len(),
        100.0 * taken_out as f64 / secrets as f64,
        100.0 * right as f64 / markers as f64
    );
    assert!(wrong.is_empty(), "{} of {} lines:\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
}

#[test]
fn what_is_redacted_stays_as_it_is() {
    for case in cases(POSITIVES) {
        let once = case.redacted().text.into_owned();
        for again in [Redactor::default().command(&once), Redactor::default().text(&once)] {
            assert_eq!((again.text.as_ref(), again.count), (once.as_str(), 0));
        }
    }
}

fn with_patterns(patterns: &[&str]) -> Redactor {
    let text = format!("[redact]\npatterns = {patterns:?}\n");
    Redactor::new(&crate::config::Config::default().overlaid(&text, crate::config::Owner::User).unwrap().0.redact)
}

#[test]
fn the_users_patterns_come_on_top() {
    let redactor = with_patterns(&["acme-[0-9]+", "x*"]);
    let redacted = redactor.command("deploy acme-123 --password acme-4 xx y");
    let expected = "deploy [REDACTED:pattern] --password [REDACTED:password] [REDACTED:pattern] y";
    assert_eq!((redacted.text.as_ref(), redacted.count), (expected, 3));
    // One that matches all, and so what it has left itself.
    for pattern in [".+", "[A-Z:]+", "."] {
        let redactor = with_patterns(&[pattern]);
        let once = redactor.text("Some TEXT").text.into_owned();
        assert_eq!(redactor.text(&once).text, once, "{pattern}");
    }
}

#[test]
fn a_record_is_redacted_in_all_that_is_free_text() {
    let json = r#"{"kind":"ran","id":"1","command":"x --token abc","status":"see https://a:b@h","cwd":"/t/password=pw1","source":"log"}"#;
    let mut what = serde_json::from_str::<Record>(json).unwrap().into();
    assert_eq!(Redactor::default().what(&mut what), 3);
    assert_eq!(Redactor::default().what(&mut what), 0);
    let What::Ran(ran) = what else { unreachable!() };
    assert_eq!(ran.command, "x --token [REDACTED:token]");
    assert_eq!(ran.status, "see https://a:[REDACTED:password]@h");
    assert_eq!(ran.cwd.unwrap(), "/t/password=[REDACTED:password]");
    assert_eq!(ran.redactions, 3);
}

#[test]
fn lines_of_the_log_are_redacted_by_what_they_say() {
    let redactor = Redactor::default();
    for (given, expected) in [
        ("[10:00:00] Ran: a -p x -> Success (1.0 s)", None),
        (
            "[10:00:00] Ran: a --token t1 -> Success (1.0 s)",
            Some("[10:00:00] Ran: a --token [REDACTED:token] -> Success (1.0 s)"),
        ),
        (
            "[10:00:00] Ran: a --token 't\\nx' \\x1b -> Failed",
            Some("[10:00:00] Ran: a --token '[REDACTED:token]' \\x1b -> Failed"),
        ),
        (
            "[10:00:00] Ran: a --token t1 -\\x3e b -> Failed",
            Some("[10:00:00] Ran: a --token [REDACTED:token] -\\x3e b -> Failed"),
        ),
        ("[10:00:00] Ran: a -> token=abc", Some("[10:00:00] Ran: a -> token=[REDACTED:token]")),
        ("[10:00:00] Note: token=abc", Some("[10:00:00] Note: token=[REDACTED:token]")),
        ("[10:00:00] Committed: ab12cd3 token=abc", Some("[10:00:00] Committed: ab12cd3 token=[REDACTED:token]")),
        ("[10:00:00] Edited: token=abc", None),
        ("[10:00:00] Moved: token=abc -> token=def", None),
        ("[10:00:00] Session tracker started", None),
        ("## Session 2026-11-22 10:00:00 +01:00", None),
        ("curl -u alice:hunter2 x", Some("curl -u alice:[REDACTED:password] x")),
        (
            "[10:00:00] Ran: curl -u a:pw1 \u{7} -> Failed",
            Some("[10:00:00] Ran: curl -u a:[REDACTED:password] \u{7} -> Failed"),
        ),
        ("[10:00:00] Note: token=abc -> x", Some("[10:00:00] Note: token=[REDACTED:token] -> x")),
        ("", None),
    ] {
        let redacted = redactor.line(given);
        assert_eq!(redacted.text, expected.unwrap_or(given));
        assert_eq!(redacted.count, u64::from(expected.is_some()), "{given}");
        assert_eq!(redactor.line(&redacted.text).count, 0);
    }
}

/// Texts that are made of what the rules look for.
fn hostile() -> impl Strategy<Value = String> {
    let parts = [
        "password",
        "TOKEN",
        "api-key",
        "=",
        ":",
        " ",
        "'",
        "\"",
        "\\",
        "\\\"",
        "$",
        "${",
        "$(",
        "}",
        ")",
        "`",
        "--",
        "-p",
        "-u",
        "mysql",
        "curl",
        "sh -c ",
        "docker login",
        "Authorization",
        "Bearer ",
        "://",
        "@",
        "/",
        ";",
        "|",
        "&",
        ",",
        "\n",
        "[REDACTED:",
        "[REDACTED:token]",
        "]",
        "x",
        "hunter2",
        "é",
        "\u{2028}",
        "ghp_",
        "abcdefghijklmnop",
        "eyJ",
        ".",
        "-----BEGIN PRIVATE KEY-----",
        "-----",
        "AKIA",
        "0123456789",
        "{{",
        "}}",
        "<",
        ">",
        "set ",
        "%3D",
        "\\\n",
        "(",
        "set_password(",
        "auth=",
        "AUTH",
        "KEY",
        "machine h login a password ",
        "alter role x password '",
        "htpasswd -nb ",
        "qpdf --encrypt ",
        "mc alias set ",
        "sqlplus ",
        "net use \\\\h ",
        "secrets set ",
        ".*",
        "use it",
    ];
    prop_oneof![
        4 => prop::collection::vec(prop::sample::select(parts.to_vec()), 0..24).prop_map(|parts| parts.concat()),
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn redacting_twice_is_redacting_once(text in hostile()) {
        let patterns = with_patterns(&["hunter[0-9]", "^x", "k$"]);
        for redactor in [Redactor::default(), patterns] {
            for redact in [Redactor::command, Redactor::text, Redactor::line] {
                let once = redact(&redactor, &text);
                prop_assert_eq!(once.count == 0, once.text == text);
                let twice = redact(&redactor, &once.text);
                prop_assert_eq!((twice.count, &twice.text), (0, &once.text), "{:?}", text);
            }
        }
    }

    #[test]
    fn a_text_without_a_sign_of_a_secret_stays(text in "[a-z /.,+()0-9A-Zé\n]{0,200}") {
        // No sign of an assignment, no option, no token's prefix with what it needs behind it.
        let redacted = Redactor::default().text(&text);
        prop_assert_eq!(redacted.text.as_ref(), text.as_str());
    }

    #[test]
    fn what_stands_around_a_secret_stays(before in "[a-z ]{0,20}", secret in "[a-zA-Z0-9!#%+]{4,20}", after in "[a-z .]{0,20}") {
        prop_assume!(!open::is_open(&secret, false));
        let given = format!("{before} --password {secret} {after}");
        let redacted = Redactor::default().command(&given).text.into_owned();
        prop_assert_eq!(redacted, format!("{before} --password [REDACTED:password] {after}"));
    }
}
