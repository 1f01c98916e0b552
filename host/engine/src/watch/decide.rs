//! The policy proposes, the rails dispose.

use std::time::Duration;

use dogwatch_chain::Time;

use crate::cause::Cause;
use crate::decision::{Action, Decision};
use crate::rails::{Lifetime, Refusal, Strength, check, named_node};
use crate::switch::{Origin, SwitchPlan, Target};
use crate::tracker::Tracker;
use crate::watch::text::wish;
use crate::watch::{Command, DecisionRecord, Force, Watch};

impl Watch {
    pub(super) fn decided(
        &mut self,
        now: Time,
        tracker: &Tracker,
        result: Result<Decision, String>,
        out: &mut Vec<Command>,
    ) {
        let decision = match result {
            Ok(decision) => decision,
            Err(why) => {
                let notice = self.policy_failed(&why);
                self.raise(now, notice, out);
                return self.record(now, tracker, "stayed: the policy failed".to_owned(), why, out);
            }
        };
        self.resolve(now, Cause::PolicyFailed, "The policy answers again.", out);
        self.state.memory.clone_from(&decision.memory);
        self.say_policy_alerts(now, &decision, out);
        if let Some(delay) = decision.ask_again {
            out.push(Command::WakeAt(now.plus(delay.max(self.interval()))));
        }
        let target = match decision.action {
            Action::Stay => None,
            Action::SwitchTo(index) => Some(named_node(&self.config.nodes, index)),
            Action::Disable => Some(Ok(Target::Disabled)),
        };
        match target {
            None => {
                self.standing.clear();
                self.resolve_others(now, Cause::Refused, &[], "The policy no longer asks for a switch.", out);
                self.record(now, tracker, "stay".to_owned(), decision.reason, out);
            }
            // The decision was made on a situation that the switch under way has overtaken: no refusal to speak of.
            Some(_) if self.state.in_flight.is_some() => {}
            Some(Err(refusal)) => self.refused(now, tracker, None, &[refusal], &decision.reason, out),
            Some(Ok(target)) => {
                let wish = target.wish();
                let refusals = check(&self.facts(now, tracker, &target, Origin::Policy));
                match self.planned(now, tracker, target.clone(), Origin::Policy, decision.reason.clone(), refusals) {
                    Ok(plan) => {
                        self.resolve_others(
                            now,
                            Cause::Refused,
                            &[],
                            "Nothing stands in the way any more: the switch is on its way.",
                            out,
                        );
                        self.record(now, tracker, wish, decision.reason, out);
                        self.begin(now, plan, out);
                    }
                    Err(refusals) => self.refused(now, tracker, Some(&target), &refusals, &decision.reason, out),
                }
            }
        }
    }

    /// A switch by hand. Every wish is answered, with the transaction or with what stands in its way.
    ///
    /// A refusal raises no alert, by design: the operator who asked hears it at once, and nobody else must act on it.
    /// It is in the log of decisions all the same.
    pub(super) fn manual(
        &mut self,
        now: Time,
        tracker: &Tracker,
        target: &Target,
        force: Force,
        out: &mut Vec<Command>,
    ) {
        let mut refusals = check(&self.facts(now, tracker, target, Origin::Operator));
        if force == Force::Yes {
            refusals.retain(|refusal| refusal.strength() == Strength::Hard);
        }
        let reason = "the operator asked for it".to_owned();
        match self.planned(now, tracker, target.clone(), Origin::Operator, reason.clone(), refusals) {
            Ok(plan) => {
                let id = plan.id(&self.config.profile);
                self.record(now, tracker, format!("{} by hand", target.wish()), reason, out);
                self.begin(now, plan, out);
                out.push(Command::Answer(Ok(id)));
            }
            Err(refusals) => {
                self.record(now, tracker, format!("refused: {} by hand", target.wish()), reason, out);
                out.push(Command::Answer(Err(refusals)));
            }
        }
    }

    /// The plan of a switch that nothing stands in the way of, or what does.
    fn planned(
        &self,
        now: Time,
        tracker: &Tracker,
        target: Target,
        origin: Origin,
        reason: String,
        refusals: Vec<Refusal>,
    ) -> Result<SwitchPlan, Vec<Refusal>> {
        if refusals.is_empty() {
            self.plan(now, tracker, target, origin, reason).map_err(|refusal| vec![refusal])
        } else {
            Err(refusals)
        }
    }

    fn refused(
        &mut self,
        now: Time,
        tracker: &Tracker,
        target: Option<&Target>,
        refusals: &[Refusal],
        reason: &str,
        out: &mut Vec<Command>,
    ) {
        self.note_standing(now, refusals);
        let round = self.config.profile.round();
        let needs_operator = |refusal: &Refusal| refusal.lifetime() == Lifetime::NeedsOperator;
        let any = refusals.iter().any(needs_operator);
        let mut keep = Vec::new();
        for refusal in refusals {
            // What passes by itself is worth an alert only where it does not pass, and where nothing else is to be done.
            if needs_operator(refusal) || (!any && self.stood_for(now, refusal) > round) {
                let notice = self.refusal_notice(now, target, refusal, reason);
                keep.push(notice.key.clone());
                self.raise(now, notice, out);
            }
            match refusal {
                Refusal::OwnSlotNear { starts_in } => {
                    out.push(Command::WakeAt(now.plus(*starts_in).plus(self.interval())));
                }
                Refusal::CoolDown { left } => out.push(Command::WakeAt(now.plus(*left))),
                _ => {}
            }
        }
        self.resolve_others(now, Cause::Refused, &keep, "It is no longer what stands in the way.", out);
        // Codes, for the texts count seconds: the record is to differ when the reasons do. The alerts have the texts.
        let why: Vec<&str> = refusals.iter().map(Refusal::code).collect();
        self.record(now, tracker, format!("refused: {}: {}", wish(target), why.join(", ")), reason.to_owned(), out);
    }

    /// Remembers since when each refusal has stood in the way without a break.
    fn note_standing(&mut self, now: Time, refusals: &[Refusal]) {
        self.standing.retain(|code, _| refusals.iter().any(|refusal| refusal.code() == *code));
        for refusal in refusals {
            let key = self.part_key(Cause::Refused, refusal.code());
            // After a restart what is open already is known for longer than this run.
            let first = self.state.alerts.open_for(now, &key).map_or(now, |open| now.minus(open));
            let since = self.standing.entry(refusal.code()).or_insert(first);
            // A clock that was set back starts anew.
            *since = (*since).min(now);
        }
    }

    fn stood_for(&self, now: Time, refusal: &Refusal) -> Duration {
        self.standing.get(refusal.code()).map(|since| now.since(*since)).unwrap_or_default()
    }

    /// One log event per decision that differs from the last one.
    fn record(&mut self, now: Time, tracker: &Tracker, outcome: String, reason: String, out: &mut Vec<Command>) {
        let record = DecisionRecord { verdict: self.verdict(now, tracker), evidence: self.evidence(), outcome, reason };
        if self.last_record.as_ref() != Some(&record) {
            self.last_record = Some(record.clone());
            out.push(Command::Record(Box::new(record)));
        }
    }
}
