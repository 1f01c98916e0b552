//! When to poll next, in step with the slots.

use std::time::Duration;

use dogwatch_chain::Time;

/// The time until a third of a slot after the next block is due: blocks take that long to reach public endpoints.
pub(super) fn until_next_poll(now: Time, newest: Option<Time>, interval: Duration) -> Duration {
    let Some(newest) = newest.filter(|newest| now.since(*newest) < interval.saturating_mul(20)) else {
        return interval;
    };
    let slot = interval.as_millis().max(1);
    let phase = now.since(newest).as_millis().checked_rem(slot).unwrap_or(0);
    let target = slot / 3;
    let wait =
        if phase < target { target.saturating_sub(phase) } else { slot.saturating_add(target).saturating_sub(phase) };
    // A block that came early must not cause two polls in one slot.
    let least = slot / 2;
    Duration::from_millis(u64::try_from(wait.max(least)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_in_step_with_the_slots() {
        let (slot, head) = (Duration::from_secs(3), Time::from_secs(1000));
        let wait = |after: u64| until_next_poll(head.plus(Duration::from_millis(after)), Some(head), slot).as_millis();
        assert_eq!(wait(1000), 3000);
        assert_eq!(wait(1400), 2600);
        assert_eq!(wait(2900), 1500, "never twice within half a slot");
        assert_eq!(wait(3100), 1500);
        assert_eq!(until_next_poll(head, None, slot), slot);
        assert_eq!(until_next_poll(head.plus(Duration::from_secs(3600)), Some(head), slot), slot);
    }
}
