//! Nights as scripts: what goes wrong when, and what a policy is expected to say to it.

mod expectation;
mod moment;
mod record;
mod report;

use dogwatch_sim::{ChainRules, Night, NightError, NightFault, PolicyChoice, SiteSetup, play_slots, slot_begins};
use serde::Deserialize;

use crate::script::expectation::{Expectation, Expected};
use crate::script::moment::{Clock, Moment};
use crate::script::record::Recorder;
pub use crate::script::report::{Played, Verdict};

/// Why a script cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// It is not read.
    #[error("this is no script of a night: {0}")]
    Unreadable(String),
    /// A moment lies outside the night.
    #[error("{what} is {moment}, and the night has {slots} slots from {begins} on: that is after its end")]
    Outside {
        /// What happens then.
        what: String,
        /// When.
        moment: String,
        /// How long the night is.
        slots: u64,
        /// When it begins.
        begins: String,
    },
    /// An expectation says nothing, or what cannot be.
    #[error("[[expect]] number {number}: {why}")]
    Expectation {
        /// Which one, from 1 on.
        number: usize,
        /// What is wrong with it.
        why: String,
    },
    /// It has no expectation.
    #[error("it expects nothing: add an [[expect]] table, or an [outcome]")]
    Nothing,
    /// The night cannot be played.
    #[error(transparent)]
    Night(#[from] NightError),
}

/// A night as a script.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Script<S> {
    /// The time of day, UTC, at which it begins.
    #[serde(default)]
    begins: Clock,
    /// How long it is.
    #[serde(default = "slots")]
    slots: u64,
    #[serde(default = "chain")]
    chain: ChainRules,
    #[serde(default = "three")]
    nodes: u8,
    #[serde(default = "three")]
    endpoints: u8,
    #[serde(default = "round")]
    round: u32,
    /// Decides all that is left to chance, the order of the witnesses above all.
    #[serde(default = "seed")]
    seed: u64,
    /// Whether the nodes' own machines tell how they are.
    #[serde(default)]
    beats: bool,
    /// The policy's settings.
    pub settings: Option<S>,
    #[serde(default, rename = "fault")]
    faults: Vec<Fault>,
    #[serde(default, rename = "expect")]
    expectations: Vec<Expectation>,
    #[serde(default)]
    outcome: Outcome,
}

/// Something that goes wrong.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Fault {
    kind: String,
    at: Moment,
    /// Until when: without it to the end of the night.
    until: Option<Moment>,
    #[serde(default)]
    target: usize,
    #[serde(default)]
    amount: u32,
}

/// What the night is to come to.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Outcome {
    /// Own blocks that may be lost at most.
    lost: Option<u32>,
    /// Switches.
    switches: Option<u32>,
}

const fn slots() -> u64 {
    400
}

const fn chain() -> ChainRules {
    ChainRules::Hive
}

const fn three() -> u8 {
    3
}

const fn round() -> u32 {
    21
}

const fn seed() -> u64 {
    1
}

impl<S: for<'de> Deserialize<'de>> Script<S> {
    /// Reads a script.
    ///
    /// # Errors
    ///
    /// The text is none.
    pub fn from_toml(text: &str) -> Result<Self, ScriptError> {
        toml::from_str(text).map_err(|error| ScriptError::Unreadable(error.to_string().trim_end().to_owned()))
    }

    /// Plays the night, and holds it against what is expected.
    ///
    /// # Errors
    ///
    /// The script contradicts itself, or the night cannot be played.
    pub fn play(&self, policies: &dyn dogwatch_sim::Policies) -> Result<Played, ScriptError> {
        let expected = self.expected()?;
        let night = self.night()?;
        let recorder = Recorder::new(policies, slot_begins(&night, 0), self.begins);
        let outcome = play_slots(&night, &recorder)?;
        let decisions = recorder.decisions();
        let mut verdicts: Vec<Verdict> = expected.iter().map(|expected| expected.judge(&decisions)).collect();
        verdicts.extend(self.outcome.lost.map(|most| Verdict::at_most("blocks lost", most, outcome.missed)));
        verdicts.extend(self.outcome.switches.map(|count| Verdict::exactly("switches", count, outcome.switches)));
        let broken = outcome.violation.map(|violation| violation.to_string());
        Ok(Played {
            verdicts,
            decisions,
            lost: outcome.missed,
            switches: outcome.switches,
            refused: outcome.refused,
            broken,
        })
    }

    fn night(&self) -> Result<Night, ScriptError> {
        let site = SiteSetup {
            poll_at: 900,
            quorum: 2,
            probes_every: 1,
            reversed: false,
            // Nobody promised what it does: the rules that every policy must keep hold all the same.
            policy: PolicyChoice::Wild,
            delay: 1,
            beats: self.beats,
            failback: 0,
        };
        let faults: Result<Vec<NightFault>, ScriptError> = self.faults.iter().map(|fault| self.fault(fault)).collect();
        Ok(Night {
            seed: self.seed,
            chain: self.chain,
            round: self.round,
            witnesses: 1,
            nodes: self.nodes,
            endpoints: usize::from(self.endpoints),
            slots: self.slots,
            sites: vec![site],
            faults: faults?,
        })
    }

    fn fault(&self, fault: &Fault) -> Result<NightFault, ScriptError> {
        let Fault { kind, at, until, target, amount } = fault;
        let at = self.slot(kind, at)?;
        let end = until.as_ref().map_or(Ok(self.slots), |until| self.slot(kind, until))?;
        Ok(NightFault { kind: kind.clone(), at, lasts: end.saturating_sub(at), target: *target, amount: *amount })
    }

    fn slot(&self, what: &str, moment: &Moment) -> Result<u64, ScriptError> {
        let slot = moment.slot(self.begins);
        if slot <= self.slots {
            return Ok(slot);
        }
        Err(ScriptError::Outside {
            what: what.to_owned(),
            moment: moment.to_string(),
            slots: self.slots,
            begins: self.begins.to_string(),
        })
    }

    fn expected(&self) -> Result<Vec<Expected>, ScriptError> {
        if self.expectations.is_empty() && self.outcome.lost.is_none() && self.outcome.switches.is_none() {
            return Err(ScriptError::Nothing);
        }
        let all = self.expectations.iter().enumerate().map(|(index, expectation)| {
            let number = index.saturating_add(1);
            let end = |moment: &Option<Moment>, default| {
                moment.as_ref().map_or(Ok(default), |moment| self.slot(&format!("[[expect]] number {number}"), moment))
            };
            let (from, until) = (end(&expectation.from, 0)?, end(&expectation.until, self.slots)?);
            expectation.over(from, until).map_err(|why| ScriptError::Expectation { number, why: why.to_owned() })
        });
        all.collect()
    }
}
