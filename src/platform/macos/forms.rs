//! The forms in which macOS answers and wants to be told: bytes in, values out, and the other way round.
//!
//! Nothing here asks the system, so that the tests run on any.

/// What `KERN_PROCARGS2` gives: the count of arguments, the program's path, padding, then the arguments, each ended by a zero.
pub(super) fn arguments(buffer: &[u8]) -> Option<Vec<String>> {
    let (count, rest) = buffer.split_first_chunk::<4>()?;
    let count = usize::try_from(i32::from_ne_bytes(*count)).ok()?;
    let path_end = rest.iter().position(|byte| *byte == 0)?;
    let padding = rest[path_end..].iter().position(|byte| *byte != 0)?;
    let parts = rest[path_end + padding..].split(|byte| *byte == 0).take(count);
    Some(parts.map(|part| String::from_utf8_lossy(part).into_owned()).collect())
}

/// The one name in what `getattrlist` gives: the length of the whole, then where the name begins, counted from there, and how
/// long it is with the zero at its end.
pub(super) fn attribute_name(answer: &[u8]) -> Option<&[u8]> {
    let (offset, rest) = answer.get(4..)?.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_ne_bytes(*rest.first_chunk::<4>()?)).ok()?;
    let from = 4_usize.checked_add_signed(i32::from_ne_bytes(*offset) as isize)?;
    answer.get(from..from.checked_add(length)?)?.split(|byte| *byte == 0).next().filter(|name| !name.is_empty())
}

/// What launchd is told of a program to be started at login (`launchd.plist(5)`).
///
/// Without a type of its own the process would be throttled as a daemon is. Its children are not ended with it: they do so
/// themselves, after they have written what they know.
pub(super) fn launch_agent(label: &str, program: &str) -> String {
    let (label, program) = (escaped(label), escaped(program));
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
    <key>Label</key>
    <string>{label}</string>
    <key>AssociatedBundleIdentifiers</key>
    <string>{label}</string>
    <key>ProgramArguments</key>
    <array>
        <string>{program}</string>
    </array>
    <key>RunAtLoad</key>
    <true/>
    <key>LimitLoadToSessionType</key>
    <string>Aqua</string>
    <key>ProcessType</key>
    <string>Interactive</string>
    <key>AbandonProcessGroup</key>
    <true/>
</dict>
</plist>
"#
    )
}

/// The program that such a text starts; none where another hand has given it another form.
pub(super) fn launched_program(text: &str) -> Option<String> {
    let (_, arguments) = text.split_once("<key>ProgramArguments</key>")?;
    let (_, value) = arguments.split_once("<string>")?;
    let (program, _) = value.split_once("</string>")?;
    // The ampersand last, or what it begins would be taken for an escape once more.
    Some(ESCAPES.iter().rev().fold(program.to_owned(), |text, (plain, escape)| text.replace(escape, plain)))
}

/// Whether a program runs from the place, gone at the next start, from which macOS opens what was downloaded and not moved since.
pub(super) fn is_translocated(program: &str) -> bool {
    program.split('/').any(|part| part == "AppTranslocation")
}

const ESCAPES: [(&str, &str); 3] = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")];

fn escaped(text: &str) -> String {
    ESCAPES.iter().fold(text.to_owned(), |text, (plain, escape)| text.replace(plain, escape))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_of_a_process_follow_its_path_and_padding() {
        let answer = |count: i32, rest: &[u8]| [&count.to_ne_bytes()[..], rest].concat();
        let told = arguments(&answer(2, b"/usr/bin/ctx\0\0\0\0ctx\0tracker\0HOME=/\0")).unwrap();
        assert_eq!(told, ["ctx", "tracker"]);
        assert_eq!(arguments(&answer(3, b"/bin/x\0x\0\0y\0")).unwrap(), ["x", "", "y"]);
        for broken in
            [&b""[..], b"\x01", &answer(1, b""), &answer(1, b"no end"), &answer(-1, b"x\0x\0"), &answer(1, b"x\0\0")]
        {
            assert_eq!(arguments(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn a_name_is_found_where_the_answer_says() {
        let answer = |offset: i32, length: u32, rest: &[u8]| {
            [&99_u32.to_ne_bytes()[..], &offset.to_ne_bytes(), &length.to_ne_bytes(), rest].concat()
        };
        assert_eq!(attribute_name(&answer(8, 7, b"README\0\0")), Some(&b"README"[..]));
        // Some file systems count the padding in.
        assert_eq!(attribute_name(&answer(8, 8, b"README\0\0")), Some(&b"README"[..]));
        for broken in
            [answer(8, 20, b"README\0"), answer(-9, 2, b"x\0"), answer(8, 0, b"\0"), answer(i32::MAX, 1, b"x\0")]
        {
            assert_eq!(attribute_name(&broken), None);
        }
        assert_eq!(attribute_name(&[0; 6]), None);
    }

    #[test]
    fn a_program_of_any_name_comes_out_of_the_launch_agent_as_it_went_in() {
        for program in ["/Applications/Context Tray.app/Contents/MacOS/context-tray", "/R&D/a<b>\"c'/&amp;/ü"] {
            let text = launch_agent("org.example.Tray", program);
            assert_eq!(launched_program(&text).as_deref(), Some(program));
            assert!(!text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").contains('&'), "{text}");
        }
        assert_eq!(launched_program("bplist00"), None);
    }

    #[test]
    fn what_runs_where_it_was_downloaded_is_told_by_its_path() {
        let random =
            "/private/var/folders/zy/x/T/AppTranslocation/613DF902/d/Context Tray.app/Contents/MacOS/context-tray";
        assert!(is_translocated(random));
        assert!(!is_translocated("/Applications/Context Tray.app/Contents/MacOS/context-tray"));
    }
}
