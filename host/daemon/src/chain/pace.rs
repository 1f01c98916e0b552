//! When to poll next, in step with the slots.

use std::time::Duration;

use dogwatch_chain::{AccountName, Head, Schedule, Time};

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

/// The time until a second look, if the newest slot is one of these witnesses' and has no block: half a slot after it began its
/// block should have reached everybody.
pub(super) fn until_second_look(
    now: Time,
    head: &Head,
    schedule: &Schedule,
    witnesses: &[AccountName],
    interval: Duration,
) -> Option<Duration> {
    let passed = u64::try_from(now.since(head.time).as_millis().checked_div(interval.as_millis().max(1))?).ok()?;
    let slots = u32::try_from(passed).ok().filter(|slots| (1..20).contains(slots))?;
    let slot = head.slot.plus(passed);
    let shuffled = head.num().0.saturating_add(slots) > schedule.next_shuffle.0;
    let producer = if shuffled { schedule.future_producer(slot) } else { schedule.producer(slot) };
    let half_over = head.time.plus(interval.saturating_mul(slots)).plus(interval.checked_div(2)?);
    // A little later, so that the half is over by everybody's clock.
    let wait = half_over.since(now).saturating_add(interval.checked_div(60)?);
    (producer.is_some_and(|producer| witnesses.contains(producer)) && now < half_over).then_some(wait)
}

#[cfg(test)]
mod tests {
    use dogwatch_chain::{BlockId, BlockNum, Slot};

    use super::*;

    #[test]
    fn an_own_slot_without_a_block_is_looked_at_again() {
        let names = |names: &str| names.chars().map(|name| AccountName::new(format!("w-{name}")).unwrap()).collect();
        let mut id = [0; 20];
        id[3] = 100;
        let head = Head {
            id: BlockId::from_bytes(id),
            time: Time::from_secs(1000),
            slot: Slot(200),
            irreversible: BlockNum(90),
            participation: 128,
        };
        let schedule = |next_shuffle| Schedule {
            next_shuffle: BlockNum(next_shuffle),
            current: names("abcde"),
            future: Some(names("edcba")),
            majority_version: None,
        };
        let mine: Vec<AccountName> = names("bd");
        let wait = |next_shuffle, after| {
            let now = head.time.plus(Duration::from_millis(after));
            let wait = until_second_look(now, &head, &schedule(next_shuffle), &mine, Duration::from_secs(3));
            wait.map(|wait| wait.as_millis())
        };
        assert_eq!(wait(105, 1000), None, "the newest slot has its block");
        // Slot 201 is b's, slot 202 c's, slot 203 d's; in the next round 201 is d's too, and 202 c's.
        assert_eq!(wait(105, 4000), Some(550));
        assert_eq!(wait(105, 4500), None, "half of it is over");
        assert_eq!(wait(105, 7000), None, "it is another one's");
        assert_eq!(wait(105, 10_000), Some(550));
        assert_eq!(wait(100, 4000), Some(550), "the next round");
        assert_eq!(wait(100, 16_000), None, "e's in this round, a's in the next");
        assert_eq!(wait(105, 63_000), None, "the chain stands still");
    }

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
