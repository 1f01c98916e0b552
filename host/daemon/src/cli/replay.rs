//! `dogwatch replay`: what was decided, and what another policy would have decided.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use dogwatch_chain::{Slot, Time};
use dogwatch_client::Failure;
use dogwatch_engine::{Action, Decision, Situation};
use dogwatch_plugins::{PolicyPlugin, Settings};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::plugin::{given_settings, policy};
use crate::cli::common::Format;
use crate::decisions::{Answer, JournalEntry, JournalError, read};

#[derive(Debug, Args)]
pub(super) struct ReplayOrder {
    /// The journal: a file, a directory of them, or a state directory
    journal: PathBuf,
    /// A policy's file, or a bundled one by its name: what would it have decided?
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Its settings: a TOML file, as [witness.settings] would be
    #[arg(long, value_name = "FILE", requires = "policy")]
    settings: Option<PathBuf>,
    /// Two policies' files, to hold one against the other
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with = "policy")]
    diff: Option<Vec<PathBuf>>,
    /// Only this witness
    #[arg(long, value_name = "NAME")]
    witness: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// Witnesses in a journal, and moments that are shown, at most.
const PLACES: usize = 1000;
const MOMENTS: usize = 10_000;

/// The name of those who decided.
const AS_IT_WAS: &str = "as it was";

/// Who decides: those who did, or a policy that is tried.
enum Decider {
    AsItWas,
    Tried(Box<TriedPolicy>),
}

/// A policy that goes through the journal with a memory of its own, and none at first.
struct TriedPolicy {
    name: String,
    plugin: PolicyPlugin,
    settings: Settings,
    /// By chain and witness.
    memories: BTreeMap<(String, String), Vec<u8>>,
}

/// One side of the comparison.
struct Side {
    decider: Decider,
    /// Over every decision, in order.
    hash: Sha256,
}

/// A moment at which something changed.
#[derive(Debug, Serialize)]
struct Moment {
    at: Time,
    slot: Slot,
    chain: String,
    witness: String,
    /// By the name of who decided: what, and why.
    decisions: Vec<(String, String)>,
    /// Whether they decided differently.
    differs: bool,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Report {
    moments: Vec<Moment>,
    situations: u64,
    /// Situations in which the two sides decided differently.
    different: u64,
    /// The SHA-256 over all decisions, by who made them: the same on any machine.
    sha256: Vec<(String, String)>,
}

pub(super) fn replay(order: &ReplayOrder) -> Result<(), Failure> {
    let ReplayOrder { journal, policy: tried_policy, settings, diff, witness, format } = order;
    let mut sides = match (tried_policy, diff.as_deref()) {
        (Some(file), _) => {
            let settings = given_settings(settings.as_deref())?.unwrap_or_default();
            vec![Side::new(Decider::AsItWas), Side::new(tried(file, settings)?)]
        }
        (None, Some(files)) => {
            files.iter().map(|file| Ok(Side::new(tried(file, Settings::default())?))).collect::<Result<_, Failure>>()?
        }
        (None, None) => vec![Side::new(Decider::AsItWas)],
    };
    let mut report = Report { moments: Vec::new(), situations: 0, different: 0, sha256: Vec::new() };
    let mut last: BTreeMap<(String, String), Vec<Verdict>> = BTreeMap::new();
    let wanted = |situation: &Situation| witness.as_ref().is_none_or(|name| situation.witness.as_str() == name);
    read::<ReplayError>(journal, |entry| {
        if wanted(&entry.situation) {
            take_in(&entry, &mut sides, &mut last, &mut report)?;
        }
        Ok(())
    })
    .map_err(Failure::input)?;
    report.sha256 = sides.into_iter().map(|side| (side.name(), hex::encode(side.hash.finalize()))).collect();
    format.print(&report, words)
}

/// Why a journal cannot be gone through.
#[derive(Debug, thiserror::Error)]
enum ReplayError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("it has more than {PLACES} witnesses; is it a journal?")]
    Witnesses,
    #[error("a decision cannot be written: {0}")]
    Decision(#[from] serde_json::Error),
}

/// What is compared of a decision: what is done, not how it is worded.
type Verdict = Result<Action, ()>;

fn take_in(
    entry: &JournalEntry,
    sides: &mut [Side],
    last: &mut BTreeMap<(String, String), Vec<Verdict>>,
    report: &mut Report,
) -> Result<(), ReplayError> {
    let situation = &entry.situation;
    let place = (situation.chain.clone(), situation.witness.to_string());
    let (mut verdicts, mut decisions) = (Vec::new(), Vec::new());
    for side in sides {
        let decided = side.decide(entry);
        side.hash.update(serde_json::to_vec(&decided)?);
        verdicts.push(decided.as_ref().map(|decision| decision.action).map_err(|_| ()));
        decisions.push((side.name(), said(&decided, situation)));
    }
    report.situations = report.situations.saturating_add(1);
    let differs = verdicts.windows(2).any(|pair| pair.first() != pair.last());
    if differs {
        report.different = report.different.saturating_add(1);
    }
    if last.len() >= PLACES && !last.contains_key(&place) {
        return Err(ReplayError::Witnesses);
    }
    if last.get(&place) != Some(&verdicts) && report.moments.len() < MOMENTS {
        let (at, slot) = (situation.now, situation.view.head_slot);
        report.moments.push(Moment { at, slot, chain: place.0.clone(), witness: place.1.clone(), decisions, differs });
        last.insert(place, verdicts);
    }
    Ok(())
}

impl Side {
    fn new(decider: Decider) -> Self {
        Self { decider, hash: Sha256::new() }
    }

    fn name(&self) -> String {
        match &self.decider {
            Decider::AsItWas => AS_IT_WAS.to_owned(),
            Decider::Tried(tried) => tried.name.clone(),
        }
    }

    fn decide(&mut self, entry: &JournalEntry) -> Result<Decision, String> {
        match &mut self.decider {
            Decider::AsItWas => match &entry.answer {
                Answer::Failed(why) => Err(why.clone()),
                Answer::Decided(decision) | Answer::Replaced(_, decision) => Ok(decision.clone()),
            },
            Decider::Tried(tried) => tried.decide(&entry.situation),
        }
    }
}

impl TriedPolicy {
    fn decide(&mut self, situation: &Situation) -> Result<Decision, String> {
        let memory = self.memories.entry((situation.chain.clone(), situation.witness.to_string())).or_default();
        let called = self.plugin.decide(&self.settings, situation, memory).map_err(|error| error.to_string())?;
        memory.clone_from(&called.value.memory);
        Ok(called.value)
    }
}

fn tried(file: &Path, settings: Settings) -> Result<Decider, Failure> {
    let plugin = policy(file)?;
    plugin.check(&settings).map_err(Failure::input)?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Decider::Tried(Box::new(TriedPolicy { name, plugin, settings, memories: BTreeMap::new() })))
}

fn said(decided: &Result<Decision, String>, situation: &Situation) -> String {
    match decided {
        Err(why) => format!("no decision: {why}"),
        Ok(Decision { action, reason, .. }) => match action {
            Action::Stay => format!("stay: {reason}"),
            Action::Disable => format!("disable: {reason}"),
            Action::SwitchTo(node) => {
                let name = situation.nodes.get(node.0).map_or("a node that is not there", |node| node.name.as_str());
                format!("switch to {name}: {reason}")
            }
        },
    }
}

/// A text without what a terminal would obey: a journal may come from anywhere.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

fn words(report: &Report) -> String {
    let mut lines = Vec::new();
    for Moment { at, slot, chain, witness, decisions, differs } in &report.moments {
        let mark = if *differs { "  <- differs" } else { "" };
        lines.push(format!("{at} UTC, slot {}, {witness} on {}{mark}", slot.0, plain(chain)));
        lines.extend(decisions.iter().map(|(name, said)| format!("  {name:12} {}", plain(said))));
    }
    let Report { situations, different, sha256, .. } = report;
    if !lines.is_empty() {
        lines.push(String::new());
    }
    if report.moments.len() >= MOMENTS {
        lines.push(format!("Only the first {MOMENTS} moments are shown."));
    }
    lines.push(match sha256.len() {
        1 => format!("{situations} situations. Shown is where the decision changed."),
        _ => format!("{situations} situations, decided differently: {different}. Shown is where a decision changed."),
    });
    lines.extend(sha256.iter().map(|(name, hash)| match name.as_str() {
        AS_IT_WAS => format!("Decisions as they were: sha256 {hash}"),
        name => format!("Decisions of {name}: sha256 {hash}"),
    }));
    lines.join("\n")
}
