//! Reading blocks beside the chain's task: from those that stand at the head, hedged, so that one that hangs costs little.

use dogwatch_chain::{Block, BlockNum};
use dogwatch_engine::Tracker;
use dogwatch_rpc::{EndpointIndex, PollAnswer, Pool};

/// Endpoints that stand at the head, the one that served last first.
pub(super) fn sources(
    readings: &[PollAnswer],
    tracker: &Tracker,
    last: Option<EndpointIndex>,
) -> Vec<EndpointIndex> {
    let at_head = readings.iter().filter(|reading| tracker.serves(reading.name.as_str()));
    let mut sources: Vec<EndpointIndex> = at_head.map(|reading| reading.endpoint).collect();
    sources.sort_by_key(|source| Some(*source) != last);
    sources
}

/// Reads the blocks from whoever gives them first, within the pool's deadline for reads.
pub(super) async fn blocks(
    pool: &Pool,
    from: BlockNum,
    to: BlockNum,
    sources: Vec<EndpointIndex>,
) -> Option<(EndpointIndex, Vec<Block>)> {
    if sources.is_empty() {
        return None;
    }
    match pool.blocks(from, to, &sources).await {
        Ok(read) => read,
        Err(error) => {
            tracing::debug!(%error, %from, %to, "blocks could not be read");
            None
        }
    }
}
