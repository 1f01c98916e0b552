//! Alerts: what identifies one, and what becomes of it once it is raised: who is told, who is next if nobody acknowledges it,
//! and when there is silence.
//!
//! Pure: [`Desk::handle`] takes what is known of an incident and what happened, and returns what is known now and which
//! channels get which message. It reads no clock and keeps nothing; the caller stores both in one transaction, so that an
//! alert is never half handled.
//!
//! The life of an incident:
//!
//! - It opens, and the first channels of its routes get a message, after a short wait in which a storm would show.
//! - While nobody acknowledges it, it is repeated (from critical up), and escalates along its routes. Nobody else repeats
//!   an alert, and nobody else remembers how bad it was at its worst.
//! - Acknowledged, it is quiet, unless it gets worse.
//! - Once it is over, all who were told hear of it. An alert that flaps is held open until it has been quiet.
//! - During a maintenance nothing is sent, and nothing is lost: what is still open at its end is sent then.

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
