//! A configuration of any content is taken within its limits, or refused with a line that is there.

#![no_main]

use std::path::Path;
use std::time::Duration;

use context_tray::config::{Config, Owner};
use context_tray::rules::Rules;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let lines = text.matches('\n').count() + 1;
    match Config::default().overlaid(text, Owner::User) {
        Ok((config, problems)) => {
            let longest = Duration::from_secs(60);
            assert!(config.record.quiet <= longest && config.record.max_hold <= longest);
            assert!(problems.iter().all(|problem| problem.line <= lines), "{problems:?}");
            let rules = Rules::new(&config.watch, Vec::new(), Vec::new());
            assert!(rules.ignores(Path::new(".context"), true), "our own files are never recorded");
        }
        Err(problem) => assert!(problem.line <= lines, "{problem:?}"),
    }
});
