//! What must hold whatever happens.

use std::collections::BTreeSet;

use dogwatch_alerts::{AlertEvent, AlertKey, AlertReport, Cause, Change};
use dogwatch_chain::Time;
use dogwatch_engine::{Holder, Origin, SwitchPlan, Verdict, WatchState};

use super::night::World;
use super::policy::Policy;
use super::watcher::Watcher;

/// Before each transmission.
pub(crate) fn sending(watcher: &Watcher, now: Time, world: &World, plan: &SwitchPlan) {
    let stored: WatchState = serde_json::from_str(watcher.stored.as_ref().unwrap()).unwrap();
    let in_flight = stored.in_flight.expect("sent without being stored");
    assert_eq!(in_flight.plan, *plan, "sent something else than what is stored");
    let id = plan.id(&watcher.config.profile);
    for earlier in &watcher.sent {
        if earlier.plan.at == plan.at {
            assert_eq!((earlier.id, &earlier.plan), (id, plan), "sent again, and not the same");
        } else if earlier.id != id {
            assert!(!world.chain.may_still_include(&earlier.plan), "two in flight: {:?} and {plan:?}", earlier.plan);
        }
    }
    assert!(plan.expiration > now, "sent after its expiration");
    if plan.at == now && plan.origin == Origin::Policy {
        deciding(watcher, now, world, plan);
    }
}

/// At the moment of a policy's decision.
fn deciding(watcher: &Watcher, now: Time, world: &World, plan: &SwitchPlan) {
    let live = watcher.live.as_ref().unwrap();
    assert_eq!(live.watch.verdict(now, &live.tracker), Verdict::Me);
    assert!(!world.chain.halted || now.since(world.chain.head().block.time) < watcher.tracking.stale_after);
    let holder = world.nodes.iter().find(|node| plan.from == Holder::Node(node.name.clone()));
    let says_it_is_behind = holder.is_some_and(|node| node.unfit_since.is_some());
    let needed = match watcher.policy {
        Policy::Threshold(needed) => needed,
        // Whatever the policy, the host blames a node that is far behind.
        _ if says_it_is_behind => 0,
        _ => 1,
    };
    // Another site's switch may be pending for longer than a round before it counts, and a miss in between be held against
    // the wrong node.
    let needed = if world.sites > 1 { needed.saturating_sub(1) } else { needed };
    let misses = world.chain.misses_in_a_row(watcher.head().unwrap());
    assert!(
        misses >= needed,
        "switched after {misses} misses in a row, {needed} are needed: {plan:?}\n{:?}\n{:?}\n{}",
        live.watch.state().slots.iter().rev().take(6).collect::<Vec<_>>(),
        live.watch.state().key,
        world.chain.story(40)
    );
    let Holder::Node(name) = &plan.to else { return };
    let node = world.nodes.iter().find(|node| node.name == *name).unwrap();
    let patience = watcher.tracking.stale_after + watcher.tracking.block_interval * 5;
    let unfit = node.unfit_since.map(|since| now.since(since)).unwrap_or_default();
    assert!(unfit <= patience, "switched to {name}, which is {:?} for {unfit:?}", node.condition);
    if watcher.config.rails.own_slot_guard > watcher.tracking.block_interval {
        let next =
            u64::try_from(now.since(world.chain.time(0)).as_millis() / watcher.tracking.block_interval.as_millis());
        let next = next.unwrap() + 1;
        let own = world.chain.producer(next) == world.chain.witness;
        let crossing =
            world.chain.head().block.num().0 + 2 > world.chain.schedule_at(world.chain.head()).next_shuffle.0;
        assert!(!own || crossing, "sent right before the own slot {next}");
    }
}

/// When an alert is said to be over: nobody hears that all is well while the witness is missing its slots.
pub(crate) fn all_clear(watcher: &Watcher, world: &World, report: &AlertReport) {
    if report.notice.key.cause != Cause::Missing || report.change != Change::Over {
        return;
    }
    let Some(tip) = watcher.live.as_ref().and_then(|live| live.tracker.log().tip()) else { return };
    // What was true on a branch that has just lost, nobody could know better.
    let Some(link) = world.chain.links.iter().rev().find(|link| link.block.id == tip.id) else { return };
    let (head, null) = (tip.num(), link.key.is_null());
    let misses = world.chain.misses_in_a_row(head);
    assert!(null || misses == 0, "all clear, with {misses} misses in a row: {report:?}\n{}", world.chain.story(40));
}

/// At the end of the night.
pub(crate) fn night(watcher: &Watcher, world: &World) {
    let mut open = BTreeSet::new();
    for alert in &watcher.desk.said {
        let fits = match alert.event {
            AlertEvent::Opened => open.insert(alert.key.clone()),
            AlertEvent::Updated => open.contains(&alert.key),
            AlertEvent::Resolved => open.remove(&alert.key),
            // Nobody acknowledges, and there is one step.
            AlertEvent::Escalated | AlertEvent::Acknowledged | AlertEvent::Report => false,
        };
        assert!(fits, "{:?} does not fit: {alert:?}", alert.event);
    }
    let known: BTreeSet<AlertKey> = watcher.desk.open().map(|alert| alert.key.clone()).collect();
    assert_eq!(open, known, "what was opened is resolved, or open at the desk");
    if let Some(live) = &watcher.live {
        let books = live.watch.state().alerts.open().chain(live.chain_alerts.book().open());
        assert_eq!(books.cloned().collect::<BTreeSet<_>>(), known, "watchers and desk know of the same alerts");
    }

    let rails = watcher.config.rails;
    let changes = world.chain.key_changes();
    let own = |by| watcher.sent.iter().find(|sent| Some(sent.id) == by && sent.plan.origin == Origin::Policy);
    let made: Vec<&SwitchPlan> = changes.iter().filter_map(|change| own(change.by)).map(|sent| &sent.plan).collect();
    for (n, plan) in made.iter().enumerate() {
        let earlier = made[..n].iter().filter(|other| plan.at.since(other.at) < rails.budget_window).count();
        assert!(earlier < usize::try_from(rails.budget).unwrap(), "budget exceeded by {plan:?}");
        if let Some(before) = n.checked_sub(1).map(|n| made[n]) {
            assert!(plan.at.since(before.at) >= rails.cool_down, "no cool-down before {plan:?}");
        }
    }
}
