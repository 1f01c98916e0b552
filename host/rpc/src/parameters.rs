//! The parameters of a chain, read from its nodes: whether a profile describes the chain.

use std::time::Duration;

use dogwatch_chain::{BlockNum, ChainId, KeyPrefix};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::endpoint::EndpointName;
use crate::error::RpcError;
use crate::jsonrpc::RpcCall;
use crate::pool::{Member, Pool, chain_id};
use crate::results::{Shape, constants, facts};

/// How many headers are read to measure a slot. At least two of them are neighbours in time unless every second slot is
/// empty.
const HEADERS: u32 = 16;

/// A chain's parameters as one endpoint shows them; `None` for what it does not show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainParameters {
    /// The chain id.
    pub chain_id: Option<ChainId>,
    /// The time from one slot to the next.
    pub block_interval: Option<Duration>,
    /// The number of slots in a round.
    pub round_length: Option<u32>,
    /// What a public key's text starts with.
    pub prefix: Option<KeyPrefix>,
}

impl Pool {
    /// Asks every endpoint for the chain's parameters, in the order of the configuration: by `get_config`, and where that
    /// is refused by what the chain itself shows: the version, the times of the last headers, the schedule and a
    /// producer's signing key. Whether they are the profile's is not checked.
    pub async fn parameters(&self) -> Vec<(EndpointName, Result<ChainParameters, RpcError>)> {
        join_all(self.members().iter().map(async |member| (member.name.clone(), self.parameters_of(member).await)))
            .await
    }

    async fn parameters_of(&self, member: &Member) -> Result<ChainParameters, RpcError> {
        if let Ok(config) = self.one(member, RpcCall::new(facts::CONFIG, json!([]))).await? {
            return Ok(ChainParameters {
                chain_id: facts::config_chain_id(&config)?,
                block_interval: constants::block_interval(&config),
                round_length: constants::round_length(&config)?,
                prefix: constants::prefix(&config),
            });
        }
        let chain_id = match self.client().bounded(chain_id(self.client(), &member.endpoint, self.profile())).await {
            Ok(found) => Some(found),
            Err(RpcError::ChainIdUnknown) => None,
            Err(error) => return Err(error),
        };
        let globals = self.one(member, RpcCall::new(facts::PROPERTIES, json!([]))).await?.map_err(RpcError::Node)?;
        let head = facts::head(facts::PROPERTIES, &globals)?.num();
        let numbers: Vec<BlockNum> = constants::measured(head, HEADERS).collect();
        let calls: Vec<RpcCall> = numbers.iter().map(|num| RpcCall::new(facts::HEADER, json!([num]))).collect();
        let mut times = Vec::new();
        for (num, answer) in numbers.iter().zip(self.client().bounded(member.ask(self.client(), &calls)).await?) {
            let Ok(header) = answer else { continue };
            times.extend(facts::header(&header, *num)?.map(|header| header.time));
        }
        let schedule = self.one(member, RpcCall::new(facts::SCHEDULE, json!([]))).await?;
        let round = schedule.ok().map(|schedule| facts::schedule(&schedule)).transpose()?;
        Ok(ChainParameters {
            chain_id,
            block_interval: constants::spacing(&times),
            round_length: round.and_then(|round| u32::try_from(round.current.len()).ok()),
            prefix: self.prefix_of_producer(member, &globals).await?,
        })
    }

    /// What the signing key of the head's producer starts with.
    async fn prefix_of_producer(&self, member: &Member, globals: &Value) -> Result<Option<KeyPrefix>, RpcError> {
        let producer = Shape::of(facts::PROPERTIES, globals).get("current_witness")?.text()?;
        let answer = self.one(member, RpcCall::new(facts::WITNESS, json!([producer]))).await?;
        let key = answer.ok().and_then(|witness| constants::prefix_of(witness.get("signing_key")?.as_str()?));
        Ok(key)
    }

    async fn one(&self, member: &Member, call: RpcCall) -> Result<Result<Value, crate::error::NodeError>, RpcError> {
        member.spend(1);
        self.client().bounded(self.client().ask(&member.endpoint, &call)).await
    }
}
