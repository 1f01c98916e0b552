//! Whether schedules fit the blocks: a wrong one would hold the misses of others against the witness, or hide its own.

use std::collections::BTreeSet;

use dogwatch_agreement::{Round, Standing};
use dogwatch_chain::{AccountName, BlockId, BlockNum, ChainVersion, Schedule};

use crate::chain::log::BlockLog;
use crate::chain::slot_clock::SlotClock;
use crate::chain::tracker::{Tracker, TrackerConfig};

impl BlockLog {
    /// Whether a known block is by another witness than that schedule names.
    pub(super) fn contradicts(&self, schedule: &Schedule, clock: &SlotClock) -> bool {
        self.confirmed_by(schedule.next_shuffle, &schedule.current, clock).is_none()
    }

    /// How many known blocks are by the witnesses that a round names; `None` if one is by another.
    fn confirmed_by(&self, next_shuffle: BlockNum, round: &[AccountName], clock: &SlotClock) -> Option<u32> {
        let length = u32::try_from(round.len()).unwrap_or(u32::MAX);
        // A schedule holds for the blocks after the shuffle that made it.
        let first = next_shuffle.back(length).next();
        let newest = self.blocks.iter().rev().skip_while(|block| block.num() > next_shuffle);
        let mut scheduled = newest.take_while(|block| block.num() >= first);
        scheduled.try_fold(0_u32, |count, block| {
            let same = Schedule::seated(round, clock.slot(block.time)) == Some(&block.witness);
            same.then(|| count.saturating_add(1))
        })
    }

    /// Forgets the schedules that the blocks have proven wrong.
    pub(super) fn drop_contradicted(&mut self, clock: &SlotClock) {
        let wrong = |(next, round): &(&BlockNum, &Vec<AccountName>)| self.confirmed_by(**next, round, clock).is_none();
        let wrong: Vec<BlockNum> = self.schedules.iter().filter(wrong).map(|(next, _)| *next).collect();
        for next_shuffle in wrong {
            self.schedules.remove(&next_shuffle);
            self.future = self.future.take().filter(|future| future.next_shuffle != next_shuffle);
        }
    }
}

/// An endpoint's schedule that the known blocks contradict. Its head tells whether those blocks are on its branch.
#[derive(Clone, Debug)]
struct Suspect {
    endpoint: String,
    head: BlockId,
    schedule: Schedule,
}

/// The endpoints whose schedules the blocks contradict.
#[derive(Clone, Debug, Default)]
pub(super) struct WrongSchedules {
    suspects: Vec<Suspect>,
    proven: BTreeSet<String>,
}

impl WrongSchedules {
    /// Of the endpoints that count, those that are proven wrong; and notes which are suspected now.
    pub(super) fn among(
        &mut self,
        round: &Round<'_, '_, String>,
        log: &BlockLog,
        clock: Option<&SlotClock>,
        config: &TrackerConfig,
    ) -> BTreeSet<String> {
        self.suspects.clear();
        let Some(clock) = clock else { return BTreeSet::new() };
        let sound = round.voices().iter().filter(|judged| judged.standing == Standing::Sound);
        let answers = sound.filter_map(|judged| Some((&judged.voice.endpoint, judged.voice.reading?)));
        let mut wrong = BTreeSet::new();
        for (endpoint, heard) in answers {
            match log.confirmed_by(heard.schedule.next_shuffle, &heard.schedule.current, clock) {
                // With a new round there is little that could contradict it yet.
                Some(blocks) if blocks > config.round_length / 3 => _ = self.proven.remove(endpoint),
                Some(_) => {}
                None => self.suspects.push(Suspect {
                    endpoint: endpoint.clone(),
                    head: heard.head.id,
                    schedule: heard.schedule.clone(),
                }),
            }
            if self.proven.contains(endpoint) {
                wrong.insert(endpoint.clone());
            }
        }
        wrong
    }

    /// Once the blocks up to the head are known: a suspect whose head is among them is proven wrong.
    pub(super) fn prove(&mut self, log: &BlockLog, clock: &SlotClock) {
        let wrong = |suspect: &Suspect| {
            log.id_at(suspect.head.num()) == Some(suspect.head) && log.contradicts(&suspect.schedule, clock)
        };
        let proven = std::mem::take(&mut self.suspects).into_iter().filter(wrong);
        self.proven.extend(proven.map(|suspect| suspect.endpoint));
    }
}

impl Tracker {
    /// What most witnesses run, as the newest schedule tells.
    pub(crate) fn majority_version(&self) -> Option<ChainVersion> {
        self.log().future.as_ref()?.majority_version
    }

    /// Whether it is known whose slot the next one is. Without that no miss can be attributed.
    pub fn knows_schedule(&self) -> bool {
        let next = self.head().zip(self.log().future.as_ref());
        next.is_some_and(|(head, schedule)| schedule.is_in_force_at(head.num()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{block, head, schedule, tracking};

    #[test]
    fn blocks_prove_schedules_wrong() {
        let clock = SlotClock::new(&head(1, 100), tracking().block_interval);
        let mut log = BlockLog::default();
        log.extend([block(9, 99, "e"), block(10, 100, "a"), block(11, 101, "b"), block(12, 103, "d")]);
        for (next_shuffle, current, wrong) in [
            (15, "abcde", false),
            (15, "abced", true),
            // It begins with block 11, and slot 104 has not been yet.
            (15, "xbcde", false),
            (15, "abcdx", false),
            // It ends with block 10.
            (10, "abcde", false),
            (10, "bacde", true),
            (20, "edcba", false),
        ] {
            assert_eq!(
                log.contradicts(&schedule(next_shuffle, current, None), &clock),
                wrong,
                "{next_shuffle} {current}"
            );
        }
        log.learn_schedule(&schedule(10, "abcde", None));
        log.learn_schedule(&schedule(15, "edcba", None));
        log.drop_contradicted(&clock);
        assert_eq!(log.schedules.keys().collect::<Vec<_>>(), [&BlockNum(10)]);
        assert_eq!(log.future, None);
    }
}
