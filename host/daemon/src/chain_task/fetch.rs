//! Reading blocks beside the chain's task: the first endpoint that gives them wins, and one that hangs costs little.

use std::time::Duration;

use dogwatch_chain::{Block, BlockNum};
use dogwatch_engine::Tracker;
use dogwatch_rpc::{EndpointIndex, EndpointReading, Pool};
use tokio::task::JoinSet;

/// Endpoints asked for the same blocks, one after the other, while none has answered.
const ASKED: usize = 3;

/// Endpoints that stand at the head, the one that served last first.
pub(super) fn sources(
    readings: &[EndpointReading],
    tracker: &Tracker,
    last: Option<EndpointIndex>,
) -> Vec<EndpointIndex> {
    let at_head = readings.iter().filter(|reading| tracker.serves(reading.name.as_str()));
    let mut sources: Vec<EndpointIndex> = at_head.map(|reading| reading.endpoint).collect();
    sources.sort_by_key(|source| Some(*source) != last);
    sources
}

/// Reads the blocks from whoever gives them first, within a slot.
pub(super) async fn blocks(
    pool: &Pool,
    from: BlockNum,
    to: BlockNum,
    sources: Vec<EndpointIndex>,
) -> Option<(EndpointIndex, Vec<Block>)> {
    let slot = pool.profile().block_interval;
    let patience = slot.clamp(Duration::from_millis(500), Duration::from_secs(2));
    let stagger = slot.checked_div(8).unwrap_or(slot).clamp(Duration::from_millis(50), Duration::from_millis(400));
    let mut asked = JoinSet::new();
    for (turn, source) in (0u32..).zip(sources.into_iter().take(ASKED)) {
        let pool = pool.clone();
        asked.spawn(async move {
            tokio::time::sleep(stagger.saturating_mul(turn)).await;
            (source, pool.blocks(from, to, Some(source)).await)
        });
    }
    let first = async {
        while let Some(done) = asked.join_next().await {
            match done {
                Ok((source, Ok(blocks))) if !blocks.is_empty() => return Some((source, blocks)),
                Ok((_, Err(error))) => tracing::debug!(%error, "blocks could not be read"),
                Ok((_, Ok(_))) | Err(_) => {}
            }
        }
        None
    };
    tokio::time::timeout(patience, first).await.ok().flatten()
}
