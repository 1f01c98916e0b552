//! One chain as its endpoints show it: its blocks and schedules, what the endpoints agree on, and what is doubted.

mod agreement;
mod claims;
mod log;
mod majority;
mod own_slots;
mod parameters;
mod progress;
mod quorum;
mod reading;
mod schedules;
mod slot_clock;
mod standstill;
mod tracker;

pub use log::{BlockLog, Fit};
pub use majority::Majority;
pub use own_slots::SlotFact;
pub use parameters::Parameters;
pub use progress::WallClock;
pub use reading::{Doubt, EndpointReading, Reading, WitnessReading};
pub use slot_clock::SlotClock;
pub use standstill::Standstill;
pub use tracker::{Tracker, TrackerConfig};
