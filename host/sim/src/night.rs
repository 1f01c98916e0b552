//! A night as data: the world it begins in, and what goes wrong when.

use serde::{Deserialize, Serialize};

use crate::fault::FaultKind;
use crate::site::policy::PolicyChoice;

/// Which chain's rules hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChainRules {
    /// Blocks are final at once, and the next round is published.
    Hive,
    /// Blocks are final after two thirds of a round, and the next round is not known.
    Steem,
}

/// A site as it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SiteSetup {
    /// When in each slot it polls, in milliseconds after the slot's beginning.
    pub poll_at: u32,
    /// How many operators of endpoints must agree.
    pub quorum: u32,
    /// Slots between two probes of a node.
    pub probes_every: u64,
    /// Whether it prefers the nodes in the opposite order.
    pub reversed: bool,
    /// Its policy.
    pub policy: PolicyChoice,
    /// Slots until a producer knows what this site sends.
    pub delay: u64,
    /// Whether the nodes' own machines tell it how they are.
    #[serde(default)]
    pub beats: bool,
    /// Rounds after which the key goes back to a node that is well again; none, and an operator moves it.
    #[serde(default)]
    pub failback: u32,
}

impl SiteSetup {
    /// How many operators must agree where there are so many.
    pub(crate) fn quorum_of(&self, operators: usize) -> u32 {
        u32::try_from(operators).unwrap_or(u32::MAX).min(self.quorum)
    }
}

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct NightFault {
    /// Its kind, by the name that the catalogue has.
    pub kind: String,
    /// In which slot after dusk it happens.
    pub at: u64,
    /// For how many slots it lasts, if it is not done at once.
    #[serde(default)]
    pub lasts: u64,
    /// Which node, endpoint or site it strikes, where there is a choice. Counted round.
    #[serde(default)]
    pub target: usize,
    /// How bad it is, where there are degrees: the catalogue says of what.
    #[serde(default)]
    pub amount: u32,
}

/// A night.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Night {
    /// Decides all that is left to chance. The same seed gives the same night.
    pub seed: u64,
    /// Which chain's rules hold.
    pub chain: ChainRules,
    /// Slots in a round: 5 to 40.
    pub round: u32,
    /// Watched witnesses: 1 or 2.
    pub witnesses: usize,
    /// The operator's nodes: 1 to 4.
    pub nodes: u8,
    /// Endpoints, each of another operator: 1 to 8.
    pub endpoints: usize,
    /// Slots until everything is mended.
    pub slots: u64,
    /// The sites.
    pub sites: Vec<SiteSetup>,
    /// What goes wrong.
    #[serde(default, rename = "fault")]
    pub faults: Vec<NightFault>,
}

/// Why a night cannot be played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NightError {
    /// The file is not one of a night.
    #[error("this is no night: {0}")]
    Unreadable(String),
    /// A number is out of range.
    #[error("{what} is {found}, and must be {least} to {most}")]
    OutOfRange {
        /// Which number.
        what: &'static str,
        /// The number.
        found: u64,
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// No fault kind has that name.
    #[error("there is no fault kind {0:?}: `dogwatch plugin test --faults` prints all of them")]
    UnknownKind(String),
}

impl Night {
    /// Reads a night's file.
    ///
    /// # Errors
    ///
    /// The text is no night, or one that cannot be played.
    pub fn from_toml(text: &str) -> Result<Self, NightError> {
        let night: Self = toml::from_str(text).map_err(|error| NightError::Unreadable(error.to_string()))?;
        night.check()?;
        Ok(night)
    }

    /// The night as a file.
    ///
    /// # Errors
    ///
    /// A number is too large for the format.
    pub fn to_toml(&self) -> Result<String, NightError> {
        toml::to_string(self).map_err(|error| NightError::Unreadable(error.to_string()))
    }

    /// Whether it can be played.
    ///
    /// # Errors
    ///
    /// A number is out of range, or a fault kind unknown.
    pub fn check(&self) -> Result<(), NightError> {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let delays = self.sites.iter().map(|site| site.delay).max().unwrap_or(1);
        let polls = self.sites.iter().map(|site| u64::from(site.poll_at)).max().unwrap_or(0);
        let ends = self.faults.iter().map(|fault| fault.at.saturating_add(fault.lasts)).max().unwrap_or(0);
        for (what, found, least, most) in [
            ("round", u64::from(self.round), 5, 40),
            ("witnesses", count(self.witnesses), 1, 2),
            ("nodes", u64::from(self.nodes), 1, 4),
            ("endpoints", count(self.endpoints), 1, 8),
            ("slots", self.slots, 1, 20_000),
            ("the number of sites", count(self.sites.len()), 1, 4),
            ("a site's delay", delays, 1, 20),
            ("a site's poll-at", polls, 0, 2999),
            ("the end of a fault", ends, 0, 40_000),
        ] {
            if !(least..=most).contains(&found) {
                return Err(NightError::OutOfRange { what, found, least, most });
            }
        }
        let unknown = self.faults.iter().find(|fault| FaultKind::named(&fault.kind).is_none());
        unknown.map_or(Ok(()), |fault| Err(NightError::UnknownKind(fault.kind.clone())))
    }
}
