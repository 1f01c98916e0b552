//! What is known of an alert from its first opening until it is forgotten.

use std::collections::{BTreeMap, BTreeSet};

use dogwatch_chain::Time;
use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::severity::Severity;

/// Whether an incident is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It is open.
    Open,
    /// It is over, and remembered in case it comes back.
    Over,
}

/// Whether something holds an incident back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hold {
    /// It is said as it comes.
    #[default]
    Free,
    /// Maintenance: it is said when that ends.
    Maintenance,
    /// It is one of too many at once, and said with the others.
    Storm,
}

/// Who has taken it on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// Who.
    pub by: String,
    /// When.
    pub at: Time,
    /// How bad it was then.
    pub severity: Severity,
}

/// One alert, from its first opening until it is forgotten. Stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// The alert as it was raised last.
    pub alert: Alert,
    /// Whether it is open.
    pub phase: Phase,
    /// What holds it back.
    pub hold: Hold,
    /// The channels that were told, and will hear how it ends.
    pub told: BTreeSet<String>,
    /// Who is told next, and when, while nobody acknowledges it.
    pub steps: BTreeMap<Time, BTreeSet<String>>,
    /// Who has taken it on.
    pub acknowledged: Option<Acknowledgement>,
    /// When it was last said.
    pub said_at: Time,
    /// Until when its opening waits for others.
    pub gathers_until: Option<Time>,
    /// When it opened, as far back as damping looks.
    pub openings: Vec<Time>,
    /// When it will be taken to be over, if it came and went too often and is gone for now.
    pub over_at: Option<Time>,
}

impl Incident {
    /// Whether it came and went too often, and is held open.
    pub fn flaps(&self, openings: usize) -> bool {
        self.openings.len() >= openings
    }
}
