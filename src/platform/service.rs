//! What the system's service manager is told of us, where one started us and wants to know.

use std::time::Duration;

use super::os;

/// The variables by which a manager says where it listens and how often it wants to hear of us; not for our children.
pub const VARIABLES: [&str; 3] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/// What is to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// We can be reached.
    Ready,
    /// We are well.
    Alive,
    /// We end.
    Ending,
}

/// Tells the manager; without one this does nothing.
pub fn tell(news: News) {
    os::tell_service_manager(news);
}

/// How often it wants to hear that we are well; none where nobody asks.
pub fn interval() -> Option<Duration> {
    os::service_interval()
}
