//! The client side of a daemon's control socket: how to reach it, its messages, and the exit codes of commands.
//!
//! The daemon answers with these types; the command line and the demo read them.

mod alerts;
mod exit;
mod orders;
mod rehearsal;
mod socket;
mod status;

pub use alerts::{AckRequest, AlertList, MaintenanceRequest, OpenAlert, RaiseRequest, TestReport, TestRequest};
pub use exit::{Exit, Failure};
pub use orders::{PauseRequest, SwitchKind, SwitchReply, SwitchRequest};
pub use rehearsal::{Check, CheckResult, RehearsalReport, SlotCounts};
pub use socket::{ClientError, ControlClient, is_running, lock_path, socket_path};
pub use status::{
    AlertStatus, BeatState, BeatStatus, ChainStatus, DeliveryCounts, EndpointStatus, NodeStatus, PolicyStatus, Status,
    SwitchStatus, TripwireState, TripwireStatus, WitnessStatus, millis,
};
