//! What switches that an operator plans have in common: the moment after an own block, and the block that proves them.

use std::io::Write as _;
use std::time::Duration;

use dogwatch_chain::AccountName;
use dogwatch_client::{
    ControlClient, Exit, Failure, Status, SwitchKind, SwitchReply, SwitchRequest, SwitchStatus, WitnessStatus,
};
use dogwatch_engine::{SwitchOutcome, Verdict};
use tokio::time::Instant;

use crate::cli::common::{Format, say};
use crate::cli::interrupt::UnderWay;

/// How often to ask the daemon how things stand.
const LOOK: Duration = Duration::from_millis(250);

/// The witness that is meant, and its chain.
pub(super) fn watched<'a>(
    status: &'a Status,
    name: Option<&str>,
    on: Option<&str>,
) -> Result<(String, &'a WitnessStatus), Failure> {
    let all = status.chains.iter().flat_map(|chain| chain.witnesses.iter().map(move |witness| (&chain.name, witness)));
    let mut meant = all.filter(|(chain, witness)| {
        name.is_none_or(|name| witness.name == *name) && on.is_none_or(|name| *chain == name)
    });
    match (meant.next(), meant.next()) {
        (Some((chain, witness)), None) => Ok((chain.clone(), witness)),
        (None, _) => Err(Failure::input("that witness is not watched here")),
        (Some(_), Some(_)) => {
            Err(Failure::input("several witnesses are watched: choose one with --witness and --chain"))
        }
    }
}

/// The node that holds the key.
pub(super) fn on_duty(witness: &WitnessStatus) -> Option<String> {
    witness.nodes.iter().find(|node| node.on_duty).map(|node| node.name.clone())
}

/// What the new node's first slot shows.
pub(super) enum Proof {
    /// It has signed this block.
    Signed(u32),
    /// It has missed it.
    Missed,
}

/// Switches that an operator has ordered, one step after the other.
pub(super) struct Planned {
    pub(super) client: ControlClient,
    pub(super) chain: String,
    pub(super) witness: AccountName,
    pub(super) within: Duration,
    pub(super) format: Format,
    pub(super) steps: Vec<String>,
    pub(super) under_way: UnderWay,
}

impl Planned {
    /// Says what is done or awaited.
    pub(super) fn step(&mut self, what: String) -> Result<(), Failure> {
        self.steps.push(what.clone());
        // In JSON all steps come at the end, and somebody may have to do something meanwhile.
        let said = if self.format.is_json() {
            writeln!(std::io::stderr(), "{what}").map_err(Failure::other)
        } else {
            say(what)
        };
        // A terminal that is gone does not keep a move that has begun from being seen through.
        if self.under_way.is_so() { Ok(()) } else { said }
    }

    pub(super) async fn look(&self) -> Result<WitnessStatus, Failure> {
        let status: Status = self.client.get("/status").await?;
        let chain = status.chains.into_iter().find(|chain| chain.name == self.chain);
        let witness =
            chain.and_then(|chain| chain.witnesses.into_iter().find(|witness| witness.name == self.witness.as_str()));
        witness.ok_or_else(|| Failure::other(format!("{} is no longer watched", self.witness)))
    }

    /// Looks until `found` has something to return.
    pub(super) async fn until<T>(
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
    pub(super) async fn own_block(&self) -> Result<(), Failure> {
        let before = self.look().await?.last_produced;
        self.until("a block of the witness", |witness| Ok((witness.last_produced > before).then_some(()))).await
    }

    /// Orders the switch, after one own block and then the next while the rails refuse it for what passes by itself: a slot
    /// that is near, the cool-down.
    pub(super) async fn order(&mut self, to: &str) -> Result<String, Failure> {
        let began = Instant::now();
        let mut told = false;
        let refused = |reasons: Vec<String>| {
            let what = format!("the switch to {to} is refused:\n  {}\n", reasons.join("\n  "));
            Err(Failure::with(Exit::Refused, what))
        };
        loop {
            let another = self.under_way.is_so();
            self.under_way.begins();
            let request = SwitchRequest {
                witness: self.witness.clone(),
                chain: Some(self.chain.clone()),
                to: Some(to.to_owned()),
                kind: SwitchKind::Planned,
            };
            let reply = self.client.post("/switch", &request).await;
            if !another && !matches!(reply, Ok(SwitchReply::Started(_))) {
                self.under_way.ends();
            }
            match reply? {
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

    /// Waits for the new node's first slot.
    pub(super) async fn proven(&self, id: &str, node: &str) -> Result<Proof, Failure> {
        let failed = |what: String| Err(Failure::with(Exit::Unfit, what));
        self.until(&format!("a block of {node}"), |witness| {
            let Some(switch) = witness.switches.iter().find(|switch| is(switch, id)) else { return Ok(None) };
            if switch.outcome != SwitchOutcome::Applied {
                return failed(format!("the switch to {node} did not get into a block"));
            }
            if let Some(proof) = switch.proof {
                return Ok(Some(Proof::Signed(proof)));
            }
            // It may be back before anybody looks.
            if taken_back(&witness, id).is_some() {
                return Ok(Some(Proof::Missed));
            }
            if on_duty(&witness).as_deref() != Some(node) {
                return failed(format!("the signing key was moved away from {node} before it had signed a block"));
            }
            let missed = witness.slots.ends_with('x') && witness.verdict == Verdict::Me;
            Ok(missed.then_some(Proof::Missed))
        })
        .await
    }
}

fn is(switch: &SwitchStatus, id: &str) -> bool {
    switch.transaction.as_deref() == Some(id)
}

/// The transaction by which the daemon has taken that switch back.
pub(super) fn taken_back<'a>(witness: &'a WitnessStatus, id: &str) -> Option<&'a str> {
    let mut switches = witness.switches.iter();
    let ours = switches.find(|switch| is(switch, id))?;
    let back = |later: &&SwitchStatus| later.origin == ours.origin && later.from == ours.to && later.to == ours.from;
    switches.find(back)?.transaction.as_deref()
}

/// The same failure, with what to do about it.
pub(super) fn with(failure: &Failure, what: &str) -> Failure {
    Failure { message: format!("{}.\n{what}", failure.message.trim_end().trim_end_matches('.')), exit: failure.exit }
}
