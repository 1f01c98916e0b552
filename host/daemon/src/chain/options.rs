//! The options of a chain's endpoint pool.

use std::time::Duration;

use dogwatch_rpc::PoolOptions;

use crate::clock::Clock;
use crate::config::ChainConfig;

/// Timeouts grow with the slot length: an answer that comes after the next block is useless.
pub(crate) fn pool_options(chain: &ChainConfig, clock: Clock) -> PoolOptions {
    let interval = chain.profile.block_interval;
    let total = interval.saturating_mul(4).checked_div(3).unwrap_or(interval);
    let total = total.clamp(Duration::from_secs(1), Duration::from_secs(4));
    PoolOptions::new(clock)
        .timeouts(total.checked_div(2).unwrap_or(total), total)
        .read_deadline(interval.clamp(Duration::from_millis(500), Duration::from_secs(2)))
        .agreement(chain.quorum, chain.stale_after)
        .requests_per_minute(chain.requests_per_minute)
        .authorities(chain.authorities.clone())
        // Several daemons must not return to an endpoint in step.
        .jitter(JITTER_PERCENT, rand::random())
}

/// By how many percent the pauses of failing endpoints vary at random.
const JITTER_PERCENT: u32 = 20;
