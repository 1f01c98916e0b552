//! The constants of a chain, as `get_config` lists them, and what else shows them.

use std::time::Duration;

use dogwatch_chain::{BlockNum, KeyPrefix, PublicKey, Time};
use serde_json::Value;

use crate::error::RpcError;
use crate::results::facts::CONFIG;
use crate::results::shape::Shape;

/// Chains whose name a constant's name begins with. Hive had Steem's names beside its own for a while, so Hive's is
/// looked up first.
const CHAINS: [&str; 3] = ["HIVE", "STEEM", "STEEMIT"];
/// A prefix has at most this many letters.
const LONGEST_PREFIX: usize = 8;

/// A constant of `get_config`, without the chain's name before it.
fn constant<'a>(config: &'a Value, name: &str) -> Option<&'a Value> {
    CHAINS.iter().find_map(|chain| config.get(format!("{chain}_{name}")))
}

/// The time from one slot to the next. Real chains have whole seconds.
pub(crate) fn block_interval(config: &Value) -> Option<Duration> {
    Duration::try_from_secs_f64(constant(config, "BLOCK_INTERVAL")?.as_f64()?).ok()
}

/// The number of slots in a round.
pub(crate) fn round_length(config: &Value) -> Result<Option<u32>, RpcError> {
    constant(config, "MAX_WITNESSES").map(|value| Shape::of(CONFIG, value).number()).transpose()
}

/// What a public key's text starts with.
pub(crate) fn prefix(config: &Value) -> Option<KeyPrefix> {
    KeyPrefix::new(constant(config, "ADDRESS_PREFIX")?.as_str()?).ok()
}

/// What this public key's text starts with.
pub(crate) fn prefix_of(key: &str) -> Option<KeyPrefix> {
    (1..=LONGEST_PREFIX).find_map(|length| {
        let prefix = KeyPrefix::new(key.get(..length)?).ok()?;
        PublicKey::parse(key, &prefix).is_ok().then_some(prefix)
    })
}

/// The blocks whose headers tell how long a slot is: the head and those below.
pub(crate) fn measured(head: BlockNum, count: u32) -> impl Iterator<Item = BlockNum> {
    (head.0.saturating_sub(count.saturating_sub(1)).max(1)..=head.0).map(BlockNum)
}

/// How long a slot is, by the times of consecutive blocks: as long as between the two that are closest to each other. For
/// slots below a second, which only a devnet has, the average.
pub(crate) fn spacing(times: &[Time]) -> Option<Duration> {
    let closest = times.windows(2).filter_map(|pair| match pair {
        [before, after] => Some(after.since(*before)),
        _ => None,
    });
    let closest = closest.min()?;
    if !closest.is_zero() {
        return Some(closest);
    }
    let (first, last) = (times.first()?, times.last()?);
    last.since(*first).checked_div(u32::try_from(times.len()).ok()?.checked_sub(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spaced(secs: &[u32]) -> Option<Duration> {
        spacing(&secs.iter().map(|secs| Time::from_secs(*secs)).collect::<Vec<_>>())
    }

    #[test]
    fn the_closest_blocks_are_a_slot_apart() {
        assert_eq!(spaced(&[0, 6, 9, 18]), Some(Duration::from_secs(3)));
        assert_eq!(spaced(&[0, 1, 1, 2, 2]), Some(Duration::from_millis(500)));
        assert_eq!((spaced(&[]), spaced(&[7])), (None, None));
    }

    #[test]
    fn a_key_tells_its_prefix() {
        let stm = PublicKey::NULL.display(&KeyPrefix::stm()).to_string();
        let other = PublicKey::NULL.display(&KeyPrefix::new("TST").unwrap()).to_string();
        assert_eq!(prefix_of(&stm), Some(KeyPrefix::stm()));
        assert_eq!(prefix_of(&other), Some(KeyPrefix::new("TST").unwrap()));
        assert_eq!((prefix_of(&stm.replace('4', "0")), prefix_of("")), (None, None));
    }
}
