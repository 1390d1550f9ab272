//! How many threads wait for the next connection: never none, and hardly more than needed.

#[cfg(all(test, target_os = "linux"))]
use loom::sync::atomic::{AtomicUsize, Ordering};
#[cfg(not(all(test, target_os = "linux")))]
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many wait while nothing happens.
pub(super) const SPARE: usize = 2;

/// Their number. Whatever is decided by it is decided in the one step that changes it: between a look and a change others would
/// change it too, and each could rely on another who no longer waits.
#[derive(Debug, Default)]
pub(super) struct Waiting(AtomicUsize);

impl Waiting {
    /// One more will wait.
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    /// One waits no longer. True when it was the last: then it is the one that puts another in its place.
    pub(super) fn leave(&self) -> bool {
        self.0.fetch_sub(1, Ordering::SeqCst) == 1
    }

    /// One would wait again. False when enough do.
    pub(super) fn come_back(&self) -> bool {
        let come_back = |waiting| (waiting < SPARE).then_some(waiting + 1);
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, come_back).is_ok()
    }
}

// Its threads are coroutines, which no panic can be caught in under Wine.
#[cfg(all(test, target_os = "linux"))]
mod tests {
    use loom::sync::Arc;
    use loom::thread;

    use super::*;

    /// In every order in which two that accept and one that has served can come one after the other.
    #[test]
    fn somebody_waits_whoever_comes_and_goes() {
        loom::model(|| {
            let waiting = Arc::new(Waiting::default());
            (0..SPARE).for_each(|_| waiting.add());
            let accepting = (0..SPARE).map(|_| {
                let waiting = Arc::clone(&waiting);
                thread::spawn(move || {
                    let was_last = waiting.leave();
                    if was_last {
                        waiting.add();
                    }
                    usize::from(was_last)
                })
            });
            let accepting: Vec<_> = accepting.collect();
            let stayed = usize::from(waiting.come_back());
            let waits = accepting.into_iter().fold(stayed, |waits, thread| waits + thread.join().unwrap());
            assert!(waits > 0, "nobody waits");
            assert_eq!(waiting.0.load(Ordering::SeqCst), waits);
        });
    }
}
