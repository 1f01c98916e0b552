//! `dogwatch rehearse --switch`: moves the signing key to a standby and back, as a proof that the standby holds its key.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

use dogwatch_chain::AccountName;
use dogwatch_client::{ControlClient, Exit, Failure, Status, SwitchReply, SwitchRequest, SwitchStatus, WitnessStatus};
use dogwatch_engine::SwitchOutcome;
use tokio::time::Instant;

use crate::cli::common::{Format, say};
use crate::cli::daemon;

/// How often to ask the daemon how things stand.
const LOOK: Duration = Duration::from_millis(250);

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
    let (chain, witness) = watched(&status, &order)?;
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
    let mut proof = Proof { client, chain, witness: name, within: order.within, format, steps: Vec::new() };
    proof.run(&home, &standby).await
}

/// The witness that is meant, and its chain.
fn watched<'a>(status: &'a Status, order: &ProofOrder) -> Result<(String, &'a WitnessStatus), Failure> {
    let all = status.chains.iter().flat_map(|chain| chain.witnesses.iter().map(move |witness| (&chain.name, witness)));
    let mut meant = all.filter(|(chain, witness)| {
        order.witness.as_ref().is_none_or(|name| witness.name == *name)
            && order.chain.as_ref().is_none_or(|name| *chain == name)
    });
    match (meant.next(), meant.next()) {
        (Some((chain, witness)), None) => Ok((chain.clone(), witness)),
        (None, _) => Err(Failure::input("that witness is not watched here")),
        (Some(_), Some(_)) => {
            Err(Failure::input("several witnesses are watched: choose one with --witness and --chain"))
        }
    }
}

fn on_duty(witness: &WitnessStatus) -> Option<String> {
    witness.nodes.iter().find(|node| node.on_duty).map(|node| node.name.clone())
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

/// A proof under way.
struct Proof {
    client: ControlClient,
    chain: String,
    witness: AccountName,
    within: Duration,
    format: Format,
    steps: Vec<String>,
}

impl Proof {
    async fn run(&mut self, home: &str, standby: &str) -> Result<(), Failure> {
        let by_hand = format!("dogwatch switch {} {home}", self.witness);
        self.step(format!("Waiting for a block of {home}: the gap after it is the longest."))?;
        self.own_block().await?;
        let there = self.order(standby).await.map_err(|failure| with(&failure, "Nothing was done."))?;
        self.step(format!("The switch to {standby} is on its way, as transaction {there}."))?;
        let stays = format!("The key stays where it is. Look: dogwatch status. Then, if need be: {by_hand}");
        let block = self.proven(&there, standby).await.map_err(|failure| with(&failure, &stays))?;
        self.step(format!("{standby} has signed block {block}: it holds its key."))?;
        let back = self.order(home).await.map_err(|failure| with(&failure, &stays))?;
        self.step(format!("The switch back to {home} is on its way, as transaction {back}."))?;
        let block = self.proven(&back, home).await.map_err(|failure| with(&failure, &stays))?;
        self.step(format!("{home} has signed block {block}: all is as before."))?;
        self.format.print(&self.steps, |_| format!("{}: standby {standby} is proven.", self.witness))
    }

    /// Says what is done or awaited.
    fn step(&mut self, what: String) -> Result<(), Failure> {
        self.steps.push(what.clone());
        if self.format.is_json() { Ok(()) } else { say(what) }
    }

    async fn look(&self) -> Result<WitnessStatus, Failure> {
        let status: Status = self.client.get("/status").await?;
        let chain = status.chains.into_iter().find(|chain| chain.name == self.chain);
        let witness =
            chain.and_then(|chain| chain.witnesses.into_iter().find(|witness| witness.name == self.witness.as_str()));
        witness.ok_or_else(|| Failure::other(format!("{} is no longer watched", self.witness)))
    }

    /// Looks until `found` has something to return.
    async fn until<T>(
        &self,
        what: &str,
        mut found: impl FnMut(WitnessStatus) -> Result<Option<T>, Failure>,
    ) -> Result<T, Failure> {
        let began = Instant::now();
        while began.elapsed() < self.within {
            if let Some(done) = found(self.look().await?)? {
                return Ok(done);
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(Failure::with(Exit::Unfit, format!("{what} did not come within {:?}", self.within)))
    }

    /// Waits for the witness's next own block.
    async fn own_block(&self) -> Result<(), Failure> {
        let before = self.look().await?.last_produced;
        self.until("a block of the witness", |witness| Ok((witness.last_produced > before).then_some(()))).await
    }

    /// Orders the switch, after one own block and then the next while the rails refuse it for what passes by itself: a slot
    /// that is near, the cool-down.
    async fn order(&mut self, to: &str) -> Result<String, Failure> {
        let began = Instant::now();
        let mut told = false;
        let refused = |reasons: Vec<String>| {
            let what = format!("the switch to {to} is refused:\n  {}\n", reasons.join("\n  "));
            Err(Failure::with(Exit::Refused, what))
        };
        loop {
            let request = SwitchRequest {
                witness: self.witness.clone(),
                chain: Some(self.chain.clone()),
                to: Some(to.to_owned()),
                force: false,
            };
            match self.client.post("/switch", &request).await? {
                SwitchReply::Started(id) => return Ok(id),
                SwitchReply::Refused(reasons) => return refused(reasons),
                SwitchReply::NotNow(reasons) if began.elapsed() >= self.within => return refused(reasons),
                SwitchReply::NotNow(reasons) if !told => {
                    self.step(format!("The switch to {to} has to wait: {}", reasons.join("; ")))?;
                    told = true;
                }
                SwitchReply::NotNow(_) => {}
            }
            self.own_block().await?;
        }
    }

    /// Waits for the block that proves the switch, and returns its number.
    async fn proven(&self, id: &str, node: &str) -> Result<u32, Failure> {
        let failed = |what: String| Err(Failure::with(Exit::Unfit, what));
        self.until(&format!("a block of {node}"), |witness| {
            let ours = |switch: &&SwitchStatus| switch.transaction.as_deref() == Some(id);
            let Some(switch) = witness.switches.iter().find(ours) else { return Ok(None) };
            if switch.outcome != SwitchOutcome::Applied {
                return failed(format!("the switch to {node} did not get into a block"));
            }
            if let Some(proof) = switch.proof {
                return Ok(Some(proof));
            }
            if on_duty(&witness).as_deref() != Some(node) {
                return failed(format!("the signing key was moved away from {node} before it had signed a block"));
            }
            if witness.slots.ends_with('x') && witness.verdict == dogwatch_engine::Verdict::Me {
                return failed(format!("{node} has missed its slot: it may not hold its key"));
            }
            Ok(None)
        })
        .await
    }
}

/// The same failure, with what to do about it.
fn with(failure: &Failure, what: &str) -> Failure {
    Failure { message: format!("{}.\n{what}", failure.message.trim_end().trim_end_matches('.')), exit: failure.exit }
}
