//! What alerts say of a chain that cannot be judged.

use dogwatch_alerts::{Cause, Notice, Severity, Subject};
use dogwatch_chain::Time;

use crate::chain::{Tracker, WallClock};
use crate::chain_alerts::{ENDPOINTS, key};
use crate::time::utc;

/// Why endpoints do not count, one per line.
pub(super) fn reasons(tracker: &Tracker) -> String {
    tracker.doubts().iter().map(|(name, doubt)| format!("\n{name}: {doubt}")).collect()
}

/// What is said of what keeps Dogwatch from judging the witness.
pub(super) fn notice(now: Time, tracker: &Tracker, cause: Cause, last_judged: Option<Time>) -> Notice {
    let chain = &tracker.config().chain;
    let since = last_judged.map_or_else(|| "Since Dogwatch started".to_owned(), |at| format!("Since {}", utc(at)));
    let newest = match (cause, tracker.head(), tracker.log().tip()) {
        (_, None, _) => String::new(),
        (Cause::NoBlocks, Some(_), None) => " No block has been read yet.".to_owned(),
        (Cause::NoBlocks, Some(head), Some(tip)) => {
            format!(" The head is block {}; the newest block read is {}.", head.num(), tip.num())
        }
        (_, Some(head), _) => format!(" The last known block is {}, from {}.", head.num(), utc(head.time)),
    };
    let (severity, summary, remedy) = match cause {
        Cause::Halted => (
            Severity::Critical,
            format!("{chain} has halted, or every endpoint is cut off from it in the same way"),
            "Ask other witnesses whether the chain has halted. If it has, a switch would not help. If not, add working \
             endpoints to dogwatch.toml.",
        ),
        Cause::Clock => (
            Severity::Page,
            match tracker.wall_clock() {
                WallClock::Behind(by) => format!("this machine's clock is {} s behind {chain}'s", by.as_secs()),
                WallClock::Ahead(by) => format!("this machine's clock is {} s ahead of {chain}'s", by.as_secs()),
                WallClock::Plausible => format!("this machine's clock does not match {chain}'s"),
            },
            "Set the clock and keep it synchronised.",
        ),
        Cause::Thin if tracker.has_no_common_block() => (
            Severity::Page,
            format!("{chain}: the endpoints have shown no block in common; {} operators must agree", tracker.need()),
            "Find out which endpoints lag or are on another branch, and remove them. Until then watch the witness yourself.",
        ),
        Cause::Thin => {
            let all = tracker.view(now).endpoints_total;
            let usable = all.saturating_sub(u32::try_from(tracker.doubts().len()).unwrap_or(u32::MAX));
            (
                Severity::Page,
                format!(
                    "{chain}: only {usable} of {all} endpoints can be used; {} operators must agree",
                    tracker.need()
                ),
                "Add endpoints of other operators to dogwatch.toml, or lower the quorum. Until then watch the witness \
                 yourself.",
            )
        }
        Cause::Split => (
            Severity::Page,
            format!("{chain}: the endpoints contradict each other"),
            "Find out which endpoints are wrong and remove them. Until then watch the witness yourself.",
        ),
        Cause::NoBlocks => (
            Severity::Page,
            format!("{chain}: no endpoint delivers the blocks up to its head"),
            "Add endpoints that deliver blocks to dogwatch.toml. Until then watch the witness yourself.",
        ),
        Cause::NoSchedule => (
            Severity::Page,
            format!("{chain}: the endpoints agree on no schedule of the present round"),
            "Add endpoints of other operators to dogwatch.toml, and remove those that show an old or a wrong schedule. \
             Until then watch the witness yourself.",
        ),
        _ => (
            Severity::Page,
            format!("Dogwatch is blind: no endpoint shows a fresh head of {chain}"),
            "Check this machine's network. If it works, add other endpoints to dogwatch.toml. Until then watch the \
             witness yourself.",
        ),
    };
    let cannot = if cause == Cause::NoSchedule { "tell whose slots are missed" } else { "see missed blocks" };
    Notice {
        key: key(chain, cause),
        severity,
        subject: Subject::Chain(chain.clone()),
        summary,
        details: format!(
            "{since}.{newest} Dogwatch cannot {cannot} and will not switch. It keeps asking.{}",
            reasons(tracker)
        ),
        remedy: remedy.to_owned(),
        command: match cause {
            Cause::Clock => "timedatectl set-ntp true".to_owned(),
            _ => ENDPOINTS.to_owned(),
        },
    }
}
