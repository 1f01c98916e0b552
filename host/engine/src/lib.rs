//! The decision core: a pure state machine.

mod alert;
mod decision;
mod situation;

pub use alert::{Alert, AlertEvent, AlertKey, Severity, Subject};
pub use decision::{Action, Decision, PolicyAlert};
pub use situation::{
    Agreement, ChainView, Health, Holder, Mode, NextSlot, NodeIndex, NodeView, OwnSlot, PastSwitch, Situation,
    SlotOutcome, SwitchOutcome, Verdict,
};
