//! One chain as its endpoints show it: its blocks and schedules, what the endpoints agree on, and what is doubted.

mod claims;
mod clock_reading;
mod finality;
mod log;
mod majority;
mod offset;
mod own_slots;
mod parameters;
mod reading;
mod schedules;
mod slot_clock;
mod suspected;
mod tracker;
mod unfresh;

pub use clock_reading::{ClockReading, ClockStep, is_sleep};
pub use log::{BlockLog, Fit};
pub use majority::Majority;
pub use offset::{ClockOffset, ServerDate};
pub(crate) use own_slots::REQUIRED_PARTICIPATION;
pub use own_slots::SlotFact;
pub use parameters::Parameters;
pub use reading::{Doubt, EndpointReading, Reading, WitnessReading};
pub use slot_clock::SlotClock;
pub use tracker::{Tracker, TrackerConfig};
pub use unfresh::{Standstill, WallClock};
