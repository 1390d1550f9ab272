//! The words of the notices.

use crate::notice::{Action, Notice, NoticeKey, NoticeKind};
use crate::request::{Failure, Openable, Request};
use crate::status::ProjectStatus;

fn notice(status: &ProjectStatus, kind: NoticeKind, title: String, body: String, actions: Vec<Action>) -> Notice {
    Notice { key: NoticeKey { project: Some(status.project.clone()), kind }, title, body, actions }
}

fn action(label: &str, request: Request) -> Action {
    Action { label: label.to_owned(), request }
}

fn open_log(status: &ProjectStatus) -> Action {
    action("Open log", Request::Open { what: Openable::SessionLog { project: status.project.clone() } })
}

fn how_to_fix() -> Action {
    action("How to fix", Request::Open { what: Openable::Report })
}

fn start(status: &ProjectStatus, label: &str) -> Action {
    action(label, Request::Start { project: status.project.clone(), force: false })
}

/// A tracker died and is started again.
pub(super) fn crashed(status: &ProjectStatus, pid: Option<u32>, how: &str) -> Notice {
    let pid = pid.map(|pid| format!(" (PID {pid}, now stale)")).unwrap_or_default();
    let title = format!("{}: recording was interrupted", status.name());
    let body = format!("The tracker{pid} died: {how}. It is started again; the log says what was missed.");
    notice(status, NoticeKind::Crashed, title, body, vec![open_log(status)])
}

/// A tracker could not be started, or died too often.
pub(super) fn given_up(status: &ProjectStatus, failure: &Failure) -> Notice {
    let title = format!("{} is not being recorded", status.name());
    let hint = failure.hint.as_ref().map(|hint| format!(" To mend it: {hint}.")).unwrap_or_default();
    let body = format!("{}.{hint}", capitalised(&failure.message));
    let diagnostics = action("Open diagnostics", Request::Open { what: Openable::Diagnostics });
    notice(status, NoticeKind::GivenUp, title, body, vec![start(status, "Start again"), diagnostics])
}

/// What was clicked could not be done.
pub(super) fn refused(failure: &Failure) -> Notice {
    let hint = failure.hint.as_ref().map(|hint| format!(" To mend it: {hint}.")).unwrap_or_default();
    Notice {
        key: NoticeKey { project: None, kind: NoticeKind::Refused },
        title: "Context Tray: that could not be done".to_owned(),
        body: format!("{}.{hint}", capitalised(&failure.message)),
        actions: vec![action("Open diagnostics", Request::Open { what: Openable::Diagnostics })],
    }
}

/// The configuration that all projects share is damaged.
pub(super) fn shared_config(problem: &str, key: NoticeKey) -> Notice {
    Notice {
        key,
        title: "Context Tray: the configuration has a problem".to_owned(),
        body: format!("{}. What was in force before still is.", capitalised(problem)),
        actions: vec![how_to_fix()],
    }
}

/// A session that ended without saying so left its PID file.
pub(super) fn stale(status: &ProjectStatus, is_wanted: bool) -> Notice {
    let pid = status.stale_pid.map(|pid| format!(" {pid}")).unwrap_or_default();
    let title = format!("{}: stale PID{}", status.name(), if pid.is_empty() { " file" } else { &pid });
    let rest = if is_wanted {
        "Recording starts again; the log says what was missed."
    } else {
        "The project is not being recorded."
    };
    let with = if pid.is_empty() { String::new() } else { format!(" with the PID{pid}") };
    let body = format!("The tracker of {}{with} ended without saying so. {rest}", status.name());
    let clean_up = action("Clean up", Request::CleanUp { project: status.project.clone() });
    notice(status, NoticeKind::StalePid, title, body, vec![start(status, "Restart"), clean_up])
}

/// The folder of a project that should be recorded is gone.
pub(super) fn missing(status: &ProjectStatus) -> Notice {
    let title = format!("{}: the folder is gone", status.name());
    let why = "can't be found, or another folder lies in its place, so nothing is recorded there";
    let body = format!("{} {why}.", status.project.display());
    let remove = action("Remove from the list", Request::Forget { project: status.project.clone() });
    notice(status, NoticeKind::Missing, title, body, vec![start(status, "Start again"), remove])
}

/// The project is recorded, but not as it should be.
pub(super) fn degraded(status: &ProjectStatus, why: &str) -> Notice {
    let title = format!("{}: changes come late", status.name());
    notice(status, NoticeKind::Degraded, title, format!("{}.", capitalised(why)), vec![how_to_fix()])
}

/// The record can't be written.
pub(super) fn unwritable(status: &ProjectStatus, why: &str) -> Notice {
    let title = format!("{}: the record can't be written", status.name());
    let body = format!("{}. What happens is kept in memory until then.", capitalised(why));
    notice(status, NoticeKind::Record, title, body, vec![how_to_fix()])
}

/// The project's own configuration is damaged.
pub(super) fn own_config(status: &ProjectStatus, problem: &str) -> Notice {
    let title = format!("{}: the configuration has a problem", status.name());
    let body = format!("{}. What was in force before still is.", capitalised(problem));
    notice(status, NoticeKind::Config, title, body, vec![how_to_fix()])
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
