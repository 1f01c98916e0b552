//! What alerts say of a switch, from its beginning to its end.

use dogwatch_alerts::{Cause, Notice, Severity};
use dogwatch_chain::{BlockId, Time};

use crate::holder::Holder;
use crate::situation::Mode;
use crate::switch::SwitchPlan;
use crate::time::utc;
use crate::watch::event::SendReport;
use crate::watch::machine::Watch;
use crate::watch::text::line::sentence;
use crate::watch::text::phrases::{Advice, ENDPOINTS};

/// What to do while nobody can tell which node will hold the key.
const BOTH_READY: &str = "Keep both nodes ready until it is in a block or has expired.";

impl Watch {
    /// A notice about a switch, whatever stage it is at.
    fn about_switch(&self, severity: Severity, summary: &str, details: String, remedy: &str) -> Notice {
        self.notice(Cause::Switching, severity, format!("{}: {summary}", self.name()), details, remedy)
    }

    /// What to do about the node that the key is taken from.
    fn afterwards(plan: &SwitchPlan) -> String {
        let from = plan.from.place();
        match (&plan.to, plan.first_missed) {
            (Holder::Node(_), Some(_)) => {
                format!("find out what happened to {from}, and repair it, so that it can be a standby.")
            }
            (Holder::Node(_), None) => format!("keep {from} fit: it is a standby then."),
            _ => "repair a node, and enable the witness with a wallet and its active key.".to_owned(),
        }
    }

    /// The first missed block, if blocks were missed.
    fn first_missed(plan: &SwitchPlan) -> String {
        plan.first_missed.map_or_else(String::new, |at| format!(" First missed block: {}.", utc(at)))
    }

    fn under_way(&self, plan: &SwitchPlan) -> String {
        format!(
            "Dogwatch sends transaction {} every slot until it is in a block or expires at {}.",
            plan.id(&self.config.profile),
            utc(plan.expiration)
        )
    }

    pub(in crate::watch) fn switching(&self, plan: &SwitchPlan) -> Notice {
        let missed = Self::first_missed(plan);
        let what = match &plan.to {
            Holder::Disabled => format!("disabling the witness, away from {}", plan.from.place()),
            to => format!("switching from {} to {}", plan.from.place(), to.place()),
        };
        self.about_switch(
            Severity::Critical,
            &what,
            format!("Why: {}.{missed} {}", sentence(&plan.reason), self.under_way(plan)),
            &format!("Nothing yet. Once it is done, {}", Self::afterwards(plan)),
        )
    }

    pub(in crate::watch) fn switched(&self, plan: &SwitchPlan, block: Option<BlockId>) -> Notice {
        let place = block.map_or_else(
            || "It was found to be in effect after it had expired.".to_owned(),
            |block| format!("The switch is in block {}.", block.num()),
        );
        let (summary, next) = match &plan.to {
            Holder::Node(name) => (
                format!("the signing key is now {}", plan.to.whose()),
                format!("Dogwatch waits for the first block of node {name}, and reports it."),
            ),
            Holder::Disabled | Holder::Foreign => (
                format!("the signing key is now {}: the witness is disabled", plan.to.whose()),
                "Dogwatch waits for that block to become irreversible. It cannot enable the witness again.".to_owned(),
            ),
        };
        let afterwards = Self::afterwards(plan);
        let (first, rest) = afterwards.split_at(1);
        self.about_switch(
            Severity::Critical,
            &summary,
            format!("{place} It was decided at {}.{} {next}", utc(plan.at), Self::first_missed(plan)),
            &format!("{}{rest}", first.to_uppercase()),
        )
    }

    pub(in crate::watch) fn lost_to_fork(&self, plan: &SwitchPlan) -> Notice {
        let to = plan.to.place();
        let (summary, next, remedy) = if self.holds_back(plan) {
            let may = format!(
                "Mode is \"observe\": Dogwatch does not send it again, but it may still get into a block until {}.",
                utc(plan.expiration)
            );
            (
                format!("a fork undid the switch to {to}, and Dogwatch does not send it again"),
                may,
                BOTH_READY.to_owned(),
            )
        } else {
            let then = format!("Nothing yet. Once it is done, {}", Self::afterwards(plan));
            (format!("a fork undid the switch to {to}: Dogwatch sends it again"), self.under_way(plan), then)
        };
        self.about_switch(
            Severity::Critical,
            &summary,
            format!("The block that held it lost to another branch. The key is {} again. {next}", plan.from.whose()),
            &remedy,
        )
    }

    pub(in crate::watch) fn in_flight_held(&self, plan: &SwitchPlan) -> Notice {
        let (from, to) = (plan.from.place(), plan.to.place());
        self.notice(
            Cause::InFlightHeld,
            Severity::Critical,
            format!("{}: the switch to {to} is under way, and Dogwatch does not send it again in mode \"observe\"", self.name()),
            format!(
                "Transaction {} was decided at {}, before this start. Dogwatch no longer sends it, but cannot call it back: \
                 until {} it may still get into a block and move the key from {from} to {to}. Dogwatch watches for that.",
                plan.id(&self.config.profile),
                utc(plan.at),
                utc(plan.expiration)
            ),
            BOTH_READY,
        )
    }

    /// A switch that was in a block, and proven, is on the losing branch.
    pub(in crate::watch) fn undone_by_fork(&self, from: &Holder, to: &Holder) -> Notice {
        self.notice(
            Cause::KeyChanged,
            Severity::Critical,
            format!("{}: a fork undid the switch to {}", self.name(), from.place()),
            format!(
                "Another branch of the chain won, and the switch is not in it: the signing key is {} again. Misses \
                 from before the switch count again.",
                to.whose()
            ),
            &format!("Look at {}: it is on duty again.", to.place()),
        )
    }

    pub(in crate::watch) fn move_came_to_nothing(&self, from: &Holder, to: &Holder) -> Notice {
        self.notice(
            Cause::KeyChanged,
            Severity::Info,
            format!("{}: the signing key is {} again, not {}", self.name(), to.whose(), from.whose()),
            "Somebody else had changed it, but no block holds that change: it never got into one, or a fork undid it. \
             Misses from before it count again."
                .to_owned(),
            &format!("Look at {}: it is on duty again.", to.place()),
        )
    }

    pub(in crate::watch) fn proven_text(&self, now: Time, plan: &SwitchPlan, proof: BlockId) -> String {
        match &plan.to {
            Holder::Node(name) => {
                let left = match self.standbys(now).as_slice() {
                    [] => format!("No standby is ready now: repair {} or another one.", plan.from.place()),
                    names => format!("Ready to take over from it: {}.", names.join(", ")),
                };
                format!("Node {name} produced block {} with the new key. {left}", proof.num())
            }
            _ => format!("Block {} is irreversible: the witness is disabled.", proof.num()),
        }
    }

    pub(in crate::watch) fn switch_failed(&self, now: Time, plan: &SwitchPlan, sends: u32) -> Notice {
        let health = match &plan.to {
            Holder::Node(name) => format!(" Node {name} is {}.", self.health_word(name)),
            _ => String::new(),
        };
        let times = if sends == 1 { "once".to_owned() } else { format!("{sends} times") };
        let wished = match &plan.to {
            Holder::Node(name) => Some(name.as_str()),
            _ => None,
        };
        let endpoints = || Advice::new("Find out which endpoints work, or switch with a wallet.", ENDPOINTS);
        let (next, Advice { remedy, command }) = match self.config.mode {
            Mode::Armed => ("Dogwatch tries again when the policy asks for it.", endpoints()),
            Mode::Observe => {
                let hand = self.by_hand(now, wished).map(|command| {
                    Advice::new("If the switch is still needed, switch by hand.", format!("{command} --force"))
                });
                ("Mode is \"observe\": Dogwatch does not try again.", hand.unwrap_or_else(endpoints))
            }
        };
        Notice {
            command,
            ..self.about_switch(
                Severity::Page,
                &format!("the switch to {} got into no block", plan.to.place()),
                format!(
                    "It was decided at {}, sent {times}, and expired at {}.{} The key on chain is still {}.{health} {next}",
                    utc(plan.at),
                    utc(plan.expiration),
                    Self::first_missed(plan),
                    plan.from.whose()
                ),
                &remedy,
            )
        }
    }

    pub(in crate::watch) fn not_taken(&self, plan: &SwitchPlan, report: &SendReport) -> Notice {
        let why = match report.troubles.as_slice() {
            [] => "There was no endpoint to send it to.".to_owned(),
            troubles => format!("Why: {}.", sentence(&troubles.join("; "))),
        };
        Notice {
            command: ENDPOINTS.to_owned(),
            ..self.notice(
                Cause::NotTaken,
                Severity::Page,
                format!("{}: no endpoint accepts the switch to {}", self.name(), plan.to.place()),
                format!(
                    "{why} It was decided at {}, and Dogwatch sends it again every slot until {}.",
                    utc(plan.at),
                    utc(plan.expiration)
                ),
                "Find out which endpoints work, or switch with a wallet.",
            )
        }
    }
}
