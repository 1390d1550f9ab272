//! Secrets that only a command line tells: the values of options, by their names or by what the program makes of them.

use super::open::{is_file, is_open};
use super::programs::{BEHIND, Form, GETTERS, OPEN, PROGRAMS, Rule, SETTERS, SLASHED, Takes};
use super::values::continued;
use super::words::{Body, Piece, Pieces, body};
use super::{Span, marker_at, names};

/// Command lines within command lines are followed so deep: `ssh host "sh -c 'mysql -psecret'"`.
const DEEPEST: usize = 4;

/// So many words without a hyphen tell which of a program's commands is meant.
const OPERANDS: usize = 4;

/// Finds what only a command line tells.
pub(super) fn find(text: &str, found: &mut Vec<Span>) {
    Line { text, found, deepest: DEEPEST }.find(0, text.len());
}

struct Line<'t, 'f> {
    text: &'t str,
    found: &'f mut Vec<Span>,
    deepest: usize,
}

/// What is known of a command up to one of its words.
#[derive(Default)]
struct Command<'t> {
    program: &'t str,
    /// The next words may be a program ...
    is_runner: bool,
    /// ... or a command line.
    is_shell: bool,
    /// Those for the program.
    rules: &'static [&'static Rule],
    /// The first words that are no options.
    operands: Vec<&'t str>,
    /// A name and its value follow.
    is_setting: bool,
    /// What is set is a secret whatever its name is.
    sets_secrets: bool,
    /// What the next word is, unless it is an option.
    expects: Option<Takes>,
}

impl<'t> Line<'t, '_> {
    /// Looks at the command lines between these places.
    fn find(&mut self, start: usize, end: usize) {
        let mut command = Command::default();
        for piece in Pieces::new(&self.text[start..end]) {
            match piece {
                Piece::Border => command = Command::default(),
                Piece::Redirection => command.expects = None,
                Piece::Word { start: from, end: to } => self.word(&mut command, start + from, start + to),
            }
        }
    }

    fn word(&mut self, command: &mut Command<'t>, start: usize, end: usize) {
        let body = body(self.text, start, end);
        let word = &self.text[body.start..body.end];
        let is_slashed = word.starts_with('/') && SLASHED.contains(&command.program);
        let is_option = word.len() > 1 && (word.starts_with('-') || is_slashed);
        match command.expects.take() {
            Some(takes) if !is_option => {
                self.secret(takes, body);
                command.expects = takes.next();
            }
            _ if is_option => self.option(command, body),
            _ => self.operand(command, body),
        }
        if let Some(start) = self.inner_commands(command, body, word) {
            self.deepest -= 1;
            self.find(start, body.end);
            self.deepest += 1;
        }
    }

    /// Where a command line begins in the word: it is one itself, or a part of it is replaced by what one prints.
    fn inner_commands(&self, command: &Command<'_>, body: Body, word: &str) -> Option<usize> {
        let is_line = command.is_shell && is_line(body, word);
        let replaced = || word.find("$(").map(|at| at + 2).or_else(|| word.find('`').map(|at| at + 1));
        let at = if is_line { Some(0) } else { replaced().filter(|_| body.quote != Some(b'\'')) };
        at.filter(|_| self.deepest > 0).map(|at| body.start + at)
    }

    fn option(&mut self, command: &mut Command<'t>, body: Body) {
        let word = &self.text[body.start..body.end];
        // Of `find`, which another command follows.
        if matches!(word, "-exec" | "-execdir") {
            *command = Command::default();
            return;
        }
        command.is_setting &= !GETTERS.contains(&word);
        let is_meant = |rule: &&&Rule| rule.behind.is_empty() || command.operands.contains(&rule.behind);
        if let Some(takes) = command.rules.iter().filter(is_meant).find_map(|rule| self.by_rule(rule, body)) {
            command.expects = takes;
            return;
        }
        let (name, value) = match word.split_once('=') {
            Some((name, _)) => (name, Some(body.start + name.len() + 1)),
            None => (word, None),
        };
        let is_open_option =
            |(programs, option): &(&[&str], &str)| programs.contains(&command.program) && *option == name;
        // With one hyphen, the short names mean something else in too many programs.
        let is_named = name.starts_with("--") || name.len() > "-pass".len();
        let kind = if is_named { names::kind_of_option(name) } else { None };
        match (kind, value) {
            (Some(kind), Some(start)) => self.joined(Takes::Secret(kind), start, body.end),
            (Some(kind), None) if !OPEN.iter().any(is_open_option) => command.expects = Some(Takes::Secret(kind)),
            _ => {}
        }
    }

    /// Some when the word is the rule's option: with what the next word is then.
    fn by_rule(&mut self, rule: &Rule, body: Body) -> Option<Option<Takes>> {
        let word = &self.text[body.start..body.end];
        if rule.form == Form::Switch {
            return has_switches(word, rule.option).then_some(Some(rule.takes));
        }
        let Some(rest) = word.strip_prefix(rule.option) else {
            return (rule.form == Form::Either && is_cluster(word, rule.option)).then_some(Some(rule.takes));
        };
        if rest.is_empty() {
            return (rule.form != Form::Joined).then_some(Some(rule.takes));
        }
        let start = body.end - rest.len();
        if rule.option.starts_with("--") {
            rest.strip_prefix('=').map(|_| self.joined(rule.takes, start + 1, body.end))?;
            return Some(None);
        }
        // `docker run --name mysql -p3306:3306` is a port.
        let is_port = rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') && rest.contains(':');
        if rule.form == Form::Next || rule.option.len() > 2 && rule.form != Form::Joined || is_port {
            return None;
        }
        self.joined(rule.takes, start, body.end);
        Some(None)
    }

    fn operand(&mut self, command: &mut Command<'t>, body: Body) {
        let word = &self.text[body.start..body.end];
        if command.is_shell && is_line(body, word) {
            return;
        }
        if let Some((name, _)) = word.split_once('=').filter(|(name, _)| is_constant(name)) {
            // The text alone shows no end of such a value where quotes are joined to it.
            if let Some(kind) = names::kind(name).or(command.sets_secrets.then_some("secret")) {
                self.joined(Takes::Secret(kind), body.start + name.len() + 1, body.end);
            }
            return;
        }
        let begins = (command.program.is_empty() || command.is_runner) && command.begin(program(word));
        let is_before = |before: &str| match before.strip_suffix('*') {
            Some(begin) => word.starts_with(begin),
            None => before == word || (before.is_empty() && begins),
        };
        let is_behind =
            |(of, before, _): &&(&str, &str, Takes)| (of.is_empty() || *of == command.program) && is_before(before);
        command.expects = BEHIND.iter().find(is_behind).map(|(.., takes)| *takes);
        if command.is_setting && command.expects.is_none() && !word.contains(' ') {
            command.expects = names::kind(word).map(Takes::Secret);
        }
        let is_setter = |(of, setter): &(&str, &str)| *setter == word && (of.is_empty() || *of == command.program);
        command.is_setting |= SETTERS.iter().any(is_setter);
        command.sets_secrets |= word == "set" && command.operands.last() == Some(&"secrets");
        if command.operands.len() < OPERANDS {
            command.operands.push(word);
        }
        command.is_setting &= !GETTERS.contains(&word);
    }

    /// A value that is the rest of a word.
    fn joined(&mut self, takes: Takes, start: usize, end: usize) {
        self.secret(takes, body(self.text, start, end));
    }

    fn secret(&mut self, takes: Takes, body: Body) {
        let word = &self.text[body.start..body.end];
        let (start, end, kind) = match takes {
            Takes::Secret(kind) | Takes::Pair(kind) => (body.start, body.end, kind),
            Takes::Later(..) => return,
            Takes::Login => {
                let Some((user, rest)) = word.split_once('/').filter(|(user, _)| is_user(user)) else { return };
                let end = rest.rfind('@').unwrap_or(rest.len());
                let start = body.start + user.len() + 1;
                (start, start + end, "password")
            }
            Takes::After(separator, kind) => {
                let user = marker_at(word, 0).unwrap_or(0);
                let Some(at) = word[user..].bytes().position(|byte| byte == separator) else { return };
                (body.start + user + at + 1, body.end, kind)
            }
            Takes::Source => match word.strip_prefix("pass:") {
                Some(rest) => (body.end - rest.len(), body.end, "password"),
                None => return,
            },
        };
        let start = continued(self.text, start).min(end);
        let value = &self.text[start..end];
        if !is_open(value, body.quote == Some(b'\'')) && !is_file(kind, value) {
            self.found.push(Span { start, end, kind });
        }
    }
}

impl<'t> Command<'t> {
    /// Takes the word for the program, unless it is an operand of one that runs others.
    fn begin(&mut self, word: &'t str) -> bool {
        let known = PROGRAMS.get(word);
        let is_program = self.program.is_empty() || known.is_some();
        if is_program {
            self.program = word;
            self.rules = known.map_or(&[], |known| &known.rules);
            self.is_shell |= known.is_some_and(|known| known.is_shell);
            self.is_runner |= known.is_some_and(|known| known.is_runner);
        }
        is_program
    }
}

/// Whether one word is a whole command line.
fn is_line(body: Body, word: &str) -> bool {
    body.quote.is_some() && word.contains([' ', '\n'])
}

/// Whether short options are written together and end with this one: `-sSu user:password`.
fn is_cluster(word: &str, option: &str) -> bool {
    let is_letters = word.len() > 2 && word.bytes().skip(1).all(|byte| byte.is_ascii_alphabetic());
    option.len() == 2 && is_letters && word.ends_with(&option[1..])
}

/// Whether these switches are among those that are written together.
fn has_switches(word: &str, switches: &str) -> bool {
    !word.starts_with("--") && switches.chars().all(|switch| word.contains(switch))
}

/// Whether this can be the name of one who logs in to a database, and no path or script.
fn is_user(name: &str) -> bool {
    !name.is_empty() && !name.contains(['@', '.', '='])
}

/// `DB_PASSWORD`: the name of a variable of the environment.
fn is_constant(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The name of a program without its folder and its `.exe`.
fn program(word: &str) -> &str {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    name.strip_suffix(".exe").unwrap_or(name)
}
