//! `dogwatch roll`: leads through an upgrade of all nodes of a witness, one after the other, and loses no block.

use std::path::Path;
use std::time::Duration;

use dogwatch_chain::AccountName;
use dogwatch_client::{Exit, Failure, Status, WitnessStatus};
use dogwatch_engine::Health;

use crate::cli::common::Format;
use crate::cli::daemon;
use crate::cli::interrupt::UnderWay;
use crate::cli::planned::{Planned, on_duty, watched, with};
use crate::cli::switchover::{Run, move_key, node};

/// An upgrade of all nodes, as the command line orders it.
pub(super) struct RollOrder {
    pub(super) witness: String,
    pub(super) chain: Option<String>,
    /// The version that they are to run.
    pub(super) version: String,
    pub(super) within: Duration,
    pub(super) run: Run,
}

/// What to do about a roll that ended early.
const AGAIN: &str = "Nodes that are done stay so: once all is well, run the same command again.";

pub(super) async fn roll(config: &Path, order: RollOrder, format: Format, under_way: UnderWay) -> Result<(), Failure> {
    let client = daemon::of(config)?;
    let status: Status = client.get("/status").await?;
    let (chain, witness) = watched(&status, Some(&order.witness), order.chain.as_deref())?;
    let name = AccountName::new(witness.name.as_str()).map_err(Failure::input)?;
    let Some(home) = on_duty(witness) else {
        let what = format!("{name}: the signing key is that of no configured node. Nothing was done.");
        return Err(Failure::with(Exit::Unfit, what));
    };
    let left = left(witness, &home, &order.version);
    let mut plan = Planned { client, chain, witness: name, within: order.within, format, steps: Vec::new(), under_way };
    if left.is_empty() {
        return plan.format.print(&plan.steps, |_| format!("All nodes run {} already.", order.version));
    }
    if order.run == Run::Dry {
        for node in &left {
            plan.step(format!(
                "Would wait until {node} runs {} and is fit, and then move the key to it.",
                order.version
            ))?;
        }
        return plan.format.print(&plan.steps, |_| "Nothing was done.".to_owned());
    }
    let mut holder = home;
    for node in left {
        if node == holder {
            // Only one that does not hold the key may be stopped.
            holder = relieve(&mut plan, &holder, &order.version).await.map_err(|failure| with(&failure, AGAIN))?;
        }
        upgraded(&mut plan, &holder, &node, &order.version).await.map_err(|failure| with(&failure, AGAIN))?;
        move_key(&mut plan, &holder, &node).await.map_err(|failure| with(&failure, AGAIN))?;
        holder = node;
    }
    let version = order.version;
    plan.format.print(&plan.steps, |_| format!("{}: all nodes run {version}; {holder} is on duty.", plan.witness))
}

/// The nodes that do not run the version yet, the one on duty last: each of them is proven by a block, and so is that one.
fn left(witness: &WitnessStatus, home: &str, version: &str) -> Vec<String> {
    let old =
        witness.nodes.iter().filter(|node| node.version.as_deref() != Some(version)).map(|node| node.name.clone());
    let (mut standbys, last): (Vec<_>, Vec<_>) = old.partition(|name| name != home);
    standbys.extend(last);
    standbys
}

/// Moves the key away from the last node that runs the old version, to one that runs the new one and is fit.
async fn relieve(plan: &mut Planned, holder: &str, version: &str) -> Result<String, Failure> {
    let witness = plan.look().await?;
    let mut others = witness.nodes.iter().filter(|node| node.name != holder && node.health == Health::Healthy);
    let Some(to) = others.find(|node| node.version.as_deref() == Some(version)).map(|node| node.name.clone()) else {
        let what = format!("{holder} is on duty, and no other node runs {version} and is fit: it cannot be stopped");
        return Err(Failure::with(Exit::Unfit, what));
    };
    move_key(plan, holder, &to).await?;
    Ok(to)
}

/// Waits until the operator has upgraded the node.
async fn upgraded(plan: &mut Planned, holder: &str, name: &str, version: &str) -> Result<(), Failure> {
    let witness = plan.look().await?;
    let runs =
        node(&witness, name).and_then(|node| node.version.clone()).unwrap_or_else(|| "an unknown version".to_owned());
    let standbys =
        witness.nodes.iter().filter(|node| node.name != name && node.name != holder && node.health == Health::Healthy);
    let alone = if standbys.count() == 0 { " Until then no other standby is fit: be quick." } else { "" };
    plan.step(format!("Upgrade {name} now: it runs {runs}, and {holder} is on duty.{alone}"))?;
    let what = format!("{name}, fit and with {version},");
    plan.until(&what, |witness| {
        match on_duty(&witness) {
            Some(now) if now == holder => {}
            now => {
                let whose = now.map_or_else(|| "none of the nodes".to_owned(), |name| format!("node {name}"));
                let what = format!("the signing key has moved from {holder} to that of {whose} meanwhile");
                return Err(Failure::with(Exit::Unfit, what));
            }
        }
        let Some(node) = node(&witness, name) else {
            return Err(Failure::with(Exit::Unfit, format!("node {name} is no longer in the configuration")));
        };
        let done = node.version.as_deref() == Some(version) && node.health == Health::Healthy;
        Ok(done.then_some(()))
    })
    .await?;
    plan.step(format!("{name} runs {version}, and is fit."))
}
