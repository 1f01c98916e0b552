//! What a poll asks, and what comes back.

use std::time::Duration;

use dogwatch_chain::{AccountName, BlockNum, FutureSchedule, Profile};
use serde_json::json;

use crate::agreement::EndpointView;
use crate::endpoint::{EndpointIndex, EndpointName, Operator};
use crate::error::RpcError;
use crate::jsonrpc::{Answer, RpcCall};
use crate::results::facts;
use crate::transport::AnswerDate;

/// What a poll asks of every endpoint.
#[derive(Clone, Copy, Debug)]
pub struct PollRequest<'a> {
    /// The witnesses whose state is wanted.
    pub witnesses: &'a [AccountName],
    /// A block to read in the same request, and the endpoint to read it from: it usually exists by then.
    pub block: Option<(EndpointIndex, BlockNum)>,
}

/// One endpoint's answer to a poll.
#[derive(Clone, Debug)]
pub struct PollAnswer {
    /// Which endpoint.
    pub endpoint: EndpointIndex,
    /// What it is called.
    pub name: EndpointName,
    /// Who runs it.
    pub operator: Operator,
    /// The time from request to answer, without the chain check; `None` if it was not asked.
    pub latency: Option<Duration>,
    /// The `Date` of its answer, if that had one and could be read.
    pub date: Option<AnswerDate>,
    /// What it said.
    pub result: Result<EndpointView, RpcError>,
}

impl PollRequest<'_> {
    /// The calls to one endpoint, which is also asked for `block`.
    pub(super) fn calls(&self, profile: &Profile, block: Option<BlockNum>) -> Vec<RpcCall> {
        let mut calls = vec![RpcCall::new(facts::PROPERTIES, json!([])), RpcCall::new(facts::SCHEDULE, json!([]))];
        calls.extend(self.witnesses.iter().map(|witness| RpcCall::new(facts::WITNESS, json!([witness]))));
        if profile.future_schedule == FutureSchedule::Published {
            calls.push(RpcCall::new(facts::ACTIVE, json!([true])));
        }
        calls.extend(block.map(|block| RpcCall::new(facts::BLOCK, json!([block]))));
        calls
    }

    /// Reads the answers to those calls, and why the block among them cannot be used, if it cannot.
    pub(super) fn read(
        &self,
        answers: Vec<Answer>,
        profile: &Profile,
        block: Option<BlockNum>,
    ) -> Result<(EndpointView, Option<RpcError>), RpcError> {
        let mut answers = answers.into_iter();
        let mut next = || answers.next().ok_or(RpcError::NotJsonRpc { what: "the batch lacks an answer" });
        let head = facts::head(facts::PROPERTIES, &next()?.map_err(RpcError::Node)?)?;
        let mut schedule = facts::schedule(&next()?.map_err(RpcError::Node)?)?;
        let mut witnesses = Vec::with_capacity(self.witnesses.len());
        for name in self.witnesses {
            witnesses.push(facts::witness(&next()?.map_err(RpcError::Node)?, name, profile)?);
        }
        if profile.future_schedule == FutureSchedule::Published
            // A gateway that does not pass this method on is still good for the rest.
            && let Ok(active) = next()?
        {
            schedule.future = facts::future(&active, &schedule.current)?;
        }
        // An endpoint without blocks is still good for the rest; blocks are then read elsewhere.
        let block = block.map_or(Ok(None), |number| facts::block(&next()?.map_err(RpcError::Node)?, number, profile));
        let (block, no_block) = match block {
            Ok(block) => (block, None),
            Err(error) => (None, Some(error)),
        };
        Ok((EndpointView { head, schedule, witnesses, block }, no_block))
    }
}
