//! What alerts say: what happened, since when, what Dogwatch did or will do, and what the human must do.

use dogwatch_chain::{BlockId, PublicKey};

use crate::alert::{Severity, Subject};
use crate::book::Notice;
use crate::decision::Decision;
use crate::rails::Refusal;
use crate::situation::{Mode, SlotOutcome};
use crate::switch::{SwitchPlan, Target};
use crate::watch::{Command, SendReport, Watch};

/// As many characters of a summary as services show in one line.
const SUMMARY: usize = 160;

/// One line of bounded length, whatever nodes and endpoints said in it.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(SUMMARY) {
        None => line,
        Some(_) => line.chars().take(SUMMARY - 1).chain(['…']).collect(),
    }
}

impl Watch {
    fn notice(&self, kind: &str, severity: Severity, summary: String, details: String, remedy: &str) -> Notice {
        Notice {
            key: self.alert_key(kind),
            severity,
            subject: self.subject(),
            summary,
            details,
            remedy: remedy.to_owned(),
            command: "dogwatch status".to_owned(),
        }
    }

    fn shown(&self, key: PublicKey) -> String {
        key.display(&self.config.profile.prefix).to_string()
    }

    fn name(&self) -> &str {
        self.config.witness.as_str()
    }

    /// The last own slots in one line, oldest first: `+` produced, `x` missed, `-` chain-wide.
    pub(super) fn evidence(&self) -> String {
        let marks: String = self
            .state
            .slots
            .iter()
            .rev()
            .take(10)
            .map(|record| match record.outcome {
                SlotOutcome::Produced => '+',
                SlotOutcome::Missed => 'x',
                SlotOutcome::ChainWide => '-',
            })
            .collect();
        let marks: String = marks.chars().rev().collect();
        let holder = self.holder().map_or_else(|| "unknown".to_owned(), |holder| holder.to_string());
        format!("holder {holder}, own slots [{marks}]")
    }

    pub(super) fn no_such_witness(&self) -> Notice {
        Notice {
            command: "dogwatch check".to_owned(),
            ..self.notice(
                "no-such-witness",
                Severity::Page,
                format!("{} is not a witness on {}", self.name(), self.config.profile.name),
                "The endpoints agree that there is no such witness. Nothing can be watched.".to_owned(),
                "Correct the witness's name or chain in dogwatch.toml.",
            )
        }
    }

    pub(super) fn key_changed(&self, from: &Target, to: &Target) -> Notice {
        self.notice(
            "key-changed",
            Severity::Info,
            format!("{}: the signing key moved from {from} to {to}, and not by this daemon", self.name()),
            "Another site or an operator changed it. Dogwatch goes on with the new key.".to_owned(),
            "If that was neither you nor your other site, change the account's keys.",
        )
    }

    pub(super) fn foreign_key(&self) -> Notice {
        let key = self.state.key.map_or_else(String::new, |record| self.shown(record.key));
        self.notice(
            "foreign-key",
            Severity::Critical,
            format!("{}: the signing key on chain is none of the configured nodes'", self.name()),
            format!("It is {key}. Dogwatch takes it that an operator is at work, and holds."),
            "If this was you, add the node with that key to dogwatch.toml. If not, change the account's keys.",
        )
    }

    pub(super) fn disabled(&self) -> Notice {
        self.notice(
            "disabled",
            Severity::Critical,
            format!("{} is disabled: its signing key is the null key", self.name()),
            "It produces nothing, and Dogwatch cannot enable it: nobody can sign for the null key.".to_owned(),
            "Enable it with a wallet and the account's active key (witness_update).",
        )
    }

    pub(super) fn low_participation(&self, filled: u8) -> Notice {
        let chain = &self.config.profile.name;
        let least = self.config.rails.min_participation;
        Notice {
            command: "dogwatch endpoints --ask".to_owned(),
            ..self.notice(
                "low-participation",
                Severity::Critical,
                format!("{chain}: only {filled} of the last 128 slots hold a block"),
                format!(
                    "With fewer than {least} the chain itself is in trouble. Dogwatch holds, whatever {} does.",
                    self.name()
                ),
                "Look at the chain. To switch all the same: dogwatch switch with --force.",
            )
        }
    }

    pub(super) fn missing(&self) -> Notice {
        let misses = self.trailing_misses();
        let count = misses.len();
        let first = misses.first().map_or_else(String::new, |miss| miss.time.to_string());
        let holder = self.holder().map_or_else(String::new, |holder| holder.to_string());
        let blocks = if count == 1 { "block" } else { "blocks" };
        let next = match self.config.mode {
            Mode::Observe => "Mode is \"observe\": Dogwatch will not act.",
            Mode::Armed => "Dogwatch switches as soon as policy and rails agree.",
        };
        self.notice(
            "missing",
            Self::miss_severity(count),
            format!("{}: node {holder} missed {count} {blocks} in a row", self.name()),
            format!("The first at {first} UTC. The chain goes on without it. {next}"),
            "Look at the node, and whether Dogwatch can act.",
        )
    }

    pub(super) fn node_unfit(&self, node: &str, why: &str) -> Notice {
        let duty = if self.holder() == Some(Target::Node(node.to_owned())) {
            "It is on duty now: Dogwatch judges it by its blocks, not by its probe, and watches on."
        } else {
            "It is a standby now: Dogwatch would not switch to it."
        };
        Notice {
            subject: Subject::Node(self.config.witness.clone(), node.to_owned()),
            ..self.notice(
                &format!("node/{node}"),
                Severity::Warning,
                format!("{}: node {node} is not fit", self.name()),
                format!("Its probe says: {why}. {duty}"),
                "Repair the node.",
            )
        }
    }

    pub(super) fn policy_failed(&self, why: &str) -> Notice {
        Notice {
            command: "dogwatch check".to_owned(),
            ..self.notice(
                "policy-failed",
                Severity::Page,
                format!("{}: the failover policy does not work", self.name()),
                format!("It said: {why}. Without it Dogwatch watches and alerts, and does not switch by itself."),
                "Repair or replace the policy, or switch by hand.",
            )
        }
    }

    pub(super) fn say_policy_alerts(&mut self, now: dogwatch_chain::Time, decision: &Decision, out: &mut Vec<Command>) {
        let mut keep = Vec::new();
        for alert in &decision.alerts {
            let notice = self.notice(
                &format!("policy/{}", alert.id),
                alert.severity,
                format!("{}: {}", self.name(), alert.summary),
                format!("The policy says so. Its decision: {}", decision.reason),
                "Look at the nodes.",
            );
            keep.push(notice.key.clone());
            self.raise(now, notice, out);
        }
        self.resolve_others(now, "policy/", &keep, "The policy no longer says so.", out);
    }

    pub(super) fn refusal_notice(&self, wish: &str, refusal: &Refusal, reason: &str) -> Notice {
        Notice {
            command: refusal.command(self.name()),
            ..self.notice(
                &format!("refused/{}", refusal.code()),
                refusal.severity(),
                one_line(&format!("{}: did not {wish}: {refusal}", self.name())),
                format!("What stands in the way: {refusal}. The policy's reason: {reason}. {}.", self.evidence()),
                refusal.remedy(),
            )
        }
    }

    pub(super) fn switching(&self, plan: &SwitchPlan) -> Notice {
        let missed = plan.first_missed.map_or_else(String::new, |at| format!(" First missed block: {at} UTC."));
        self.notice(
            "switching",
            Severity::Critical,
            format!("{}: switching from {} to {}", self.name(), plan.from, plan.to),
            format!(
                "{}.{missed} Transaction {} is on its way, and sent again until it is in a block or expires at {} UTC.",
                plan.reason.trim_end_matches('.'),
                plan.id(&self.config.profile),
                plan.expiration,
            ),
            "Nothing now. Then find out what happened to the old node.",
        )
    }

    pub(super) fn switched(&self, plan: &SwitchPlan, block: Option<BlockId>) -> Notice {
        let place = block.map_or_else(
            || "It was found in effect after its expiration.".to_owned(),
            |block| format!("The switch is in block {}.", block.num()),
        );
        let next = match plan.to {
            Target::Node(_) => "Waiting for the new node's first block.",
            Target::Disabled | Target::Foreign => "Waiting for that block to become irreversible.",
        };
        self.notice(
            "switching",
            Severity::Critical,
            format!("{}: the signing key is now that of {}", self.name(), plan.to),
            format!("{place} {next}"),
            "Find out what happened to the old node, and repair it: it is the standby now.",
        )
    }

    pub(super) fn lost_to_fork(&self, plan: &SwitchPlan) -> Notice {
        let next = if self.holds_back(plan) {
            "Mode is \"observe\": Dogwatch does not send it again, but it may get into a block all the same."
        } else {
            "The same transaction is sent again."
        };
        let details = format!("The block that held it lost to another branch. {next}");
        Notice { details, ..self.switching(plan) }
    }

    pub(super) fn in_flight_held(&self, plan: &SwitchPlan) -> Notice {
        self.notice(
            "in-flight-held",
            Severity::Critical,
            format!("{}: the switch to {} is under way, and not sent again in mode \"observe\"", self.name(), plan.to),
            format!(
                "Transaction {} was decided on at {} UTC, before this start. Dogwatch sends it no more, but cannot call \
                 back what is out: until {} UTC it may still get into a block and move the key from {} to {}. Dogwatch \
                 watches what becomes of it.",
                plan.id(&self.config.profile),
                plan.at,
                plan.expiration,
                plan.from,
                plan.to
            ),
            "Keep both nodes ready until it is in a block or has expired.",
        )
    }

    pub(super) fn proven_text(&self, now: dogwatch_chain::Time, plan: &SwitchPlan, proof: BlockId) -> String {
        match &plan.to {
            Target::Node(name) => {
                let others = self.standbys(now);
                let left = match others.as_slice() {
                    [] => "No standby is left that is fit: repair one.".to_owned(),
                    names => format!("Fit standbys left: {}.", names.join(", ")),
                };
                format!("Node {name} produced block {} with the new key. {left}", proof.num())
            }
            _ => format!("Block {} is irreversible: the witness is disabled.", proof.num()),
        }
    }

    pub(super) fn switch_failed(&self, plan: &SwitchPlan, sends: u32) -> Notice {
        let health = match &plan.to {
            Target::Node(name) => self.health_word(name),
            _ => "unknown",
        };
        let next = match self.config.mode {
            Mode::Observe => "Mode is \"observe\": Dogwatch does not try again.",
            Mode::Armed => "Dogwatch tries again when the policy asks for it.",
        };
        Notice {
            command: "dogwatch endpoints --ask".to_owned(),
            ..self.notice(
                "switching",
                Severity::Page,
                format!("{}: the switch to {} did not get into any block", self.name(), plan.to),
                format!(
                    "It was sent {sends} times and expired at {} UTC. The key on chain is still that of {}. \
                     {} is {health}. {next}",
                    plan.expiration, plan.from, plan.to
                ),
                "Look at the endpoints, or switch with a wallet.",
            )
        }
    }

    pub(super) fn not_taken(&self, plan: &SwitchPlan, report: &SendReport) -> Notice {
        Notice {
            command: "dogwatch endpoints --ask".to_owned(),
            ..self.notice(
                "not-taken",
                Severity::Page,
                format!("{}: no endpoint takes the switch to {}", self.name(), plan.to),
                format!("They say: {}. It is sent again every slot.", report.troubles.join("; ")),
                "Look at the endpoints, or switch with a wallet.",
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_one_line() {
        assert_eq!(one_line("a: did not switch\r\n  to b:\tno"), "a: did not switch to b: no");
        let long = one_line(&"ä".repeat(SUMMARY + 1));
        assert_eq!((long.chars().count(), long.chars().last()), (SUMMARY, Some('…')));
        assert_eq!(one_line(&"ä".repeat(SUMMARY)).chars().last(), Some('ä'));
    }
}
