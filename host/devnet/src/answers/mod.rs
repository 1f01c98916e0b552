//! What a node answers to questions about its chain.

pub(crate) mod accounts;
pub(crate) mod amounts;
pub(crate) mod blocks;
pub(crate) mod globals;
pub(crate) mod schedule;
pub(crate) mod status;
pub(crate) mod witnesses;

use dogwatch_chain::Time;

use crate::ledger::Ledger;
use crate::pool::Pool;
use crate::setup::Setup;
use crate::state::State;

/// How amounts and operations are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `condenser_api`: `"1.000 HIVE"`, `["name", {…}]`.
    Legacy,
    /// All newer APIs: `{"amount": …}`, `{"type": …, "value": …}`.
    Nai,
}

/// What one node sees when it answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight<'a> {
    pub(crate) setup: &'a Setup,
    pub(crate) ledger: &'a Ledger,
    /// The node's head, with what is pending in its pool.
    pub(crate) state: &'a State,
    pub(crate) pool: Option<&'a Pool>,
    pub(crate) now: Time,
}
