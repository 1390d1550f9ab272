//! Whatever is said on a wire, it is refused or understood; what is understood is the same when it is said again, and a request
//! leads to a decision.

#![no_main]

use std::time::Instant;

use context_tray::journal::now;
use context_tray::request::{FromTracker, Request, ToTracker};
use context_tray::supervise::{Identity, Input, Moment, Supervisor};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

macro_rules! understood {
    ($kind:ty, $said:expr) => {
        serde_json::from_value::<$kind>($said.clone()).ok().inspect(|message| {
            let text = serde_json::to_string(message).unwrap();
            let again: $kind = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&again).unwrap(), text, "{message:?}");
        })
    };
}

fuzz_target!(|said: &[u8]| {
    let Ok(said) = serde_json::from_slice::<Value>(said) else { return };
    understood!(ToTracker, said);
    understood!(FromTracker, said);
    let Some(request) = understood!(Request, said["request"]) else { return };
    let moment = Moment { instant: Instant::now(), wall: now() };
    let me = Identity { pid: 1, tray: false, started_at: moment.wall.to_rfc3339() };
    let mut supervisor = Supervisor::new(me, moment.instant);
    for client in [Some(1), None, Some(2)] {
        supervisor.on(Input::Request(client, request.clone()), moment);
        supervisor.on(Input::Tick, moment);
    }
    supervisor.status();
});
