//! The record of one of the witness's own slots.

use dogwatch_chain::{Slot, Time};
use serde::{Deserialize, Serialize};

use crate::holder::Holder;
use crate::situation::SlotOutcome;

/// The record of one of the witness's own slots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotRecord {
    /// The slot.
    pub slot: Slot,
    /// When it began.
    pub time: Time,
    /// What became of it.
    pub outcome: SlotOutcome,
    /// Whose key signed it or would have had to.
    pub holder: Holder,
}
