//! Alerts: what identifies one, and what happens once it is raised: which channels get it, which are next if nobody
//! acknowledges it, and when Dogwatch stays silent.
//!
//! Pure: [`Desk::handle`] takes an incident's state and an event, and returns the new state and the messages for each
//! channel. It reads no clock and keeps nothing. The caller stores both results in one transaction, so that an alert is
//! never half handled.
//!
//! The life of an incident:
//!
//! - It opens. The first channels of its routes get a message after a short wait in which a storm would show.
//! - While nobody acknowledges it, the desk repeats it (from critical up) and escalates it along its routes. Only the
//!   desk repeats alerts, and only the desk remembers how bad one was at its worst.
//! - Once acknowledged it stays quiet, unless it gets worse.
//! - Once it is over, every channel that knows of it gets the resolution. A flapping alert stays open until it is
//!   quiet.
//! - During a maintenance nothing is sent and nothing is lost: alerts still open at its end are sent then.

mod alert;
mod cause;
mod desk;
mod digest;
#[cfg(test)]
mod golden;
mod hours;
mod incident;
mod key;
mod notice;
mod rules;
mod severity;
mod storm;
mod subject;

pub use alert::{Alert, AlertEvent};
pub use cause::{Cause, Raiser};
pub use desk::{Desk, Dispatch, IncidentEvent, Step};
pub use digest::{Maintenance, digest};
pub use hours::{Hours, HoursError, Weekdays};
pub use incident::{Acknowledgement, Hold, Incident, Phase};
pub use key::{AlertKey, AlertKeyError, Scope};
pub use notice::{AlertReport, Change, Notice};
pub use rules::{EscalationStep, FlapRule, Recipient, Route, Rules};
pub use severity::Severity;
pub use storm::storm;
pub use subject::{Subject, SubjectKind};
