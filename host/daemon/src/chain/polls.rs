//! The background job that polls a chain's endpoints.

use dogwatch_chain::{AccountName, BlockNum};
use dogwatch_rpc::{EndpointIndex, PollRequest, Pool};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::chain::message::Message;
use crate::chain::pace::{until_next_poll, until_second_look};

/// Polls a chain's endpoints once per slot, about a third of a slot after the block is due.
pub async fn poll(
    pool: Pool,
    witnesses: Vec<AccountName>,
    next_block: watch::Receiver<Option<(EndpointIndex, BlockNum)>>,
    inbox: mpsc::Sender<Message>,
) {
    let interval = pool.profile().block_interval;
    for poll in 0_u64.. {
        let block = *next_block.borrow();
        let readings = pool.poll(&PollRequest { witnesses: &witnesses, block }).await;
        // Use the agreed head if there is one: a single endpoint may report a head from the future.
        let agreed = pool.agreement().and_then(|agreement| Some(agreement.head.as_ref()?.time));
        let heads = readings.iter().filter_map(|reading| Some(reading.result.as_ref().ok()?.head.time));
        let newest = agreed.or_else(|| heads.filter(|time| *time <= pool.now()).max());
        let mut answers = readings.iter().filter_map(|reading| reading.result.as_ref().ok());
        let at_head = answers.find(|answer| Some(answer.head.time) == newest);
        let again = at_head
            .and_then(|answer| until_second_look(pool.now(), &answer.head, &answer.schedule, &witnesses, interval));
        if inbox.send(Message::Polled(Instant::now(), readings)).await.is_err() {
            return;
        }
        let wait = again.unwrap_or_else(|| until_next_poll(poll, pool.now(), newest, interval));
        tokio::time::sleep(wait).await;
    }
}
