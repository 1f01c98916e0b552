//! `dogwatch rehearse --switch`: moves the signing key to a standby and back, as a proof that the standby holds its key.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

use dogwatch_chain::AccountName;
use dogwatch_client::{Exit, Failure, Status};

use crate::cli::common::Format;
use crate::cli::daemon;
use crate::cli::interrupt;
use crate::cli::planned::{Planned, on_duty, watched, with};
use crate::cli::switchover::see_through;

/// A rehearsal with a switch, as the command line orders it.
pub(super) struct ProofOrder {
    /// The witness; by default the only one.
    pub(super) witness: Option<String>,
    /// Its chain, if it is watched on several.
    pub(super) chain: Option<String>,
    /// The standby; by default the first.
    pub(super) to: Option<String>,
    /// Whether the operator has confirmed it already.
    pub(super) confirmed: bool,
    /// How long each step may take.
    pub(super) within: Duration,
}

pub(super) async fn prove(config: &Path, order: ProofOrder, format: Format) -> Result<(), Failure> {
    let client = daemon::of(config)?;
    let status: Status = client.get("/status").await?;
    let (chain, witness) = watched(&status, order.witness.as_deref(), order.chain.as_deref())?;
    let name = AccountName::new(witness.name.as_str()).map_err(Failure::input)?;
    let Some(home) = on_duty(witness) else {
        let what = format!("{name}: the signing key is that of no configured node: there is nothing to move back to");
        return Err(Failure::with(Exit::Unfit, what));
    };
    let standby = witness.nodes.iter().find(|node| match &order.to {
        Some(wanted) => node.name == *wanted,
        None => !node.on_duty,
    });
    let Some(standby) = standby.map(|node| node.name.clone()).filter(|standby| *standby != home) else {
        let what = format!("{name}: there is no such standby: node {home} holds the signing key");
        return Err(Failure::input(what));
    };
    if !order.confirmed {
        confirm(&format!(
            "This moves the signing key of {name} from {home} to {standby}, waits for a block of {standby}, and moves it \
             back."
        ))?;
    }
    let within = order.within;
    let planned = |under_way| Planned { client, chain, witness: name, within, format, steps: Vec::new(), under_way };
    interrupt::guard(|under_way| run(planned(under_way), &home, &standby)).await
}

/// Asks the operator whether to go on.
fn confirm(what: &str) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::input(format!("{what} To confirm that, add --yes.")));
    }
    print!("{what} Go on? [y/N] ");
    std::io::stdout().flush().map_err(Failure::other)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(Failure::other)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { Err(Failure::other("nothing was done")) }
}

async fn run(mut plan: Planned, home: &str, standby: &str) -> Result<(), Failure> {
    let by_hand = format!("dogwatch switch {} {home}", plan.witness);
    plan.step(format!("Waiting for a block of {home}: the gap after it is the longest."))?;
    plan.own_block().await?;
    let there = plan.order(standby).await.map_err(|failure| with(&failure, "Nothing was done."))?;
    let block = see_through(&mut plan, home, standby, &there).await?;
    plan.step(format!("{standby} has signed block {block}: it holds its key."))?;
    let stays = format!("The key stays where it is. Look: dogwatch status. Then, if need be: {by_hand}");
    let back = plan.order(home).await.map_err(|failure| with(&failure, &stays))?;
    let block = see_through(&mut plan, standby, home, &back).await?;
    plan.step(format!("{home} has signed block {block}: all is as before."))?;
    plan.under_way.ends();
    plan.format.print(&plan.steps, |_| format!("{}: standby {standby} is proven.", plan.witness))
}
