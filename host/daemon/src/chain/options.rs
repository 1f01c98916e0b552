//! How the pool of a chain's endpoints is set up.

use std::time::Duration;

use dogwatch_rpc::PoolOptions;

use crate::config::ChainConfig;

/// Patience grows with the slots: an answer that comes after the next block is of no use.
pub(crate) fn pool_options(chain: &ChainConfig) -> PoolOptions {
    let interval = chain.profile.block_interval;
    let total = interval.saturating_mul(4).checked_div(3).unwrap_or(interval);
    let total = total.clamp(Duration::from_secs(1), Duration::from_secs(4));
    PoolOptions::default()
        .timeouts(total.checked_div(2).unwrap_or(total), total)
        .read_deadline(interval.clamp(Duration::from_millis(500), Duration::from_secs(2)))
        .agreement(chain.quorum, chain.stale_after)
        .requests_per_minute(chain.requests_per_minute)
        .authorities(chain.authorities.clone())
        // Several daemons must not come back to an endpoint in step.
        .jitter(JITTER_PERCENT, rand::random())
}

/// By how much the rests of failing endpoints differ at random.
const JITTER_PERCENT: u32 = 20;
