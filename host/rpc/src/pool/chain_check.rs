//! The chain check: an endpoint's chain id is read before anything else is believed, and again every hour.

use std::time::Duration;

use dogwatch_chain::{ChainId, FutureSchedule, Profile};
use serde_json::json;
use tokio::time::Instant;

use crate::endpoint::Endpoint;
use crate::error::RpcError;
use crate::jsonrpc::{Client, RpcCall};
use crate::pool::member::Member;
use crate::pool::state::ChainCheck;
use crate::results::facts;

/// After this time a right chain is checked again: a name may come to stand for another node.
const AGAIN_WHEN_RIGHT: Duration = Duration::from_secs(3600);
/// After this time a wrong or unconfirmed chain is checked again.
const AGAIN_OTHERWISE: Duration = Duration::from_secs(60);

/// Makes sure that the member is on the profile's chain; asks only if a check is due.
pub(crate) async fn ensure_right_chain(client: &Client, member: &Member, profile: &Profile) -> Result<(), RpcError> {
    let expected = profile.chain_id;
    let before = due(member, expected)?;
    let Some(before) = before else { return Ok(()) };
    // A plain-http endpoint may support https by now.
    member.endpoint.reconsider_https();
    member.spend(1);
    match (ask(client, &member.endpoint, profile).await, before) {
        (Ok(found), _) if found == expected => {
            let mut state = member.state();
            state.chain = ChainCheck::Right { again: later(AGAIN_WHEN_RIGHT) };
            Ok(())
        }
        (Ok(found), _) => {
            tracing::debug!(endpoint = %member.name, %expected, %found, "endpoint is on another chain");
            member.state().chain = ChainCheck::Wrong { found, again: later(AGAIN_OTHERWISE) };
            member.changed();
            Err(RpcError::WrongChain { expected, found })
        }
        // It was right an hour ago: only another chain's id would contradict that.
        (Err(_), ChainCheck::Right { .. }) => Ok(()),
        (Err(error), _) => Err(error),
    }
}

/// What was known before, if a check is due.
fn due(member: &Member, expected: ChainId) -> Result<Option<ChainCheck>, RpcError> {
    let now = Instant::now();
    let mut state = member.state();
    let before = state.chain;
    // The next check is scheduled before this one begins: if it hangs or is cancelled, later polls go on.
    match &mut state.chain {
        ChainCheck::Never => {}
        ChainCheck::Right { again } if now < *again => return Ok(None),
        ChainCheck::Wrong { again, found } if now < *again => {
            return Err(RpcError::WrongChain { expected, found: *found });
        }
        ChainCheck::Right { again } | ChainCheck::Wrong { again, .. } => *again = later(AGAIN_OTHERWISE),
    }
    Ok(Some(before))
}

/// Asks for the chain id, first by the method that this kind of chain supports.
pub(crate) async fn ask(client: &Client, endpoint: &Endpoint, profile: &Profile) -> Result<ChainId, RpcError> {
    let methods = match profile.future_schedule {
        FutureSchedule::Published => [facts::VERSION, facts::CONFIG],
        FutureSchedule::Unknown => [facts::CONFIG, facts::VERSION],
    };
    for method in methods {
        let Ok(result) = client.ask(endpoint, &RpcCall::new(method, json!([]))).await? else { continue };
        let found = match method {
            facts::CONFIG => facts::config_chain_id(&result)?,
            method => facts::version_chain_id(method, &result)?,
        };
        if let Some(found) = found {
            return Ok(found);
        }
    }
    Err(RpcError::ChainIdUnknown)
}

fn later(after: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(after).unwrap_or(now)
}
