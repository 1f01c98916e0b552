//! A night as text, slot by slot: blocks, keys, what each site sees, decides and says.

use std::fmt::Write as _;

use dogwatch_alerts::AlertEvent;

use crate::chain::branch::Side;
use crate::night::{Night, NightError};
use crate::play::{NightRun, Policies};
use crate::site::SiteAction;
use crate::world::NightWorld;

/// Plays a night and shows it. Slots in which nothing happens to a watched witness are left out.
///
/// # Errors
///
/// The night cannot be played.
pub fn picture(night: &Night, policies: &dyn Policies) -> Result<String, NightError> {
    night.check()?;
    let mut run = NightRun::open(night, policies)?;
    let mut text = String::new();
    let mut views: Vec<String> = vec![String::new(); night.sites.len()];
    run.run(&mut |run| slot(run, &mut views, &mut text));
    let _ = match &run.checks.violation {
        Some(violation) => writeln!(text, "BROKEN: {violation}"),
        None => writeln!(text, "No rule is broken."),
    };
    Ok(text)
}

fn slot(run: &NightRun<'_>, views: &mut [String], text: &mut String) {
    let world = &run.world;
    let mut lines: Vec<String> = run.events.iter().map(|event| format!("  ! {event}")).collect();
    lines.extend(own_slot(world));
    for change in &world.chain.truth().moves {
        if world.chain.truth().slot == world.slot {
            lines.push(format!("  the key of witness {} moves to {}", change.witness, node_of(world, change.witness)));
        }
    }
    for (place, site) in run.sites.iter().enumerate() {
        lines.extend(
            run.actions.iter().filter(|(who, _)| *who == place).filter_map(|(_, action)| action_line(place, action)),
        );
        let said = site.store.desk.messages.iter().rev().take_while(|message| message.slot == world.slot);
        let mut said: Vec<String> = said
            .map(|message| {
                let event = match message.event {
                    AlertEvent::Opened => "opens",
                    AlertEvent::Resolved => "ends",
                    _ => "updates",
                };
                format!("  site {place} {event} {} {}: {}", message.severity, message.key, message.summary)
            })
            .collect();
        said.reverse();
        lines.append(&mut said);
        let view = view_line(run, place);
        if let Some(before) = views.get_mut(place).filter(|before| **before != view) {
            lines.push(format!("  site {place} sees {view}"));
            *before = view;
        }
    }
    if !lines.is_empty() {
        let head = world.chain.truth();
        let other = match world.chain.is_split() {
            true => format!(", other side at block {}", world.chain.head(Side::Other).num()),
            false => String::new(),
        };
        let _ = writeln!(
            text,
            "slot {} (+{}), block {}, final {}{other}",
            world.slot,
            run.since_dusk(),
            head.num(),
            head.irreversible
        );
        for line in lines {
            let _ = writeln!(text, "{line}");
        }
    }
}

fn own_slot(world: &NightWorld) -> Option<String> {
    let head = world.chain.truth();
    let own = match head.slot == world.slot {
        true => head.account,
        false => world.chain.producer(Side::Main, world.slot)?,
    };
    if own >= world.witnesses() {
        return None;
    }
    let what = if head.slot == world.slot { "produces" } else { "MISSES" };
    Some(format!("  witness {own} {what} with the key of {}", node_of(world, own)))
}

fn node_of(world: &NightWorld, witness: usize) -> String {
    let node = world.holder(witness).and_then(|index| world.nodes.get(index));
    node.map_or_else(|| "nobody here".to_owned(), |node| node.name.clone())
}

fn action_line(place: usize, action: &SiteAction) -> Option<String> {
    match action {
        SiteAction::Send(witness, plan) => {
            Some(format!("  site {place} sends witness {witness}: {} to {}", plan.from, plan.to))
        }
        SiteAction::Decided(witness, record) => Some(format!(
            "  site {place} decides for witness {witness}: {:?}, {} ({})",
            record.verdict, record.outcome, record.reason
        )),
        SiteAction::AllClear(_) => None,
    }
}

fn view_line(run: &NightRun<'_>, place: usize) -> String {
    let Some(process) = run.sites.get(place).and_then(|site| site.process.as_ref()) else {
        return "nothing: its daemon is down".to_owned();
    };
    let doubts: Vec<String> =
        process.tracker.doubts().iter().map(|(name, doubt)| format!("{name}: {doubt:?}")).collect();
    // Ages grow with each slot: they are no news.
    let doubts = doubts.iter().map(|doubt| doubt.chars().take(24).collect::<String>()).collect::<Vec<_>>();
    format!("{:?} {doubts:?}", process.tracker.agreement())
}
