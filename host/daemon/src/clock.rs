//! Re-exports the clock of `dogwatch-rpc`.

pub use dogwatch_rpc::Clock;
