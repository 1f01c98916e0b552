//! The state of an alert from its first opening until it is forgotten.

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
    /// It is over, but remembered in case it comes back.
    Over,
}

/// Whether something holds an incident back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hold {
    /// Nothing: its messages go out as they come.
    #[default]
    Free,
    /// A maintenance: its message goes out when the maintenance ends.
    Maintenance,
    /// A storm: one message covers it and the others.
    Storm,
}

/// An operator's acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// Who acknowledged it.
    pub by: String,
    /// When they did.
    pub at: Time,
    /// The severity at that time.
    pub severity: Severity,
}

/// One alert, from its first opening until it is forgotten. The daemon stores it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// The alert as it was last raised.
    pub alert: Alert,
    /// Whether it is open.
    pub phase: Phase,
    /// What holds it back.
    pub hold: Hold,
    /// The channels that know of it and will get its resolution.
    pub told: BTreeSet<String>,
    /// The channels that are next, and when, for as long as nobody acknowledges it.
    pub steps: BTreeMap<Time, BTreeSet<String>>,
    /// The acknowledgement, if there is one.
    pub acknowledged: Option<Acknowledgement>,
    /// When the last message about it was made.
    pub said_at: Time,
    /// Until when its first message waits for others, so that a storm shows.
    pub gathers_until: Option<Time>,
    /// When it opened, as far back as the flapping window reaches.
    pub openings: Vec<Time>,
    /// When a flapping alert that is gone for now will count as over.
    pub over_at: Option<Time>,
}

impl Incident {
    /// Whether it flaps: it opened at least this often within the window.
    pub fn flaps(&self, openings: usize) -> bool {
        self.openings.len() >= openings
    }
}
