//! Notices on the desktop: a [`Notice`] becomes a notification, a click on it becomes a [`Request`].
//!
//! One thread, which begins with the first notice, shows and closes them, since a notification server may take its
//! time to answer. Each notification that is up has a thread of its own that waits for its end: the connection that
//! showed it must live as long, and only it gets the clicks. No server, or no bus, is a normal thing and said once.

use std::collections::HashMap;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use context_tray::agent::AgentSender;
use context_tray::notice::{Action, Notice, NoticeKey};
use notify_rust::{Notification, NotificationHandle, NotificationResponse, Timeout};

use crate::event_loop::notifications;

/// The most notifications that are up at a time, and so the most threads that wait for one.
const MOST: usize = 8;

/// What the thread is told.
enum Message {
    Show(Notice),
    Withdraw(NoticeKey),
    /// This notification is no longer up, and nobody waits for it.
    Ended(NoticeKey, Shown),
}

/// Names one notification to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shown(pub(crate) u32);

/// The way to the thread that shows notices.
pub(crate) struct Notices {
    agent: AgentSender,
    thread: Option<Sender<Message>>,
}

impl Notices {
    pub(crate) fn new(agent: AgentSender) -> Self {
        Self { agent, thread: None }
    }

    /// Shows a notice in place of the one with its key.
    pub(crate) fn show(&mut self, notice: Notice) {
        if self.thread.is_none() {
            let (sender, messages) = mpsc::channel();
            let (agent, own) = (self.agent.clone(), sender.clone());
            let board = Board { agent, own, up: HashMap::new(), awaited: 0, silent: false };
            match thread::Builder::new().name("notices".to_owned()).spawn(move || board.run(&messages)) {
                Ok(_) => self.thread = Some(sender),
                Err(error) => tracing::warn!(%error, "can't show notices"),
            }
        }
        self.send(Message::Show(notice));
    }

    /// Closes the notice with this key, if it is up.
    pub(crate) fn withdraw(&self, key: NoticeKey) {
        self.send(Message::Withdraw(key));
    }

    fn send(&self, message: Message) {
        if let Some(thread) = &self.thread {
            let _ = thread.send(message);
        }
    }
}

/// The notifications that are up.
struct Board {
    agent: AgentSender,
    own: Sender<Message>,
    up: HashMap<NoticeKey, Shown>,
    /// How many threads wait for one. Where nothing can be closed, what is no longer up for us still may be for the user.
    awaited: usize,
    silent: bool,
}

impl Board {
    fn run(mut self, messages: &Receiver<Message>) {
        for message in messages {
            match message {
                Message::Show(notice) => self.show(notice),
                Message::Withdraw(key) => self.close(&key),
                Message::Ended(key, shown) => {
                    self.awaited -= 1;
                    if self.up.get(&key) == Some(&shown) {
                        self.up.remove(&key);
                    }
                }
            }
        }
    }

    fn show(&mut self, mut notice: Notice) {
        self.close(&notice.key);
        // Servers number upwards: the lowest is the oldest.
        if let Some((oldest, _)) = self.up.iter().min_by_key(|(_, shown)| **shown).filter(|_| self.up.len() >= MOST) {
            self.close(&oldest.clone());
        }
        let is_awaited = self.awaited < notifications::MOST_AWAITED;
        if !is_awaited {
            // Its buttons would be dead.
            notice.actions.clear();
        }
        match notifications::show(&notice) {
            Ok((shown, handle)) if is_awaited => self.wait(notice, shown, handle),
            // On macOS it is shown as soon as nobody can wait for it any more.
            Ok(_) => {}
            Err(error) if !self.silent => {
                self.silent = true;
                tracing::info!(%error, title = notice.title, "no notification server; notices are only logged");
            }
            Err(_) => tracing::info!(title = notice.title, "not shown"),
        }
    }

    fn close(&mut self, key: &NoticeKey) {
        if let Some(shown) = self.up.remove(key)
            && let Err(error) = notifications::close(shown)
        {
            tracing::info!(%error, "can't close a notification");
        }
    }

    /// Waits on a thread of its own for the click or the end of a notification.
    fn wait(&mut self, notice: Notice, shown: Shown, handle: NotificationHandle) {
        let Notice { key, actions, .. } = notice;
        self.up.insert(key.clone(), shown);
        let (agent, own) = (self.agent.clone(), self.own.clone());
        let waiting = thread::Builder::new().name("notice".to_owned()).spawn(move || {
            let response = |response: &NotificationResponse| {
                if let Some(action) = chosen(&actions, response) {
                    agent.send(action.request.clone());
                }
            };
            // An end without a response is an end all the same.
            let _ = handle.wait_for_response(response);
            let _ = own.send(Message::Ended(key, shown));
        });
        match waiting {
            Ok(_) => self.awaited += 1,
            Err(error) => tracing::warn!(%error, "can't wait for a click on a notification"),
        }
    }
}

/// The notification of a notice, with buttons where the server has them.
pub(crate) fn notification(notice: &Notice, body: &str, with_actions: bool) -> Notification {
    let mut notification = Notification::new();
    notification.appname("Context Tray").summary(&notice.title).body(body).timeout(Timeout::Default);
    if with_actions && !notice.actions.is_empty() {
        // A click beside the buttons does the first; where the system knows that by itself, this would be one more button.
        if notifications::NAMES_DEFAULT {
            notification.action("default", &notice.actions[0].label);
        }
        for (index, action) in notice.actions.iter().enumerate() {
            notification.action(&index.to_string(), &action.label);
        }
    }
    notification
}

/// What the user wants done.
fn chosen<'a>(actions: &'a [Action], response: &NotificationResponse) -> Option<&'a Action> {
    match response {
        NotificationResponse::Default => actions.first(),
        // Named by its index, or by the text of the button.
        NotificationResponse::Action(name) => {
            let named = |(index, action): &(usize, &Action)| *name == index.to_string() || *name == action.label;
            actions.iter().enumerate().find(named).map(|(_, action)| action)
        }
        NotificationResponse::Reply(_) | NotificationResponse::Closed(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use context_tray::request::Request;
    use notify_rust::CloseReason;

    use super::*;

    #[test]
    fn each_action_has_one_button() {
        let action = |label: &str| Action { label: label.to_owned(), request: Request::StartAll };
        let key = NoticeKey { project: None, kind: context_tray::notice::NoticeKind::About };
        let actions = vec![action("Open log"), action("Start")];
        let notice = Notice { key, title: "title".to_owned(), body: "body".to_owned(), actions };
        let shown = notification(&notice, "body", true).actions;
        let buttons = ["0", "Open log", "1", "Start"];
        assert_eq!(
            shown,
            [if notifications::NAMES_DEFAULT { &["default", "Open log"][..] } else { &[] }, &buttons].concat()
        );
        assert!(notification(&notice, "body", false).actions.is_empty());
    }

    #[test]
    fn a_response_chooses_its_action_by_index_or_by_text() {
        let action = |label: &str, request| Action { label: label.to_owned(), request };
        let actions = [action("Start", Request::StartAll), action("Stop", Request::StopAll)];
        let requested = |response| chosen(&actions, &response).map(|action| action.request.clone());
        assert_eq!(requested(NotificationResponse::Default), Some(Request::StartAll));
        assert_eq!(requested(NotificationResponse::Action("1".to_owned())), Some(Request::StopAll));
        assert_eq!(requested(NotificationResponse::Action("Stop".to_owned())), Some(Request::StopAll));
        assert_eq!(requested(NotificationResponse::Action("2".to_owned())), None);
        assert_eq!(requested(NotificationResponse::Closed(CloseReason::Dismissed)), None);
    }
}
