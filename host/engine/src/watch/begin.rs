//! Starting a switch.

use std::time::Duration;

use dogwatch_chain::{Time, TransactionId};

use crate::switch::{InFlight, Origin, SwitchPlan, Target};
use crate::tracker::Tracker;
use crate::watch::{Command, SendReport, Watch};

impl Watch {
    /// Starts a switch that the rails let through.
    pub(super) fn begin(
        &mut self,
        now: Time,
        tracker: &Tracker,
        to: Target,
        origin: Origin,
        reason: String,
        out: &mut Vec<Command>,
    ) {
        let Some(plan) = self.plan(now, tracker, to, origin, reason) else { return };
        let notice = self.switching(&plan);
        self.state.in_flight = Some(InFlight { plan: plan.clone(), last_sent: Some(now), sends: 1 });
        out.push(Command::Send(Box::new(plan)));
        self.update(now, notice, out);
    }

    fn plan(&self, now: Time, tracker: &Tracker, to: Target, origin: Origin, reason: String) -> Option<SwitchPlan> {
        let head = tracker.head()?;
        let from_key = self.state.key?.key;
        let to_key = match &to {
            Target::Node(name) => self.config.nodes.get(self.node_index(name)?.0)?.key,
            Target::Disabled => dogwatch_chain::PublicKey::NULL,
            Target::Foreign => return None,
        };
        // Nodes compare with the head block's time; while the chain stands still that lags behind the clock.
        // Whole seconds, rounded up: rounded down, a short one could be over before it is sent.
        let expiration = head.time.max(now).plus(self.config.expiration).plus(Duration::from_millis(999));
        Some(SwitchPlan {
            witness: self.config.witness.clone(),
            at: now,
            from: self.holder_of(from_key),
            from_key,
            to,
            to_key,
            reference: tracker.log().id_at(head.irreversible).unwrap_or(head.id),
            expiration: Time::from_secs(expiration.as_secs()),
            origin,
            reason,
            first_missed: self.trailing_misses().first().map(|miss| miss.time),
        })
    }

    /// Takes in how the endpoints took the transaction. Whatever they say, only a block settles it.
    pub(super) fn sent(&mut self, now: Time, id: TransactionId, report: &SendReport, out: &mut Vec<Command>) {
        let Some(flight) = &self.state.in_flight else { return };
        if flight.plan.id(&self.config.profile) != id {
            return;
        }
        if report.accepted > 0 {
            return self.resolve(now, "not-taken", "An endpoint takes it.", out);
        }
        if report.key_mismatch > 0 {
            // Another site was first, or our own swap is in a block already that we have not seen yet.
            return;
        }
        let notice = self.not_taken(&flight.plan, report);
        self.raise(now, notice, out);
    }
}
