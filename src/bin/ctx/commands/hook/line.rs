//! What a line of a shell tells of itself, whichever shell it is.

/// Whether the line is nothing but one of our own commands that make a record.
pub(super) fn records_itself(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let program = words.next().and_then(|word| word.rsplit(['/', '\\']).next());
    let is_ours = matches!(program, Some("ctx" | "ctx.exe"));
    let verb = words.find(|word| !word.starts_with('-'));
    is_ours && matches!(verb, Some("run" | "log" | "note")) && !has_several_commands(line)
}

/// Whether something outside quotes begins another command.
fn has_several_commands(line: &str) -> bool {
    unquoted(line.trim_end()).any(|(_, c)| matches!(c, ';' | '&' | '|' | '\n'))
}

/// Whether the shell went on before the last command of the line ended, whose result then nobody knows.
pub(super) fn goes_on_in_background(line: &str) -> bool {
    let Some((at, _)) = unquoted(line).filter(|(_, c)| *c == '&').last() else { return false };
    let (before, after) = line.split_at(at);
    // `&&` is another thing, and so are `>&` and `&>`, where something follows; `&!` and `&|` are zsh's.
    let rest = after.trim_start_matches(['&', '!', '|']);
    let is_comment = rest.starts_with(char::is_whitespace) && rest.trim_start().starts_with('#');
    let is_alone = !before.ends_with(['&', '>', '<', '|']);
    is_alone && (is_comment || rest.chars().all(|c| c.is_whitespace() || matches!(c, ')' | '}' | ';')))
}

/// The characters that are neither in quotes nor escaped, each with its place.
fn unquoted(line: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut quote, mut is_escaped) = (None, false);
    line.char_indices().filter(move |&(_, c)| {
        match (c, quote) {
            _ if is_escaped => is_escaped = false,
            ('\\', None | Some('"')) => is_escaped = true,
            (_, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => quote = Some(c),
            _ => return quote.is_none(),
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_records_itself_is_not_recorded_twice() {
        for own in ["ctx run -- cargo test", "/usr/bin/ctx log x", "ctx -q note 'a; b'", "ctx run sh -c \"a && b\""] {
            assert!(records_itself(own), "{own}");
        }
        for other in ["ctx status", "cargo test", "ctx run -- true && make", "ctxrun x", "ctx run 'a'; b", "ctx"] {
            assert!(!records_itself(other), "{other}");
        }
    }

    #[test]
    fn a_line_that_goes_on_in_the_background_is_told_from_others() {
        for going in ["make &", "make & ", "(make &)", "{ make & }", "{ make &; };", "a && make &", "make &!", "make&|"]
        {
            assert!(goes_on_in_background(going), "{going}");
        }
        for going in ["make & # later", "echo 'a' &", "make >&2 &", "make >log 2>&1 &\n"] {
            assert!(goes_on_in_background(going), "{going}");
        }
        for done in
            ["make", "a && b", "echo '&'", "echo \"a &\"", "echo a\\&", "a & b", "make &> log", "make 2>&1", "a |& b"]
        {
            assert!(!goes_on_in_background(done), "{done}");
        }
    }
}
