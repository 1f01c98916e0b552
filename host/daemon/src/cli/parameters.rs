//! Whether the configured profiles describe the chains: `dogwatch check --ask`.

use std::collections::BTreeMap;
use std::time::Duration;

use dogwatch_chain::Profile;
use dogwatch_client::Failure;
use dogwatch_rpc::{ChainParameters, EndpointName, Pool};

use crate::chain::options::pool_options;
use crate::clock::Clock;
use crate::config::{ChainConfig, Problems};

/// Slots that differ by less are as long as each other: where a node hides its constants they are measured by headers,
/// whose times are whole seconds.
const ROUNDING: Duration = Duration::from_millis(500);

/// A parameter of which the endpoints say something else than the configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mismatch {
    what: String,
    remedy: String,
}

/// Asks every endpoint of the chain for its parameters, and adds an error for each that is not as configured.
///
/// # Errors
///
/// When the endpoints cannot be asked at all.
pub(super) async fn compare(chain: &ChainConfig, clock: Clock, problems: &mut Problems) -> Result<(), Failure> {
    let options = pool_options(chain, clock);
    let pool = Pool::new(chain.profile.clone(), chain.endpoints.clone(), options).map_err(Failure::input)?;
    let name = &chain.profile.name;
    let mut found: BTreeMap<Mismatch, Vec<String>> = BTreeMap::new();
    let mut told: Vec<ChainParameters> = Vec::new();
    let mut silent: Vec<(EndpointName, String)> = Vec::new();
    for (endpoint, answer) in pool.parameters().await {
        match answer {
            Ok(parameters) => {
                for mismatch in mismatches(&chain.profile, &parameters) {
                    found.entry(mismatch).or_default().push(endpoint.to_string());
                }
                told.push(parameters);
            }
            Err(error) => silent.push((endpoint, error.to_string())),
        }
    }
    for (Mismatch { what, remedy }, endpoints) in found {
        problems.error(Some(chain.line), format!("chain {name:?}: {what} (says {})", endpoints.join(", ")), remedy);
    }
    for (endpoint, error) in silent {
        let what = format!("chain {name:?}: endpoint {endpoint} does not tell the chain's parameters: {error}");
        problems.warn(Some(chain.line), what, "To see how all of them answer: dogwatch endpoints --ask");
    }
    if told.is_empty() {
        let what = format!("chain {name:?}: no endpoint answers: whether the profile is right is unknown");
        problems.error(Some(chain.line), what, "Check the endpoints' addresses and this machine's network.");
        return Ok(());
    }
    let hidden = [
        ("the chain id", told.iter().all(|parameters| parameters.chain_id.is_none())),
        ("the block interval", told.iter().all(|parameters| parameters.block_interval.is_none())),
        ("the round length", told.iter().all(|parameters| parameters.round_length.is_none())),
        ("the prefix of keys", told.iter().all(|parameters| parameters.prefix.is_none())),
    ];
    for (parameter, _) in hidden.iter().filter(|(_, hidden)| *hidden) {
        let what = format!("chain {name:?}: no endpoint tells {parameter}: it is unchecked");
        problems.warn(Some(chain.line), what, "Add an endpoint that answers condenser_api.get_config.");
    }
    Ok(())
}

/// Where the parameters are not those of the profile. On another chain everything may differ: only that is said.
fn mismatches(profile: &Profile, found: &ChainParameters) -> Vec<Mismatch> {
    let differs = |what: String, setting: String| Mismatch {
        what,
        remedy: format!("Use the profile of this chain, or write {setting} in [chain.custom]."),
    };
    if let Some(id) = found.chain_id.filter(|id| *id != profile.chain_id) {
        return vec![Mismatch {
            what: format!("the chain id is {}, and the node's is {id}", profile.chain_id),
            remedy: format!(
                "Remove endpoints of another chain. If the profile is wrong, use the right one, or write chain_id = \
                 \"{id}\" in [chain.custom]."
            ),
        }];
    }
    let mut all = Vec::new();
    if let Some(interval) = found.block_interval.filter(|found| found.abs_diff(profile.block_interval) >= ROUNDING) {
        let configured = profile.block_interval;
        all.push(differs(
            format!("the block interval is {configured:?}, and the chain's is {interval:?}"),
            format!("block_interval = \"{interval:?}\""),
        ));
    }
    if let Some(round) = found.round_length.filter(|round| *round != profile.round_length) {
        all.push(differs(
            format!("a round has {} slots, and the chain's has {round}", profile.round_length),
            format!("round_length = {round}"),
        ));
    }
    if let Some(prefix) = found.prefix.as_ref().filter(|prefix| **prefix != profile.prefix) {
        all.push(differs(
            format!("public keys start with {}, and the chain's with {}", profile.prefix.as_str(), prefix.as_str()),
            format!("prefix = \"{}\"", prefix.as_str()),
        ));
    }
    all
}
