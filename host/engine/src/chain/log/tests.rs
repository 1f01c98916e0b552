//! What links, what forks, and whose slots were missed.

use dogwatch_chain::{Schedule, Slot, Time};

use super::*;
use crate::chain::own_slots::SlotFact;
use crate::chain::slot_clock::SlotClock;
use crate::testing::{INTERVAL, block, head, id, key, name, schedule, time};

fn log(blocks: &[(u32, u64, &str)], schedules: &[Schedule]) -> BlockLog {
    let mut log = BlockLog::default();
    for schedule in schedules {
        log.learn_schedule(schedule);
    }
    assert_eq!(log.extend(blocks.iter().map(|(num, slot, witness)| block(*num, *slot, witness))), Fit::Linked);
    log
}

fn facts(log: &BlockLog, witness: &str) -> Vec<(u64, SlotFact)> {
    let clock = SlotClock::new(&head(1, 0), INTERVAL);
    log.own_slots(&name(witness), &clock).into_iter().map(|(slot, fact)| (slot.0, fact)).collect()
}

#[test]
fn a_gap_is_its_witness_s_up_to_a_length() {
    // Slot s belongs to "abcde"[s % 5].
    let round = schedule(105, "abcde", None);
    let short = log(&[(101, 1, "b"), (102, 5, "a"), (103, 6, "b")], std::slice::from_ref(&round));
    assert_eq!(facts(&short, "c"), [(2, SlotFact::Missed)]);
    assert_eq!(facts(&short, "b"), [(1, SlotFact::Produced(Some(key(1)))), (6, SlotFact::Produced(Some(key(1))))]);
    let long = log(&[(101, 1, "b"), (102, 6, "b")], &[round]);
    assert_eq!(facts(&long, "c"), [(2, SlotFact::ChainWide)]);
    assert_eq!(facts(&long, "a"), [(5, SlotFact::ChainWide)]);
}

#[test]
fn the_shuffle_block_parts_the_schedules() {
    let (old, new) = (schedule(105, "abcde", None), schedule(110, "edcba", None));
    // Block 105 makes the new schedule: the slot after it is the new one's, the slot before it the old one's.
    let log = log(&[(104, 4, "e"), (105, 6, "b"), (106, 8, "b")], &[old, new]);
    assert_eq!(facts(&log, "a"), [(5, SlotFact::Missed)]);
    assert_eq!(facts(&log, "c"), [(7, SlotFact::Missed)]);
    assert_eq!(facts(&log, "e"), [(4, SlotFact::Produced(Some(key(1))))]);
}

#[test]
fn an_era_without_a_schedule_accuses_nobody() {
    let log = log(&[(101, 1, "b"), (102, 3, "d"), (106, 8, "d")], &[schedule(110, "abcde", None)]);
    // Block 106 does not follow: the log begins with it.
    assert_eq!(log.base().map(Block::num), Some(BlockNum(106)));
    let log = self::log(&[(101, 1, "b"), (102, 3, "d"), (103, 4, "e")], &[schedule(110, "abcde", None)]);
    assert_eq!(facts(&log, "c"), []);
    let clock = SlotClock::new(&head(1, 0), INTERVAL);
    let known: Vec<u64> = (0..7).filter(|slot| log.knows(Slot(*slot), &clock)).collect();
    assert_eq!(known, [1, 3, 4], "where there is a block, but not the empty slot, nor before and after the log");
}

#[test]
fn another_branch_takes_over() {
    let mut log = log(&[(101, 1, "b"), (102, 2, "c"), (103, 3, "d")], &[]);
    assert_eq!(log.extend([block(102, 2, "c")]), Fit::Linked, "known blocks change nothing");
    assert_eq!(log.tip().map(Block::num), Some(BlockNum(103)));
    let on = |num, previous| Block { id: id(num, 9), previous, ..block(num, u64::from(num), "x") };
    assert_eq!(log.extend([on(104, id(103, 9))]), Fit::Forked);
    assert_eq!(log.extend([on(103, id(102, 9))]), Fit::Forked);
    assert_eq!(log.extend([on(102, id(101, 0)), on(103, id(102, 9)), on(104, id(103, 9))]), Fit::Linked);
    assert_eq!(log.id_at(BlockNum(103)), Some(id(103, 9)));
    assert_eq!(log.extend([on(103, id(102, 9))]), Fit::Linked);
    // A lower block of another branch takes what is above with it.
    assert_eq!(log.extend([block(102, 2, "c")]), Fit::Linked);
    assert_eq!(log.tip().map(|tip| tip.id), Some(id(102, 0)));
}

/// One block, then two more, then four more: a deep fork costs few reads, a shallow one few blocks.
#[test]
fn a_fork_steps_back() {
    let blocks: Vec<(u32, u64, &str)> = (101..=130).map(|num| (num, u64::from(num) - 100, "b")).collect();
    let mut log = log(&blocks, &[]);
    let other = |num: u32, below: u8| Block {
        id: id(num, 9),
        previous: id(num - 1, below),
        ..block(num, u64::from(num) - 100, "b")
    };
    let left = [(); 4].map(|()| {
        assert_eq!(log.extend([other(log.tip().unwrap().num().0 + 1, 9)]), Fit::Forked);
        log.tip().unwrap().num().0
    });
    assert_eq!(left, [129, 127, 123, 115]);
    assert_eq!((log.forks(), log.forked_above(0)), (4, Some(time(15))));
    assert_eq!(log.base().map(Block::num), Some(BlockNum(101)), "the rest stays");
    // Once blocks link, the next fork begins with one block again.
    let tip = log.tip().unwrap().num().0;
    assert_eq!(log.extend([other(tip + 1, 0)]), Fit::Linked);
    assert_eq!(log.extend([other(tip + 2, 0)]), Fit::Forked);
    assert_eq!(log.tip().map(Block::num), Some(BlockNum(tip)));
}

/// The oldest of the blocks that were left counts: what was read above it since is another branch's.
#[test]
fn how_far_back_forks_went() {
    let mut log = log(&[(101, 1, "b"), (102, 2, "c"), (103, 3, "d"), (104, 4, "e")], &[]);
    assert_eq!(log.forked_above(0), None);
    log.drop_from(BlockNum(102));
    let _ = log.extend([block(102, 2, "c"), block(103, 3, "d")]);
    log.drop_tip();
    assert_eq!([0, 1, 2].map(|seen| log.forked_above(seen)), [Some(time(1)), Some(time(2)), None]);
    for _ in 0..FORKS_KEPT {
        log.drop_tip();
    }
    assert_eq!(log.forked_above(0), Some(Time::from_millis(0)), "nobody knows any more");
}

/// The log steps back further than to the block where the branches part.
#[test]
fn rounds_that_both_branches_have_stay() {
    let chain = [(103, 3, "d"), (104, 4, "e"), (105, 5, "a"), (106, 6, "b"), (107, 7, "c")];
    let parted = |at: u32| {
        let mut log = log(&chain, &[]);
        log.learn_schedule(&schedule(105, "abcde", None));
        log.learn_schedule(&schedule(110, "edcba", None));
        log.learn_schedule(&schedule(115, "badce", None));
        let other =
            |num: u32| Block { id: id(num, 9), previous: id(num - 1, 9), ..block(num, u64::from(num) + 2, "d") };
        assert_eq!(log.extend([other(108)]), Fit::Forked);
        assert_eq!(log.extend([other(107)]), Fit::Forked);
        assert_eq!(log.tip().map(Block::num), Some(BlockNum(104)), "it has taken one block, and two more");
        assert!(log.schedules.len() == 1 && log.is_on_a_lost_branch());
        let same = chain.into_iter().filter(|(num, ..)| (105..at).contains(num));
        let first = Block { previous: block(at - 1, 0, "d").id, ..other(at) };
        let read = same.map(|(num, slot, witness)| block(num, slot, witness)).chain([first]);
        for block in read.chain((at + 1..=107).map(other)) {
            assert!(log.is_on_a_lost_branch(), "{block:?} is still to come");
            assert_eq!(log.extend([block]), Fit::Linked);
        }
        assert!(!log.is_on_a_lost_branch());
        log.schedules.len()
    };
    assert_eq!([107, 106].map(parted), [2, 2], "block 105 elected it");
    assert_eq!(parted(105), 1, "another block 105 elected another one");
}

/// The round from block 106 on was elected by block 105, which loses: the winner elects another one.
#[test]
fn rounds_that_a_lost_block_elected_are_forgotten() {
    let mut log = log(&[(103, 3, "d"), (104, 4, "e"), (105, 5, "a"), (106, 6, "b")], &[]);
    log.learn_schedule(&schedule(105, "abcde", None));
    log.learn_schedule(&schedule(110, "edcba", None));
    log.drop_from(BlockNum(106));
    assert_eq!(log.schedules.len(), 2, "block 105 is still there");
    log.drop_from(BlockNum(105));
    assert_eq!(log.schedules.keys().collect::<Vec<_>>(), [&BlockNum(105)]);
    // The endpoints show the winner's round: it counts once blocks have linked up to it.
    let _ = log.extend([block(105, 7, "c"), block(106, 8, "d")]);
    assert_eq!(log.schedules.len(), 2);
    log.learn_schedule(&schedule(110, "badce", None));
    assert_eq!(log.schedules.get(&BlockNum(110)).map(|round| round[0].clone()), Some(name("b")));
}

#[test]
fn the_next_own_slot() {
    let next = |future: Option<&str>, witness: &str, millis: i64| {
        let log = log(&[(103, 3, "d")], &[schedule(105, "abcde", future)]);
        let clock = SlotClock::new(&head(103, 3), INTERVAL);
        let now = Time::from_millis(time(3).as_millis() + millis);
        log.next_own_slots(&name(witness), &head(103, 3), clock.slot(now)).next().map(|slot| slot.0)
    };
    assert_eq!(next(None, "e", 100), Some(4));
    assert_eq!(next(None, "e", 2900), Some(4), "also late in the slot before");
    assert_eq!(next(None, "e", 3100), Some(4), "and when it has begun, and its block is not there yet");
    assert_eq!(next(None, "d", 100), None, "the next round is not known");
    assert_eq!(next(Some("edcba"), "a", 100), Some(5), "block 105 is still the old schedule's");
    assert_eq!(next(Some("edcba"), "e", 5000), Some(10), "and block 106 the new one's");
    assert_eq!(next(Some("edcba"), "d", 100), Some(6));
    // Two slots later without a block: in slot 6 there will be block 104 or 106, of the old schedule or the new.
    assert_eq!(next(Some("edcba"), "b", 8000), Some(6));
    assert_eq!(next(Some("edcba"), "d", 8000), Some(6));
}

#[test]
fn a_header_tells_who_produced_and_nothing_else() {
    let mut log = log(&[(101, 1, "b"), (102, 2, "c")], &[schedule(105, "abcde", None)]);
    assert!(log.is_whole_from(BlockNum(101)) && !log.is_whole_from(BlockNum(100)) && !log.ends_in_headers());
    let header = Block { signing_key: None, ..block(103, 4, "e") };
    assert_eq!(log.extend([header]), Fit::Linked);
    let clock = SlotClock::new(&head(1, 0), INTERVAL);
    assert_eq!(
        (facts(&log, "d"), facts(&log, "e")),
        (vec![(3, SlotFact::Missed)], vec![(4, SlotFact::Produced(None))])
    );
    assert!(log.ends_in_headers() && log.is_header_at(Slot(4), &clock));
    assert!(!log.is_header_at(Slot(2), &clock) && !log.is_header_at(Slot(3), &clock));
    assert!(!log.is_whole_from(BlockNum(101)));
    assert_eq!(log.produced_since(&name("e"), key(1), BlockNum(0)), None);
    assert_eq!(log.extend([block(104, 5, "a")]), Fit::Linked);
    assert!(log.is_whole_from(BlockNum(104)) && !log.is_whole_from(BlockNum(103)) && !log.ends_in_headers());
}
