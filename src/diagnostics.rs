//! The program's own log: a file a day, kept for a week.
//!
//! Levels by meaning: an error is always a defect of ours, a warning is something that the user may want to mend, info is
//! what happens once in a while, debug is for whoever looks for a defect. `CONTEXT_TRAY_LOG` is the filter, such as `debug`
//! or `context_tray::watch=trace`.

use std::env;
use std::str::FromStr as _;

use tracing::level_filters::LevelFilter;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::time::ChronoLocal;
use tracing_subscriber::prelude::*;

use crate::platform::Directories;

/// How many days are kept, for each kind of process.
const DAYS: usize = 7;

/// Writes what this process logs into the diagnostics folder from now on; `name` begins the files' names. Without a place
/// to write, nothing is logged: a log is no reason not to run.
pub fn start(directories: &Directories, name: &str) {
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(name)
        .filename_suffix("log")
        .max_log_files(DAYS)
        .build(directories.diagnostics_dir());
    let Ok(appender) = appender else { return };
    let filter = env::var("CONTEXT_TRAY_LOG").ok().filter(|filter| !filter.is_empty());
    let filter = filter.and_then(|filter| Targets::from_str(&filter).ok());
    let filter = filter.unwrap_or_else(|| {
        Targets::new().with_default(LevelFilter::WARN).with_target("context_tray", LevelFilter::INFO)
    });
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_timer(ChronoLocal::rfc_3339())
        .with_writer(std::sync::Mutex::new(appender))
        .with_filter(filter);
    // A second call in one process is a test's.
    let _ = tracing_subscriber::registry().with(layer).try_init();
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
}
