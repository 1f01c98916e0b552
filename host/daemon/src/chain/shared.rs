//! The nodes that witnesses share: what one witness's slots prove of a node is told to the others, and of what they report of it
//! one alert is made.

use dogwatch_alerts::AlertReport;
use dogwatch_chain::AccountName;
use tokio::sync::mpsc;

use crate::chain::message::Message;
use crate::chain::task::ChainTask;
use crate::chain::witness::WitnessTask;

impl ChainTask {
    /// Tells the others that share a node with a witness what is new of its slots.
    pub(super) async fn tell_others(&mut self, witness: usize, outbox: &mpsc::WeakSender<Message>) {
        let Some(task) = self.witnesses.get(witness) else { return };
        for (other, event) in self.shared.news(witness, task.watch()) {
            self.drive(other, event, outbox).await;
        }
    }

    /// What is told of a witness's reports: of those about a shared node only what no other witness has reported.
    pub(super) fn for_all(&mut self, witness: &AccountName, reports: Vec<AlertReport>) -> Vec<AlertReport> {
        let Self { node_alerts, witnesses, .. } = self;
        node_alerts.merge(witness, reports, || witnesses.iter().map(WitnessTask::watch))
    }
}
