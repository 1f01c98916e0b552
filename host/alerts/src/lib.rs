//! What becomes of an alert once it is raised: who is told, who is next if nobody takes it on, and when there is silence.
//!
//! Pure: [`Desk::take`] is given what is known of an incident and what happened, and answers with what is known now and
//! what has to be said to which channel. It reads no clock and keeps nothing; whoever calls it stores both answers in
//! one transaction, so that an alert is never half handled.
//!
//! The life of an incident:
//!
//! - It opens, and the first channels of its routes are told, after a short wait in which a storm would show.
//! - While nobody acknowledges it, it is said again (from critical up), and escalates along its routes.
//! - Acknowledged, it is quiet, unless it gets worse.
//! - Resolved, all who were told hear of it. What comes and goes too often is held open until it has been quiet.
//! - In maintenance nothing is said, and nothing is lost: what is still open at its end is said then.

mod desk;
mod digest;
#[cfg(test)]
mod golden;
mod hours;
mod incident;
mod rules;
mod storm;

pub use desk::{Desk, Dispatch, Event, Taken};
pub use digest::{Maintenance, digest};
pub use hours::{Hours, HoursError, Weekdays};
pub use incident::{Acknowledgement, Hold, Incident, Phase};
pub use rules::{Damping, Recipient, Route, Rules, Step, SubjectKind};
pub use storm::storm;
