//! The two families of node software, which word their answers differently.

use dogwatch_chain::FutureSchedule;

/// The node software whose answers a devnet reproduces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lineage {
    Hive,
    Steem,
}

impl Lineage {
    /// Only Hive's nodes publish the next round's schedule.
    pub(crate) fn of(schedule: FutureSchedule) -> Self {
        match schedule {
            FutureSchedule::Published => Self::Hive,
            FutureSchedule::Unknown => Self::Steem,
        }
    }
}
