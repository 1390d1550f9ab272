//! What macOS and Windows share.

use std::time::Duration;

use super::files::WatchLimits;
use super::service::News;

/// On Windows a watch of its own would besides keep the folders above it from being renamed.
pub(super) const WATCHES_TREES: bool = true;

pub(super) const MORE_WATCHERS: &str = "start the session again, or the machine where that does not help";

pub(super) fn watch_limits() -> Option<WatchLimits> {
    None
}

/// Nothing here wants to know.
pub(super) fn tell_service_manager(_news: News) {}

pub(super) fn service_interval() -> Option<Duration> {
    None
}
