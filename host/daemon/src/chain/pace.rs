//! When to poll next, in step with the slots.

use std::time::Duration;

use dogwatch_chain::Time;

/// The time from the `poll`-th poll to the next, about a third of a slot after the next block is due: blocks take that long
/// to reach public endpoints. It varies by a twelfth of a slot, since answers at different moments of a second tell more of
/// their servers' clocks.
pub(super) fn until_next_poll(poll: u64, now: Time, newest: Option<Time>, interval: Duration) -> Duration {
    let Some(newest) = newest.filter(|newest| now.since(*newest) < interval.saturating_mul(20)) else {
        return interval;
    };
    let slot = interval.as_millis().max(1);
    let phase = now.since(newest).as_millis().checked_rem(slot).unwrap_or(0);
    let earliest = slot / 4;
    let target = earliest.saturating_add(u128::from(poll % 3).saturating_mul(slot / 12));
    let wait =
        if phase < earliest { target.saturating_sub(phase) } else { slot.saturating_add(target).saturating_sub(phase) };
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
        let next = |poll, after: u64| until_next_poll(poll, head.plus(Duration::from_millis(after)), Some(head), slot);
        let wait = |after: u64| next(1, after).as_millis();
        assert_eq!(wait(1000), 3000);
        assert_eq!(wait(1400), 2600);
        assert_eq!(wait(2900), 1500, "never twice within half a slot");
        assert_eq!(wait(3100), 1500);
        assert_eq!(until_next_poll(1, head, None, slot), slot);
        assert_eq!(until_next_poll(1, head.plus(Duration::from_secs(3600)), Some(head), slot), slot);
        let mut after = 1000;
        let moments = [0, 1, 2, 3].map(|poll| {
            after += u64::try_from(next(poll, after).as_millis()).unwrap();
            after % 3000
        });
        assert_eq!(moments, [750, 1000, 1250, 750], "different moments of a second");
    }
}
