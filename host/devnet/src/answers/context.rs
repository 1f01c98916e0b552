//! The data and the form of an answer.

use dogwatch_chain::Time;

use crate::mempool::Mempool;
use crate::setup::Setup;
use crate::state::{ChainState, StoredBlocks};

/// How amounts and operations are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonForm {
    /// `condenser_api`: `"1.000 HIVE"`, `["name", {…}]`.
    Legacy,
    /// All newer APIs: `{"amount": …}`, `{"type": …, "value": …}`.
    Nai,
}

/// What one node sees when it answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnswerContext<'a> {
    pub(crate) setup: &'a Setup,
    pub(crate) blocks: &'a StoredBlocks,
    /// The node's head, with its pending transactions applied.
    pub(crate) state: &'a ChainState,
    pub(crate) mempool: Option<&'a Mempool>,
    pub(crate) now: Time,
    /// The version that the node runs, if not the one of its lineage.
    pub(crate) version: Option<&'a str>,
}
