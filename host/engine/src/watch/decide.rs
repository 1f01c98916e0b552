//! What becomes of a wish to switch, the policy's or the operator's: the rails decide.

use std::time::Duration;

use dogwatch_alerts::Cause;
use dogwatch_chain::Time;

use crate::answer::PolicyAnswer;
use crate::decision::{Action, Decision};
use crate::holder::Holder;
use crate::rails::{Lifetime, Refusal, Strength, check, named_node};
use crate::switch::{Origin, SwitchPlan};
use crate::watch::event::{Command, DecisionRecord, Force, REFUSED};
use crate::watch::machine::Watch;
use crate::watch::text::wish;
use crate::watch::turn::Turn;

impl Watch {
    pub(super) fn decided(&mut self, turn: &mut Turn<'_>, answer: PolicyAnswer) {
        self.undecided = matches!(answer, PolicyAnswer::Failed(_));
        let decision = match answer {
            PolicyAnswer::Decided(file, decision) => {
                self.resolve(turn, Cause::PolicyFailed, "The policy answers again.");
                self.state.memory.keep(file, decision.memory.clone());
                decision
            }
            PolicyAnswer::Replaced { failure, by, decision } => {
                let notice = self.policy_replaced(&failure, &by);
                self.raise(turn, notice);
                Decision {
                    reason: format!("policy {by}, in place of the one that fails: {}", decision.reason),
                    ..decision
                }
            }
            PolicyAnswer::Failed(why) => {
                let notice = self.policy_failed(&why);
                self.raise(turn, notice);
                return self.record(turn, "stayed: the policy failed".to_owned(), why.to_string());
            }
        };
        self.raise_policy_alerts(turn, &decision);
        if let Some(delay) = decision.ask_again {
            turn.push(Command::WakeAt(turn.now.plus(delay.max(self.interval()))));
        }
        let target = match decision.action {
            Action::Stay => None,
            Action::SwitchTo(index) => Some(named_node(&self.config.nodes, index)),
            Action::Disable => Some(Ok(Holder::Disabled)),
        };
        match target {
            None => {
                self.refused_since.clear();
                self.resolve_others(turn, Cause::Refused, &[], "The policy no longer asks for a switch.");
                self.record(turn, "stay".to_owned(), decision.reason);
            }
            // The switch under way has overtaken the situation that the policy decided on: nothing is refused.
            Some(_) if self.state.in_flight.is_some() => {}
            Some(Err(refusal)) => self.refused(turn, None, &[refusal], &decision.reason),
            Some(Ok(target)) => {
                let wish = target.wish();
                match self.planned(turn, &target, Origin::Policy, Force::No, &decision.reason) {
                    Ok(plan) => {
                        self.resolve_others(
                            turn,
                            Cause::Refused,
                            &[],
                            "Nothing stands in the way any more: the switch is under way.",
                        );
                        self.record(turn, wish, decision.reason);
                        self.begin(turn, plan);
                    }
                    Err(refusals) => self.refused(turn, Some(&target), &refusals, &decision.reason),
                }
            }
        }
    }

    /// A switch by hand. Every request is answered, with the transaction or with what stands in its way.
    ///
    /// A refusal raises no alert, by design: the operator who asked hears of it at once, and nobody else must act on it.
    /// The log of decisions has it all the same.
    pub(super) fn manual(&mut self, turn: &mut Turn<'_>, target: &Holder, origin: Origin, force: Force) {
        let reason = "the operator asked for it".to_owned();
        match self.planned(turn, target, origin, force, &reason) {
            Ok(plan) => {
                let id = plan.id(&self.config.profile);
                self.record(turn, format!("{} by hand", target.wish()), reason);
                self.begin(turn, plan);
                turn.push(Command::Answer(Ok(id)));
            }
            Err(refusals) => {
                self.record(turn, format!("{REFUSED}{} by hand", target.wish()), reason);
                turn.push(Command::Answer(Err(refusals)));
            }
        }
    }

    /// The plan of a switch, or what stands in its way.
    pub(super) fn planned(
        &self,
        turn: &Turn<'_>,
        target: &Holder,
        origin: Origin,
        force: Force,
        reason: &str,
    ) -> Result<SwitchPlan, Vec<Refusal>> {
        let mut refusals = check(&self.facts(turn.now, turn.chain, target, origin));
        if force == Force::Yes {
            refusals.retain(|refusal| refusal.strength() == Strength::Hard);
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let plan = self.plan(turn.now, turn.chain, target.clone(), origin, reason.to_owned());
        plan.map_err(|refusal| vec![refusal])
    }

    /// Raises the policy's own alerts, and closes those that it no longer reports.
    fn raise_policy_alerts(&mut self, turn: &mut Turn<'_>, decision: &Decision) {
        let mut keep = Vec::new();
        for alert in &decision.alerts {
            let notice = self.policy_alert(alert, &decision.reason);
            keep.push(notice.key.clone());
            self.raise(turn, notice);
        }
        self.resolve_others(turn, Cause::Policy, &keep, "The policy no longer reports it.");
    }

    /// Alerts about a switch that the policy wanted and did not get.
    fn refused(&mut self, turn: &mut Turn<'_>, target: Option<&Holder>, refusals: &[Refusal], reason: &str) {
        self.note_refused(turn.now, refusals);
        let round = self.config.profile.round();
        let needs_operator = |refusal: &Refusal| refusal.lifetime() == Lifetime::NeedsOperator;
        let any = refusals.iter().any(needs_operator);
        let mut keep = Vec::new();
        for refusal in refusals {
            // What passes by itself is worth an alert only if it does not pass, and nothing else needs an operator.
            if needs_operator(refusal) || (!any && self.refused_for(turn.now, refusal) > round) {
                let notice = self.refusal_notice(turn.now, target, refusal, reason);
                keep.push(notice.key.clone());
                self.raise(turn, notice);
            }
            match refusal {
                Refusal::OwnSlotNear { starts_in } | Refusal::NextRoundNear { starts_in } => {
                    turn.push(Command::WakeAt(turn.now.plus(*starts_in).plus(self.interval())));
                }
                Refusal::CoolDown { left } => turn.push(Command::WakeAt(turn.now.plus(*left))),
                _ => {}
            }
        }
        self.resolve_others(turn, Cause::Refused, &keep, "This no longer stands in the way.");
        // Codes, not texts: texts count seconds, and a record must differ only when the reasons do.
        let why: Vec<&str> = refusals.iter().map(Refusal::code).collect();
        self.record(turn, format!("{REFUSED}{}: {}", wish(target), why.join(", ")), reason.to_owned());
    }

    /// Remembers since when each refusal has stood in the way without interruption.
    fn note_refused(&mut self, now: Time, refusals: &[Refusal]) {
        self.refused_since.retain(|code, _| refusals.iter().any(|refusal| refusal.code() == *code));
        for refusal in refusals {
            let key = self.part_key(Cause::Refused, refusal.code());
            // An alert that is still open after a restart tells that it has lasted for longer than this run.
            let first = self.state.alerts.opened_at(&key).map_or(now, |opened| opened.min(now));
            let since = self.refused_since.entry(refusal.code()).or_insert(first);
            // If the clock was set back, the time starts again.
            *since = (*since).min(now);
        }
    }

    /// For how long a refusal has stood in the way.
    fn refused_for(&self, now: Time, refusal: &Refusal) -> Duration {
        self.refused_since.get(refusal.code()).map(|since| now.since(*since)).unwrap_or_default()
    }

    /// One log event per decision that differs from the last one.
    pub(super) fn record(&mut self, turn: &mut Turn<'_>, outcome: String, reason: String) {
        let record =
            DecisionRecord { verdict: self.verdict(turn.now, turn.chain), evidence: self.evidence(), outcome, reason };
        if self.last_record.as_ref() != Some(&record) {
            self.last_record = Some(record.clone());
            turn.push(Command::Record(Box::new(record)));
        }
    }
}
