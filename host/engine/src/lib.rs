//! The decision core of Dogwatch: a pure state machine.
//!
//! [`Tracker`] holds one chain as its endpoints show it; [`Watch`] holds one witness. Both take events with the
//! time they happened at, and never ask for the time themselves: no clock, no randomness, no I/O, no async. So a
//! whole night replays in milliseconds, and the same events give the same commands.
//!
//! The policy proposes ([`Decision`]), the rails dispose ([`Refusal`]). A switch is done when its transaction is in a
//! block, and proven when a block is signed with the new key; what nodes show of the key in between is their
//! pending state and proves nothing.
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "a test may panic, that is how it fails"))]

mod answer;
mod beat;
mod book;
mod chain;
mod chain_alerts;
mod config;
mod decision;
mod evidence;
mod failure;
mod health;
mod holder;
mod memory;
mod rails;
mod situation;
mod slots;
mod switch;
mod tally;
#[cfg(test)]
mod testing;
mod time;
mod watch;

pub use answer::PolicyAnswer;
pub use beat::{Beat, MachineTrouble, NodeProcess};
pub use book::AlertBook;
pub use chain::{
    BlockLog, ClockOffset, ClockReading, ClockStep, Doubt, EndpointReading, Fit, Majority, Parameters, Reading,
    ServerDate, SlotClock, SlotFact, Standstill, Tracker, TrackerConfig, WallClock, WitnessReading, is_sleep,
};
pub use chain_alerts::ChainAlerts;
pub use config::{Beats, Disable, Failback, NodeConfig, Probing, Rails, Sharing, Signing, Unprobed, WatchConfig};
pub use decision::{Action, Decision, PolicyAlert};
pub use evidence::{Evidence, Grade, Source};
pub use failure::{PolicyFailure, ProbeFailure, ProbeFault, ReadFailure};
pub use health::{Damping, NodeHealth, Probe, Streak, Unfit};
pub use holder::Holder;
pub use memory::{PolicyFile, PolicyMemory};
pub use rails::{Lifetime, Refusal, Strength};
pub use situation::{
    Agreement, ChainView, Health, Mode, NextSlot, NodeIndex, NodeView, OwnSlot, PastSwitch, Situation, SlotOutcome,
    SwitchOutcome, Verdict,
};
pub use slots::SlotRecord;
pub use switch::{InFlight, KeyRecord, Origin, SwitchPlan, SwitchRecord, Unproven};
pub use tally::{Counts, Tally};
pub use watch::{
    Command, DecisionRecord, Event, Force, NodeAlerts, SendReport, SharedNodes, SharedSlots, Watch, WatchState,
};
