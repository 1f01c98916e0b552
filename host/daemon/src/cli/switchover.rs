//! `dogwatch switch --when safe`: a switch that costs no block, proven by the first one of the new node, or taken back.

use std::path::Path;
use std::time::Duration;

use dogwatch_chain::AccountName;
use dogwatch_client::{Exit, Failure, NodeStatus, Status, WitnessStatus};
use dogwatch_engine::Health;

use crate::cli::at::{self, Moment};
use crate::cli::common::Format;
use crate::cli::daemon;
use crate::cli::interrupt::UnderWay;
use crate::cli::planned::{Planned, Proof, on_duty, taken_back, watched, with};
use crate::clock::Clock;

/// What to do where the command cannot say more.
const LOOK: &str = "Look: dogwatch status";

/// When a switch by hand is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum When {
    /// In the longest gap between two own slots
    Safe,
}

/// Whether a switchover is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// It is.
    Real,
    /// It is only described.
    Dry,
}

/// A switchover, as the command line orders it.
pub(super) struct SwitchoverOrder {
    pub(super) witness: String,
    pub(super) chain: Option<String>,
    pub(super) to: String,
    pub(super) at: Option<Moment>,
    pub(super) within: Duration,
    pub(super) run: Run,
}

pub(super) async fn switchover(
    config: &Path,
    order: SwitchoverOrder,
    format: Format,
    clock: Clock,
    under_way: UnderWay,
) -> Result<(), Failure> {
    let client = daemon::of(config)?;
    let status: Status = client.get("/status").await?;
    let (chain, witness) = watched(&status, Some(&order.witness), order.chain.as_deref())?;
    let name = AccountName::new(witness.name.as_str()).map_err(Failure::input)?;
    let mut home = old_node(witness, &order.to)?;
    check(witness, &order.to)?;
    let past = || Failure::input("--at: that moment is past");
    let at = order.at.map(|moment| moment.after(at::now(clock)).ok_or_else(past)).transpose()?;
    let (to, within) = (order.to, order.within);
    let mut plan = Planned { client, chain, witness: name, within, format, steps: Vec::new(), under_way };
    if let Some(at) = at {
        let would = if order.run == Run::Dry { "Would wait" } else { "Waiting" };
        plan.step(format!("{would} until {at}."))?;
        if order.run == Run::Real {
            at::until(at, clock).await;
            // Who is on duty may have changed, and who is well.
            let witness = plan.look().await?;
            home = old_node(&witness, &to)?;
            check(&witness, &to)?;
        }
    }
    if order.run == Run::Dry {
        plan.step(format!("Would wait for a block of {home}: the gap after it is the longest."))?;
        plan.step(format!("Would switch {} from {home} to {to}, and wait for the first block of {to}.", plan.witness))?;
        plan.step(format!("If {to} misses it while {home} is fit: the daemon would switch back to {home}."))?;
        return plan.format.print(&plan.steps, |_| "Nothing was done.".to_owned());
    }
    move_key(&mut plan, &home, &to).await?;
    plan.format.print(&plan.steps, |_| format!("{}: {to} is on duty.", plan.witness))
}

/// Moves the key in the longest gap, and waits for the block that proves it. If that does not come, the key goes back.
pub(super) async fn move_key(plan: &mut Planned, home: &str, to: &str) -> Result<(), Failure> {
    plan.step(format!("Waiting for a block of {home}: the gap after it is the longest."))?;
    plan.own_block().await?;
    let id = plan.order(to).await.map_err(|failure| with(&failure, "Nothing was done."))?;
    let moved = see_through(plan, home, to, &id).await;
    plan.under_way.ends();
    plan.step(format!("{to} has signed block {}.", moved?))
}

/// Waits until the new node has signed a block, and returns its number, or until the daemon has taken the switch back.
pub(super) async fn see_through(plan: &mut Planned, home: &str, to: &str, id: &str) -> Result<u32, Failure> {
    plan.step(format!("The switch to {to} is on its way, as transaction {id}."))?;
    let goes_on = format!("If {to} misses its first block while {home} is fit, the daemon moves the key back. {LOOK}");
    match plan.proven(id, to).await.map_err(|failure| with(&failure, &goes_on))? {
        Proof::Signed(block) => Ok(block),
        Proof::Missed => Err(see_back(plan, home, to, id).await?),
    }
}

/// The node that holds the key now.
fn old_node(witness: &WitnessStatus, to: &str) -> Result<String, Failure> {
    let name = &witness.name;
    match on_duty(witness) {
        Some(home) if home == to => Err(Failure::input(format!("{name}: node {to} holds the signing key already"))),
        Some(home) => Ok(home),
        None => {
            let what = format!("{name}: the signing key is that of no configured node: there is nothing to go back to");
            Err(Failure::with(Exit::Unfit, what))
        }
    }
}

/// The new node must be known, and well.
fn check(witness: &WitnessStatus, to: &str) -> Result<(), Failure> {
    let Some(node) = node(witness, to) else {
        let names: Vec<&str> = witness.nodes.iter().map(|node| node.name.as_str()).collect();
        let what = format!("{}: there is no node {to:?}; the nodes are {}", witness.name, names.join(", "));
        return Err(Failure::input(what));
    };
    if node.health == Health::Healthy {
        return Ok(());
    }
    let why = node.trouble.as_deref().map_or_else(|| "its probes have not shown that it is".to_owned(), str::to_owned);
    Err(Failure::with(Exit::Unfit, format!("node {to} is not fit: {why}. Nothing was done.")))
}

pub(super) fn node<'a>(witness: &'a WitnessStatus, name: &str) -> Option<&'a NodeStatus> {
    witness.nodes.iter().find(|node| node.name == name)
}

/// The new node has missed its slot: waits until the daemon has moved the key back, and says so as a failure.
async fn see_back(plan: &mut Planned, home: &str, to: &str, id: &str) -> Result<Failure, Failure> {
    let missed = format!("{to} has missed its slot: it may not hold its key");
    plan.step(format!("{missed}. Waiting for the daemon to move the key back to {home}."))?;
    let missed = Failure::with(Exit::Unfit, missed);
    let what = format!("a switch back to {home}");
    let begun = plan.until(&what, |witness| {
        if let Some(back) = taken_back(&witness, id) {
            return Ok(Some(back.to_owned()));
        }
        match on_duty(&witness) {
            Some(now) if now == to => {}
            _ => return Err(with(&missed, &format!("The key was moved from {to} meanwhile. {LOOK}"))),
        }
        let fit = node(&witness, home).is_some_and(|node| node.health == Health::Healthy);
        if !fit && witness.switching_to.is_none() {
            return Err(with(&missed, &format!("{home} is not fit either: the key stays with {to}. {LOOK}")));
        }
        Ok(None)
    });
    let back = begun.await?;
    match plan.proven(&back, home).await.map_err(|failure| with(&failure, LOOK))? {
        Proof::Signed(block) => plan.step(format!("{home} has signed block {block}: all is as before."))?,
        Proof::Missed => return Err(with(&missed, &format!("{home} has missed its slot as well. {LOOK}"))),
    }
    Ok(with(&missed, &format!("The key is back with {home}.")))
}
