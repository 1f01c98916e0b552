//! Notices that this process did not run: the machine was suspended, or far too busy.

use std::time::Duration;

/// A task that waits for its ticks waits no longer than a slot. After more than this many it did not run.
const SLOTS: u32 = 3;
/// On chains with short slots even a busy machine takes longer than that.
const LEAST: Duration = Duration::from_secs(5);

/// Whether a task that runs would have taken notice of so long a time while it passed, on a chain with slots of this length.
pub(super) fn is_sleep(passed: Duration, slot: Duration) -> bool {
    passed > slot.saturating_mul(SLOTS).max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_rest_is_a_sleep() {
        let is_sleep = |passed, slot| is_sleep(Duration::from_secs(passed), Duration::from_secs(slot));
        assert_eq!([9, 10].map(|passed| is_sleep(passed, 3)), [false, true]);
        assert_eq!([5, 6].map(|passed| is_sleep(passed, 1)), [false, true]);
    }
}
