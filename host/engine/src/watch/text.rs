//! What alerts say: what happened, since when, what Dogwatch did or will do, and what the human must do.

mod switches;

use dogwatch_chain::{PublicKey, Time};

use crate::alert::{Severity, Subject, utc};
use crate::book::Notice;
use crate::cause::Cause;
use crate::config::Signing;
use crate::decision::Decision;
use crate::rails::Refusal;
use crate::situation::{Mode, SlotOutcome};
use crate::switch::Target;
use crate::watch::{Command, Watch};

/// As many characters of a summary as services show in one line.
const SUMMARY: usize = 160;

/// The command where there is no better one.
const STATUS: &str = "dogwatch status";

/// The command that shows which endpoints work.
const ENDPOINTS: &str = "dogwatch endpoints --ask";

/// One line of bounded length, whatever nodes and endpoints said in it.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(SUMMARY) {
        None => line,
        Some(_) => line.chars().take(SUMMARY - 1).chain(['…']).collect(),
    }
}

/// A summary of somebody else's words, and what of them it had to leave out: all, to be read below.
fn headline(text: &str, words: &str) -> (String, String) {
    let summary = one_line(text);
    let rest = if summary.ends_with('…') { format!("In full: {}. ", sentence(words)) } else { String::new() };
    (summary, rest)
}

/// A sentence of somebody else's, to end with our own full stop.
fn sentence(text: &str) -> &str {
    text.trim_end().trim_end_matches('.')
}

/// What the policy wants, if it can be named.
pub(super) fn wish(target: Option<&Target>) -> String {
    target.map_or_else(|| "switch".to_owned(), Target::wish)
}

/// What the human is to do, and the one command for it.
struct Advice {
    remedy: String,
    command: String,
}

impl Advice {
    fn new(remedy: impl Into<String>, command: impl Into<String>) -> Self {
        Self { remedy: remedy.into(), command: command.into() }
    }
}

impl Watch {
    fn notice(&self, cause: Cause, severity: Severity, summary: String, details: String, remedy: &str) -> Notice {
        Notice {
            key: self.alert_key(cause),
            severity,
            subject: self.subject(),
            summary,
            details,
            remedy: remedy.to_owned(),
            command: STATUS.to_owned(),
        }
    }

    fn shown(&self, key: PublicKey) -> String {
        key.display(&self.config.profile.prefix).to_string()
    }

    pub(super) fn name(&self) -> &str {
        self.config.witness.as_str()
    }

    /// The last own slots, oldest first: `+` produced, `x` missed, `-` chain-wide.
    fn marks(&self) -> String {
        let newest = self.state.slots.iter().rev().take(10);
        let marks: Vec<char> = newest
            .map(|record| match record.outcome {
                SlotOutcome::Produced => '+',
                SlotOutcome::Missed => 'x',
                SlotOutcome::ChainWide => '-',
            })
            .collect();
        marks.iter().rev().collect()
    }

    /// Who holds the key and the last own slots, in one line for the log.
    pub(super) fn evidence(&self) -> String {
        let holder = self.holder().map_or_else(|| "unknown".to_owned(), |holder| holder.to_string());
        format!("holder {holder}, own slots [{}]", self.marks())
    }

    /// The same, for humans.
    fn duty(&self) -> String {
        let holder = self.holder().map_or_else(|| "nobody known".to_owned(), |holder| holder.place());
        let marks = self.marks();
        if marks.is_empty() {
            return format!("On duty: {holder}.");
        }
        format!("On duty: {holder}. Its last slots, oldest first: {marks} (+ produced, x missed).")
    }

    /// Who could take over now.
    fn ready(&self, now: Time) -> String {
        match self.standbys(now).as_slice() {
            [] => "No standby is ready to take over.".to_owned(),
            names => format!("Ready to take over: {}.", names.join(", ")),
        }
    }

    /// The command that switches to a node by hand: what the policy wishes for, if it is ready, else who is.
    fn by_hand(&self, now: Time, wished: Option<&str>) -> Option<String> {
        let standbys = self.standbys(now);
        let node = standbys.iter().find(|name| Some(**name) == wished).or_else(|| standbys.first())?;
        Some(format!("dogwatch switch {} {node}", self.name()))
    }

    pub(super) fn no_such_witness(&self) -> Notice {
        Notice {
            command: "dogwatch check".to_owned(),
            ..self.notice(
                Cause::NoSuchWitness,
                Severity::Page,
                format!("{} is not a witness on {}", self.name(), self.config.profile.name),
                "The endpoints agree on that. Dogwatch cannot watch it, and asks again every slot.".to_owned(),
                "Correct the witness's name or its chain in dogwatch.toml, and restart Dogwatch.",
            )
        }
    }

    pub(super) fn key_changed(&self, from: &Target, to: &Target) -> Notice {
        let key = self.state.key.map_or_else(String::new, |record| self.shown(record.key));
        self.notice(
            Cause::KeyChanged,
            Severity::Info,
            format!(
                "{}: the signing key moved from {} to {}, and not by this daemon",
                self.name(),
                from.place(),
                to.place()
            ),
            format!("Another site or an operator changed it to {key}. Dogwatch goes on with {}.", to.place()),
            "If that was neither you nor your other site, somebody has your keys: change the account's keys.",
        )
    }

    pub(super) fn foreign_key(&self) -> Notice {
        let key = self.state.key.map_or_else(String::new, |record| self.shown(record.key));
        self.notice(
            Cause::ForeignKey,
            Severity::Critical,
            format!("{}: the signing key on chain is none of the configured nodes'", self.name()),
            format!(
                "It is {key}. Dogwatch takes it that an operator is at work: it goes on watching, and cannot switch."
            ),
            "If this was you, add the node with that key to dogwatch.toml. If not, somebody has your keys: change the \
             account's keys.",
        )
    }

    pub(super) fn disabled(&self, now: Time) -> Notice {
        let first = self.config.nodes.first().map(|node| node.name.as_str());
        let node = self.standbys(now).first().copied().or(first).and_then(|name| self.node_index(name));
        let node = node.and_then(|index| self.config.nodes.get(index.0));
        let key = node.map_or_else(
            || "a node that works".to_owned(),
            |node| format!("node {}, {}", node.name, self.shown(node.key)),
        );
        self.notice(
            Cause::Disabled,
            Severity::Critical,
            format!("{} is disabled: its signing key is the null key", self.name()),
            format!(
                "It produces nothing. Dogwatch cannot enable it, for nobody can sign with the null key. {}",
                self.ready(now)
            ),
            &format!("Enable it with a wallet and the account's active key: set the signing key of {key}."),
        )
    }

    pub(super) fn low_participation(&self, filled: u8) -> Notice {
        let least = self.config.rails.min_participation;
        let (chain, name) = (&self.config.profile.name, self.name());
        Notice {
            command: ENDPOINTS.to_owned(),
            ..self.notice(
                Cause::LowParticipation,
                Severity::Critical,
                format!("{chain}: only {filled} of the last 128 slots hold a block"),
                format!(
                    "With fewer than {least} the chain itself is in trouble: Dogwatch does not switch {name} by itself, \
                     whatever it misses."
                ),
                "Find out what is wrong with the chain, and what other witnesses do. Usually there is nothing to \
                 switch.",
            )
        }
    }

    pub(super) fn missing(&self, now: Time) -> Notice {
        let misses = self.trailing_misses();
        let count = misses.len();
        let missed = if count == 1 { "missed a block".to_owned() } else { format!("missed {count} blocks in a row") };
        let when = match (misses.first(), misses.last()) {
            (Some(first), Some(last)) if first.slot != last.slot => {
                format!("The first at {}, the last at {}", utc(first.time), utc(last.time))
            }
            (Some(only), _) => format!("At {}", utc(only.time)),
            (None, _) => "Just now".to_owned(),
        };
        let name = self.name();
        let what = match self.holder() {
            Some(Target::Node(node)) => format!("{name}: node {node} {missed}"),
            _ => format!("{name} {missed}, with an unknown signing key"),
        };
        let (next, Advice { remedy, command }) = self.after_misses(now, count);
        Notice {
            command,
            ..self.notice(
                Cause::Missing,
                Self::miss_severity(count),
                what,
                format!("{when}. The chain goes on without it. {next} {}", self.ready(now)),
                &remedy,
            )
        }
    }

    /// What Dogwatch does about misses, and what is left to the human.
    fn after_misses(&self, now: Time, count: usize) -> (String, Advice) {
        let holder = self.holder();
        let Some(Target::Node(node)) = &holder else {
            let next = "Dogwatch cannot switch away from a key that it does not have.".to_owned();
            return (next, Advice::new("Look at the node with that key, or set another key with a wallet.", STATUS));
        };
        if let Some(flight) = &self.state.in_flight {
            let next = format!("The switch to {} is on its way.", flight.plan.to.place());
            return (next, Advice::new(format!("Wait for it. Then repair node {node}."), STATUS));
        }
        if self.node(node).is_none_or(|known| known.signing == Signing::Missing) {
            let next = format!("Dogwatch cannot switch: it does not have the private key of node {node}.");
            return (next, Advice::new(format!("Repair node {node}, or set another key with a wallet."), STATUS));
        }
        let paused = self.state.paused_until.filter(|until| *until > now);
        let no_policy = self.state.alerts.is_open(&self.alert_key(Cause::PolicyFailed));
        let (next, force) = match (self.config.mode, paused) {
            (Mode::Observe, _) => ("Mode is \"observe\": Dogwatch does not switch.".to_owned(), " --force"),
            (Mode::Armed, Some(until)) => {
                (format!("Automatic switches are paused until {}: Dogwatch does not switch.", utc(until)), "")
            }
            (Mode::Armed, None) if no_policy => ("The policy does not work: Dogwatch does not switch.".to_owned(), ""),
            (Mode::Armed, None) => {
                ("Dogwatch switches as soon as the policy asks for it and nothing stands in the way.".to_owned(), "")
            }
        };
        let acts = self.config.mode == Mode::Armed && paused.is_none() && !no_policy;
        let advice = match self.by_hand(now, None) {
            _ if count < 2 => Advice::new(format!("Look at node {node}."), STATUS),
            None => Advice::new(format!("Repair node {node} or a standby."), STATUS),
            Some(command) if acts => {
                let rounds = self.config.profile.round().saturating_mul(2).as_secs();
                let remedy = format!(
                    "Wait for word of a switch. If there is none within {rounds} s, switch by hand. Then repair node \
                     {node}."
                );
                Advice::new(remedy, command)
            }
            Some(command) => {
                Advice::new(format!("Repair node {node} at once, or switch by hand."), format!("{command}{force}"))
            }
        };
        (next, advice)
    }

    /// How the misses have ended.
    pub(super) fn missing_over(&self) -> String {
        match self.holder() {
            Some(Target::Disabled) => "The witness is disabled: no block is expected of it.".to_owned(),
            Some(holder) if !self.has_produced() => format!("The signing key is {} now.", holder.whose()),
            Some(Target::Node(node)) => format!("Node {node} produces."),
            _ => "The witness produces again.".to_owned(),
        }
    }

    pub(super) fn node_unfit(&self, now: Time, node: &str, why: &str) -> Notice {
        let health = self.node_index(node).and_then(|index| self.health(index));
        let last = match health.and_then(|health| health.last_good()) {
            Some(at) => format!("Its last good probe was at {}.", utc(at)),
            None => "It has had no good probe since Dogwatch started.".to_owned(),
        };
        let duty = if self.holder() == Some(Target::Node(node.to_owned())) {
            "It is on duty: Dogwatch judges it by its blocks, not by its probe."
        } else {
            "It is a standby: Dogwatch does not switch to it."
        };
        let (summary, rest) = headline(&format!("{}: node {node} is not fit: {why}", self.name()), why);
        Notice {
            key: self.part_key(Cause::Node, node),
            subject: Subject::Node(self.config.witness.clone(), node.to_owned()),
            ..self.notice(
                Cause::Node,
                Severity::Warning,
                summary,
                format!("{rest}{last} {duty} {}", self.ready(now)),
                &format!("Repair node {node}, or correct its probe in dogwatch.toml."),
            )
        }
    }

    pub(super) fn policy_failed(&self, why: &str) -> Notice {
        Notice {
            command: "dogwatch check".to_owned(),
            ..self.notice(
                Cause::PolicyFailed,
                Severity::Page,
                format!("{}: the failover policy does not work, so nothing is switched", self.name()),
                format!(
                    "It said: {}. Dogwatch watches and alerts, and does not switch by itself until it works. {}",
                    sentence(why),
                    self.duty()
                ),
                "Correct the policy in dogwatch.toml or replace its plugin. If blocks are missed meanwhile, switch by \
                 hand.",
            )
        }
    }

    pub(super) fn say_policy_alerts(&mut self, now: Time, decision: &Decision, out: &mut Vec<Command>) {
        let mut keep = Vec::new();
        for alert in &decision.alerts {
            let (name, words) = (self.name(), &alert.summary);
            let named = words
                .split(|c: char| !(c.is_alphanumeric() || "-.".contains(c)))
                .any(|word| word.trim_matches('.') == name);
            let text = if named { words.clone() } else { format!("{name}: {words}") };
            let (summary, rest) = headline(&text, words);
            let details = format!(
                "{rest}The failover policy says so. Its reason: {}. {}",
                sentence(&decision.reason),
                self.duty()
            );
            let notice = Notice {
                key: self.part_key(Cause::Policy, &alert.id),
                ..self.notice(Cause::Policy, alert.severity, summary, details, "Look at the nodes.")
            };
            keep.push(notice.key.clone());
            self.raise(now, notice, out);
        }
        self.resolve_others(now, Cause::Policy, &keep, "The policy no longer says so.", out);
    }

    pub(super) fn refusal_notice(&self, now: Time, target: Option<&Target>, refusal: &Refusal, reason: &str) -> Notice {
        let wish = wish(target);
        let wished = match target {
            Some(Target::Node(name)) => Some(name.as_str()),
            _ => None,
        };
        let since = self.standing.get(refusal.code()).copied().unwrap_or(now);
        let words = refusal.to_string();
        let (summary, rest) = headline(&format!("{}: did not {wish}: {words}", self.name()), &words);
        Notice {
            key: self.part_key(Cause::Refused, refusal.code()),
            command: refusal.command(self.name(), self.by_hand(now, wished).as_deref()),
            ..self.notice(
                Cause::Refused,
                refusal.severity(),
                summary,
                format!(
                    "Since {}. {rest}The policy's reason: {}. {} {} {}",
                    utc(since),
                    sentence(reason),
                    refusal.next(),
                    self.ready(now),
                    self.duty()
                ),
                refusal.remedy(),
            )
        }
    }
}

#[cfg(test)]
mod tests;
