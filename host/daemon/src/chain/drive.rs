//! Carrying out what a witness's watch decides: to disk first, then out.

use dogwatch_alerts::AlertReport;
use dogwatch_engine::{Event, SwitchPlan};
use tokio::sync::mpsc;

use crate::chain::message::{Message, SwitchAnswer, SwitchRefused};
use crate::chain::task::ChainTask;
use crate::chain::witness::{Effects, WitnessTask};
use crate::chain::{broadcast, log, unsaved};
use crate::store::Write;

impl ChainTask {
    /// Hands reports about the chain to the alert desk.
    pub(super) async fn report(&mut self, reports: Vec<AlertReport>) {
        for report in &reports {
            log::alert(&self.site, report);
        }
        if !reports.is_empty() {
            self.commit(reports.into_iter().map(|report| Write::Report(Box::new(report))).collect()).await;
        }
    }

    /// Handles an event for one witness: writes state and alerts to disk first, then sends what goes out.
    ///
    /// If the disk does not take them, a switch is sent all the same: losing the night is worse. Restarted before the plan
    /// is stored, the daemon may send another one, and the chain takes at most one of them, since both replace the same key.
    pub(super) async fn drive(
        &mut self,
        index: usize,
        event: Event,
        outbox: &mpsc::WeakSender<Message>,
    ) -> Option<SwitchAnswer> {
        // Each handled event is progress, however many there are and however slow the disk is.
        self.cycles.alive();
        let now = self.now();
        let task = self.witnesses.get_mut(index)?;
        let mut effects = task.handle(now, &self.tracker, event);
        let witness = task.watch().config().witness.clone();
        let chain = task.watch().config().profile.name.clone();
        effects.reports = self.for_all(&witness, effects.reports);
        log::effects(&self.site, &chain, &witness, &effects);
        let Effects { reports, sends, answer, .. } = effects;
        let answer: Option<SwitchAnswer> = answer.map(|answer| answer.map_err(|all| SwitchRefused::by(&all)));

        let mut writes: Vec<Write> = reports.into_iter().map(|report| Write::Report(Box::new(report))).collect();
        if let Some(state) = self.witnesses.get(index).and_then(WitnessTask::unstored) {
            let state = Box::new(state.clone());
            writes.push(Write::State { chain, witness: witness.to_string(), state });
        }
        if !writes.is_empty() {
            let stored = self.commit(writes).await;
            if let Some(task) = self.witnesses.get_mut(index).filter(|_| stored) {
                task.mark_stored();
            }
        }
        for plan in sends {
            self.send(index, &plan, outbox.clone());
        }
        answer
    }

    /// Writes to disk, starting with what could not be written last time.
    pub(super) async fn commit(&mut self, writes: Vec<Write>) -> bool {
        let mut all = std::mem::take(&mut self.unsaved);
        all.extend(writes);
        match self.desk.commit(all.clone()).await {
            Ok(()) => {
                if self.desk.store.is_in_place() {
                    self.store_failure.over(self.local.now());
                }
                true
            }
            Err(error) => {
                let (site, chain) = (&self.site, &self.tracker.config().chain);
                tracing::error!(site, chain, %error, "state and alerts could not be stored");
                self.store_failure.raise(self.local.now(), &error.to_string());
                self.unsaved = unsaved::keep(all);
                false
            }
        }
    }

    fn send(&mut self, index: usize, plan: &SwitchPlan, outbox: mpsc::WeakSender<Message>) {
        let Some(task) = self.witnesses.get(index) else { return };
        let profile = &task.watch().config().profile;
        let id = plan.id(profile);
        let signed = task.sign(plan);
        let pool = self.pool.clone();
        let (site, witness) = (self.site.clone(), plan.witness.clone());
        self.jobs.spawn(async move {
            let report = broadcast::switch(&pool, &site, &witness, signed).await;
            if let Some(outbox) = outbox.upgrade() {
                let _ = outbox.send(Message::Sent(index, id, report)).await;
            }
        });
    }
}
