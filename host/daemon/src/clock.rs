//! The one place that asks what time it is.

pub use dogwatch_rpc::Clock;
