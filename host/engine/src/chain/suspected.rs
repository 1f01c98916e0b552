//! An own slot that is still empty when its block should have reached everybody.

use dogwatch_chain::{AccountName, Slot, Time};

use crate::chain::Tracker;

impl Tracker {
    /// The witness's slot that began half a slot ago or more, if it is the newest such slot and no endpoint has shown a block of
    /// it since. Whether it was missed, and whose fault that was, the next block tells.
    pub fn suspected_miss(&self, witness: &AccountName, now: Time) -> Option<Slot> {
        if !self.quorum_agrees() {
            return None;
        }
        let (head, clock, (polled, newest)) = (self.head()?, self.clock()?, self.last_round()?);
        // A time in the second half of a slot is nearest to the next one.
        let begun = clock.slot(now).back(1);
        let half = self.config().block_interval.checked_div(2)?;
        let empty = begun > newest && polled >= clock.time(begun).plus(half);
        let own = self.log().next_own_slots(witness, head, begun).next() == Some(begun);
        (empty && own).then_some(begun)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::{INTERVAL, head, key, name, says, schedule, time, tracking};

    /// Slot 103 is d's. The newest block is of slot 102.
    #[test]
    fn an_own_slot_is_suspected_half_a_slot_after_it_began() {
        let at = |slot: u64, thirds: u32| time(slot).plus(INTERVAL / 3 * thirds);
        let seen_by = |newest: [u32; 3], polled: Time, now: Time, whose: &str| {
            let mut tracker = Tracker::new(tracking());
            let readings = ["x", "y", "z"].into_iter().zip(newest).map(|(endpoint, num)| {
                let mut says = says(endpoint, head(num, u64::from(num)), key(1));
                if let Ok(reading) = &mut says.result {
                    reading.schedule = schedule(105, "abcde", None);
                }
                says
            });
            tracker.observe(polled, &readings.collect::<Vec<_>>());
            tracker.suspected_miss(&name(whose), now)
        };
        let suspected = |polled, now, whose| seen_by([102; 3], polled, now, whose);
        assert_eq!(suspected(at(103, 2), at(103, 2), "d"), Some(Slot(103)));
        assert_eq!(suspected(at(103, 2), at(103, 2), "c"), None, "it is another one's");
        assert_eq!(suspected(at(103, 1), at(103, 1), "d"), None, "its block may be on its way");
        assert_eq!(suspected(at(103, 1), at(103, 2), "d"), None, "nobody has looked since");
        assert_eq!(suspected(at(104, 1), at(104, 1), "d"), Some(Slot(103)));
        assert_eq!(suspected(at(104, 2), at(104, 2), "d"), None, "another slot is empty too");
        assert_eq!(suspected(at(104, 2), at(104, 2), "e"), Some(Slot(104)));
        assert_eq!(seen_by([102, 103, 102], at(103, 2), at(103, 2), "d"), None, "one endpoint has its block");
        let late = time(102).plus(Duration::from_mins(2));
        assert_eq!(suspected(late, late, "e"), None, "the endpoints' heads are old");
    }
}
