//! What the operator orders by hand.

use std::time::Duration;

use dogwatch_chain::AccountName;
use dogwatch_client::SwitchKind;
use dogwatch_engine::{Event, Force, Holder};
use tokio::sync::mpsc;

use crate::chain::message::{Message, SwitchAnswer, SwitchRefused};
use crate::chain::task::ChainTask;

impl ChainTask {
    /// Switches the witness.
    pub(super) async fn switch(
        &mut self,
        witness: &AccountName,
        target: Holder,
        kind: SwitchKind,
        outbox: &mpsc::WeakSender<Message>,
    ) -> SwitchAnswer {
        let event = match kind {
            SwitchKind::Plain => Event::Manual(target, Force::No),
            SwitchKind::Forced => Event::Manual(target, Force::Yes),
            SwitchKind::Planned => Event::Planned(target),
        };
        let answer = match self.find(witness) {
            Some(index) => self.drive(index, event, outbox).await,
            None => None,
        };
        answer.unwrap_or_else(|| Err(SwitchRefused::not_watched()))
    }

    /// Pauses the witness for that long, or resumes it. Whether that is stored, unless nobody here watches the witness.
    pub(super) async fn pause(
        &mut self,
        witness: &AccountName,
        span: Option<Duration>,
        outbox: &mpsc::WeakSender<Message>,
    ) -> Option<bool> {
        let index = self.find(witness)?;
        let (site, chain) = (&self.site, &self.tracker.config().chain);
        match span {
            Some(span) => tracing::info!(site, chain, %witness, ?span, "paused by the operator"),
            None => tracing::info!(site, chain, %witness, "resumed by the operator"),
        }
        self.drive(index, span.map_or(Event::Resume, Event::Pause), outbox).await;
        Some(self.witnesses.get(index).is_some_and(|task| task.unstored().is_none()))
    }
}
