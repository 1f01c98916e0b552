//! One of each refusal, and what must hold for all of them.

use super::*;
use crate::testing::time;

/// At least one refusal of each kind, and of each of its texts.
pub(crate) fn examples(now: Time) -> Vec<Refusal> {
    let second = || "second".to_owned();
    let all = vec![
        Refusal::Observing,
        Refusal::Paused { until: now.plus(Duration::from_secs(3600)) },
        Refusal::UnderWay,
        Refusal::NotAgreed(Agreement::Thin),
        Refusal::NotAgreed(Agreement::Disagreed),
        Refusal::NotAgreed(Agreement::Blind),
        Refusal::StaleView(Duration::from_secs(21)),
        Refusal::StaleView(Duration::MAX),
        Refusal::KeySplit,
        Refusal::LastingKeySplit,
        Refusal::ForeignKey,
        Refusal::NullKey,
        Refusal::Verdict(Verdict::Fine),
        Refusal::Verdict(Verdict::Chain),
        Refusal::Verdict(Verdict::CannotTell),
        Refusal::NoSigningKey("primary".to_owned()),
        Refusal::NoSuchNode(7),
        Refusal::NoNodeNamed("fourth".to_owned()),
        Refusal::AlreadyThere("primary".to_owned()),
        Refusal::Unfit { node: second(), why: "its head block 98765432 is 312 s old".to_owned() },
        Refusal::Unproven(second()),
        Refusal::ProbeStale { node: second(), age: Duration::from_secs(95) },
        Refusal::Budget { spent: 3, allowed: 3, window: Duration::from_secs(21_600) },
        Refusal::HistoryLost { until: now.plus(Duration::from_secs(18_000)) },
        Refusal::CoolDown { left: Duration::from_secs(41) },
        Refusal::OwnSlotNear { starts_in: Duration::from_millis(2300) },
        Refusal::NextRoundNear { starts_in: Duration::from_millis(2300) },
        Refusal::DisableNotAllowed,
    ];
    let places: std::collections::BTreeSet<usize> = all.iter().map(place).collect();
    assert_eq!(places, (0..KINDS).collect(), "whoever adds a kind adds an example of it above");
    all
}

/// How many kinds of refusals there are.
pub(crate) const KINDS: usize = 23;

/// A refusal's place among the kinds: without a place for it, a new kind does not compile.
pub(crate) const fn place(refusal: &Refusal) -> usize {
    match refusal {
        Refusal::UnderWay => 0,
        Refusal::Observing => 1,
        Refusal::Paused { .. } => 2,
        Refusal::Verdict(_) => 3,
        Refusal::NotAgreed(_) => 4,
        Refusal::StaleView(_) => 5,
        Refusal::KeySplit => 6,
        Refusal::LastingKeySplit => 7,
        Refusal::ForeignKey => 8,
        Refusal::NullKey => 9,
        Refusal::AlreadyThere(_) => 10,
        Refusal::NoSigningKey(_) => 11,
        Refusal::NoSuchNode(_) => 12,
        Refusal::NoNodeNamed(_) => 13,
        Refusal::Unfit { .. } => 14,
        Refusal::Unproven(_) => 15,
        Refusal::ProbeStale { .. } => 16,
        Refusal::DisableNotAllowed => 17,
        Refusal::Budget { .. } => 18,
        Refusal::CoolDown { .. } => 19,
        Refusal::OwnSlotNear { .. } => 20,
        Refusal::NextRoundNear { .. } => 21,
        Refusal::HistoryLost { .. } => 22,
    }
}

#[test]
fn how_long_the_budget_runs() {
    for (secs, shown) in [(21_600, "6 h"), (5400, "90 min"), (90, "90 s"), (0, "0 s")] {
        let refusal = Refusal::Budget { spent: 3, allowed: 3, window: Duration::from_secs(secs) };
        assert_eq!(refusal.to_string(), format!("the budget is spent: 3 switches within {shown}"));
    }
}

#[test]
fn force_passes_caution_and_not_facts() {
    let soft = [
        Refusal::Observing,
        Refusal::Paused { until: time(1) },
        Refusal::Verdict(Verdict::Chain),
        Refusal::Unproven("n".to_owned()),
        Refusal::CoolDown { left: Duration::ZERO },
        Refusal::OwnSlotNear { starts_in: Duration::ZERO },
        Refusal::NextRoundNear { starts_in: Duration::ZERO },
    ];
    let hard = [
        Refusal::UnderWay,
        Refusal::NotAgreed(Agreement::Thin),
        Refusal::KeySplit,
        Refusal::LastingKeySplit,
        Refusal::ForeignKey,
        Refusal::NullKey,
        Refusal::NoNodeNamed("n".to_owned()),
        Refusal::DisableNotAllowed,
    ];
    assert!(soft.iter().all(|refusal| refusal.strength() == Strength::Soft));
    assert!(hard.iter().all(|refusal| refusal.strength() == Strength::Hard));
}

/// Nobody is woken for what passes by itself, nor told to do something about it; and nobody is told that the rest
/// passes by itself.
#[test]
fn lifetime_severity_and_remedy_fit() {
    for refusal in examples(time(1)) {
        let passes = refusal.lifetime() == Lifetime::PassesByItself;
        assert_eq!(refusal.severity() == Severity::Info, passes, "{refusal:?}");
        assert_eq!(refusal.remedy() == NOTHING_TO_DO, passes, "{refusal:?}");
    }
}
