//! What one endpoint says.

use dogwatch_chain::{Block, Head, Schedule, WitnessState};

use crate::endpoint::{EndpointIndex, Operator};

/// The chain as one endpoint sees it.
///
/// The parts are read one after another, and gateways cache: a block may have been produced in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointView {
    /// Its head.
    pub head: Head,
    /// Its schedule.
    pub schedule: Schedule,
    /// The witnesses asked for, in that order; `None` for one that does not exist.
    pub witnesses: Vec<Option<WitnessState>>,
    /// The block asked for, if it exists yet.
    pub block: Option<Block>,
}

impl EndpointView {
    /// Whether the schedule is in force at the head: a shuffle may have happened between the two.
    pub fn schedule_is_of_head(&self) -> bool {
        self.schedule.is_in_force_at(self.head.num())
    }
}

/// What one endpoint said, if it answered properly.
#[derive(Clone, Copy, Debug)]
pub struct EndpointVoice<'a> {
    /// Which endpoint.
    pub endpoint: EndpointIndex,
    /// Who runs it.
    pub operator: &'a Operator,
    /// Its answer.
    pub reading: Option<&'a EndpointView>,
}
