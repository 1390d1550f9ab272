//! How the companion reaches the agent: one line of JSON a message, over a local socket that is one user's alone.
//!
//! [`frame`] moves lines and knows their limits, [`client`] asks, [`server`] answers. What the messages mean is
//! `request`'s; nobody here decides anything about a project.

pub mod client;
pub mod frame;
pub mod server;
mod waiting;
