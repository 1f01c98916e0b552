//! Rehearsals: every day and on request, Dogwatch tries everything a switch needs, except the switch itself.

use std::time::Duration;

use dogwatch_client::{Check, CheckResult, RehearsalReport};
use dogwatch_engine::{Holder, Mode};
use dogwatch_rpc::{NodeRefusal, Pool, RpcCall, UnusableResult};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::alerts::desk::AlertDesk;
use crate::chain::message::Message;
use crate::chain::rehearse::{Standby, WitnessRehearsal};
use crate::channels::client::ChannelClient;
use crate::config::unproven;

/// The call that checks a transaction's signature. Nodes only check it; they do not send it on.
const VERIFY: &str = "condenser_api.verify_authority";

/// The name of the daily chore in the store.
const CHORE: &str = "rehearsal";

/// How often to check whether a rehearsal is due: the clock may change.
const LOOK: Duration = Duration::from_secs(5);

/// Everything that a rehearsal tries.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// The chains: their tasks and their endpoints.
    pub chains: Vec<(String, mpsc::Sender<Message>, Pool)>,
    /// The channels.
    pub clients: Vec<ChannelClient>,
    /// The desk that the report goes to.
    pub desk: AlertDesk,
    /// What the check of the configuration noted and warned of at the start.
    pub notes: Vec<String>,
    /// How long the daemon has to watch before it may rehearse.
    pub settle: Duration,
}

impl Rehearsal {
    /// Rehearses at the set hour of every day, for as long as the daemon runs.
    pub async fn run(self) {
        let started_at = self.desk.clock.now();
        let mut tried: Option<dogwatch_chain::Time> = None;
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.desk.clock.now();
            let Ok(last) = self.desk.store.chore(CHORE).await else { continue };
            // Once a day, even if that cannot be stored; a clock that was ahead must not delay it.
            let last = last.max(tried).map(|last| last.min(now));
            // A rehearsal missed while the daemon was down is made up for once it has watched for a while.
            let due = self.desk.rules.next_rehearsal(last.unwrap_or(started_at));
            if due.is_none_or(|due| now < due) || now.since(started_at) < self.settle {
                continue;
            }
            tried = Some(now);
            let report = self.rehearse().await;
            if let Err(error) = self.tell(&report).await {
                tracing::error!(site = self.desk.rules.site, %error, "could not store the report of the rehearsal");
                continue;
            }
            let _ = self.desk.store.chore_done(CHORE, now).await;
        }
    }

    /// Tries everything.
    pub async fn rehearse(&self) -> RehearsalReport {
        let (mut checks, mut slots, mut notes) = (Vec::new(), Vec::new(), self.notes.clone());
        for (chain, inbox, pool) in &self.chains {
            let (reply, answer) = oneshot::channel();
            let asked = inbox.send(Message::Rehearse(reply)).await;
            let Some(witnesses) = (match asked {
                Ok(()) => answer.await.ok(),
                Err(_) => None,
            }) else {
                checks.push(fails(format!("chain {chain}"), "its task does not answer".to_owned()));
                continue;
            };
            checks.push(endpoints(chain, pool));
            for witness in witnesses {
                let unproven = witness.standbys.iter().filter(|standby| !standby.proven);
                notes.extend(unproven.map(|standby| {
                    let (what, remedy) = unproven::note(&witness.witness, &standby.name);
                    format!("{what}. {remedy}")
                }));
                slots.push((witness.witness.clone(), witness.slots.into()));
                self.witness(pool, witness, &mut checks).await;
            }
        }
        // All at once, so that a service that hangs delays only its own test.
        let mut tests = JoinSet::new();
        for (place, client) in self.clients.iter().cloned().enumerate() {
            let store = self.desk.store.clone();
            tests.spawn(async move {
                let memory = store.memory(&client.name).await.unwrap_or_default();
                (place, client.name.clone(), client.self_test(&memory).await.described())
            });
        }
        let mut tested: Vec<_> = tests.join_all().await;
        tested.sort_by_key(|(place, ..)| *place);
        for (_, name, (works, note)) in tested {
            let result = match works {
                Some(true) => CheckResult::Works,
                Some(false) => CheckResult::Fails,
                None => CheckResult::Unknown,
            };
            checks.push(Check { what: format!("channel {name}"), result, note });
        }
        RehearsalReport { checks, slots, notes }
    }

    async fn witness(&self, pool: &Pool, rehearsal: WitnessRehearsal, checks: &mut Vec<Check>) {
        let WitnessRehearsal { witness, holder, policy_trouble, standbys, mode, .. } = rehearsal;
        // In observe mode neither keys nor standbys are needed.
        let problem = |what: String, note: String| match mode {
            Mode::Armed => fails(what, note),
            Mode::Observe => Check { what, result: CheckResult::Unknown, note: format!("mode is \"observe\"; {note}") },
        };
        let what = format!("{witness}: the key on chain");
        checks.push(match holder {
            Some(Holder::Node(node)) => works(what, format!("it is that of node {node}")),
            Some(Holder::Disabled) => fails(what, "it is the null key: the witness is disabled".to_owned()),
            Some(Holder::Foreign) => fails(what, "it belongs to no configured node".to_owned()),
            None => fails(what, "it is not known".to_owned()),
        });
        let what = format!("{witness}: the policy");
        checks.push(policy_trouble.map_or_else(|| works(what.clone(), String::new()), |why| fails(what.clone(), why)));
        if standbys.is_empty() {
            checks.push(problem(format!("{witness}: standbys"), "there is no standby".to_owned()));
        }
        for Standby { name, obstacles, switch, .. } in standbys {
            let what = format!("{witness}: standby {name}");
            checks.push(match obstacles.is_empty() {
                true => works(what, "fit".to_owned()),
                false => problem(what, obstacles.join("; ")),
            });
            let what = format!("{witness}: a switch to {name}");
            checks.push(match switch {
                Ok(signed) => verify(pool, what, &signed).await,
                Err(why) => problem(what, why.to_string()),
            });
        }
    }

    /// Reports the result, and keeps an alert open for as long as something would not work.
    async fn tell(&self, report: &RehearsalReport) -> Result<(), crate::store::StoreError> {
        let failing = report.checks.iter().filter(|check| check.result == CheckResult::Fails);
        let failing: Vec<&str> = failing.map(|check| check.what.as_str()).collect();
        let (texts, lines) = (self.desk.texts(), report.lines().join("\n"));
        self.desk.report(texts.report(&failing, &lines)).await?;
        self.desk.report(texts.rehearsal(&failing, &lines)).await
    }
}

fn works(what: String, note: String) -> Check {
    Check { what, result: CheckResult::Works, note }
}

fn fails(what: String, note: String) -> Check {
    Check { what, result: CheckResult::Fails, note }
}

fn endpoints(chain: &str, pool: &Pool) -> Check {
    let what = format!("chain {chain}: endpoints");
    match pool.agreement() {
        Some(agreement) if agreement.head.is_some() => works(what, agreement.verdict.to_string()),
        Some(agreement) => fails(what, agreement.verdict.to_string()),
        None => fails(what, "none was polled recently".to_owned()),
    }
}

/// Asks a node whether the signature is right. The key on chain was checked before.
async fn verify(pool: &Pool, what: String, signed: &dogwatch_chain::SignedTransaction) -> Check {
    let params = json!([dogwatch_chain::transaction_to_json(signed, pool.profile())]);
    let accept = |value: &Value| value.as_bool().ok_or(UnusableResult::new("the result is neither true nor false"));
    match pool.read(&RpcCall::new(VERIFY, params), accept).await {
        Ok((_, Ok(true))) => works(what, "signed, and verified by a node; not sent".to_owned()),
        Ok((_, Ok(false))) => fails(what, "a node says that the signature is wrong".to_owned()),
        Ok((_, Err(refused))) if refused.refusal == NodeRefusal::MissingAuthority => {
            fails(what, format!("a node says that the signature is wrong: {refused}"))
        }
        // A node that lags does not know the reference block.
        Ok((_, Err(refused))) => {
            Check { what, result: CheckResult::Unknown, note: format!("signed; a node does not verify it: {refused}") }
        }
        // Public endpoints need not offer the method.
        Err(error) => {
            Check { what, result: CheckResult::Unknown, note: format!("signed; no endpoint verifies it: {error}") }
        }
    }
}
