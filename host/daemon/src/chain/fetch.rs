//! Reads blocks outside the chain's task, hedged over the endpoints at the head, so that one that hangs costs little.

use dogwatch_chain::{Block, BlockNum, Head};
use dogwatch_engine::Tracker;
use dogwatch_rpc::{EndpointIndex, PollAnswer, Pool};

/// The endpoints at the head, starting with the one that last delivered blocks.
pub(super) fn sources(readings: &[PollAnswer], tracker: &Tracker, last: Option<EndpointIndex>) -> Vec<EndpointIndex> {
    let at_head = readings.iter().filter(|reading| tracker.serves(reading.name.as_str()));
    let mut sources: Vec<EndpointIndex> = at_head.map(|reading| reading.endpoint).collect();
    sources.sort_by_key(|source| Some(*source) != last);
    sources
}

/// Reads the blocks up to the head from the first endpoint to deliver them, within the pool's deadline for reads. If none
/// does, their headers, within the same time again: they at least tell who produced.
pub(super) async fn blocks(
    pool: &Pool,
    from: BlockNum,
    head: &Head,
    sources: Vec<EndpointIndex>,
) -> Option<(EndpointIndex, Vec<Block>)> {
    if sources.is_empty() {
        return None;
    }
    let to = head.num();
    match pool.blocks(from, to, &sources).await {
        Ok(read) => return read,
        Err(error) => tracing::debug!(%error, %from, %to, "blocks could not be read"),
    }
    match pool.headers(from, head, &sources).await {
        Ok(read) => Some(read),
        Err(error) => {
            tracing::debug!(%error, %from, %to, "headers could not be read");
            None
        }
    }
}

/// Takes in the block that came along with a poll. In steady state each poll brings the one new block, and no other request
/// is needed.
pub(super) fn learn_along(tracker: &mut Tracker, sources: &[EndpointIndex], readings: &[PollAnswer]) {
    for reading in readings.iter().filter(|reading| sources.contains(&reading.endpoint)) {
        let block = reading.result.as_ref().ok().and_then(|reading| reading.block.as_ref());
        let wanted = tracker.wanted().map(|(from, _)| from);
        if let Some(block) = block.filter(|block| Some(block.num()) == wanted) {
            tracker.learn(vec![block.clone()]);
        }
    }
}
