//! Every refusal in one table: its code, its text, how strong it is, how long it lasts, and what to do about it.
//!
//! When each one is raised stands in `check.rs`.

use crate::time::utc;
use dogwatch_alerts::Severity;
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use dogwatch_chain::Time;

use crate::situation::{Agreement, Verdict};

/// Why a switch was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Another switch is under way.
    UnderWay,
    /// Mode is observe.
    Observing,
    /// The operator has paused automatic switches.
    Paused {
        /// Until when.
        until: Time,
    },
    /// The verdict is not *me*.
    Verdict(Verdict),
    /// The endpoints do not agree on a fresh head.
    NotAgreed(Agreement),
    /// The head is too old: this is its age.
    StaleView(Duration),
    /// The endpoints show different signing keys, for no longer than somebody's pending switch explains.
    KeySplit,
    /// The endpoints show different signing keys, for longer than any switch is pending.
    LastingKeySplit,
    /// The key on chain belongs to no configured node.
    ForeignKey,
    /// The witness is disabled.
    NullKey,
    /// That node holds the key already.
    AlreadyThere(String),
    /// The private key of that node, which holds the signing key, is not loaded.
    NoSigningKey(String),
    /// The policy named a node by a number that no node has.
    NoSuchNode(usize),
    /// No node has that name.
    NoNodeNamed(String),
    /// The node is not fit.
    Unfit {
        /// The node's name.
        node: String,
        /// What is wrong with it.
        why: String,
    },
    /// It is not known whether that node is fit.
    Unproven(String),
    /// The node's last good probe is old.
    ProbeStale {
        /// The node's name.
        node: String,
        /// The age of its last good probe.
        age: Duration,
    },
    /// The configuration does not allow the witness to be disabled.
    DisableNotAllowed,
    /// The budget of switches is spent.
    Budget {
        /// Switches made within the window.
        spent: u32,
        /// Switches allowed within the window.
        allowed: u32,
        /// The window.
        window: Duration,
    },
    /// The switches of the past are not known any more, and may have spent the budget.
    HistoryLost {
        /// Until when.
        until: Time,
    },
    /// The last switch is too recent.
    CoolDown {
        /// What is left of the cool-down.
        left: Duration,
    },
    /// The own slot is near.
    OwnSlotNear {
        /// Time until the own slot.
        starts_in: Duration,
    },
    /// The own slot may be near: the next round begins, and it is not scheduled yet.
    NextRoundNear {
        /// Time until the first slot of the next round.
        starts_in: Duration,
    },
}

/// Whether `--force` overrides a rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Nothing passes it.
    Hard,
    /// An operator's `--force` does.
    Soft,
}

/// How long a refusal lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// It passes by itself within a moment: nobody is told of it before it has lasted for more than a round, nor while
    /// something else needs an operator. It is no obstacle in a rehearsal.
    PassesByItself,
    /// It may last until an operator does something.
    NeedsOperator,
}

/// One refusal's row in the table.
struct Row<'a> {
    /// A short stable name, part of the alert's key.
    code: &'static str,
    /// Why the switch was refused, to follow "did not switch to second: ".
    text: Cow<'static, str>,
    strength: Strength,
    lifetime: Lifetime,
    /// The severity of the alert when a switch that the policy wanted was refused for this.
    severity: Severity,
    /// What Dogwatch does next.
    next: &'static str,
    /// What the operator is to do.
    remedy: &'static str,
    /// The command to type about it.
    command: Advised<'a>,
}

/// The command that an operator is advised to type. Where it switches by hand and no node is ready for that, the
/// command is `dogwatch status`.
#[derive(Clone, Copy)]
enum Advised<'a> {
    Status,
    Check,
    Endpoints,
    Resume,
    /// Switch by hand to a node that is ready.
    Switch,
    /// The same with `--force`.
    ForcedSwitch,
    /// The same without it; if no node is ready, with `--force` to this one, of which nothing bad is known either.
    SwitchOrForce(&'a str),
}

/// What Dogwatch does next about most refusals.
const WHEN_CLEAR: &str = "Dogwatch goes ahead as soon as nothing stands in the way, if the policy still asks for it.";
/// What it does next if only an operator can change the facts.
const WHEN_CHANGED: &str = "Dogwatch cannot go ahead until that changes.";
/// What it does next if the policy asks for what makes no sense.
const KEY_STAYS: &str = "Dogwatch leaves the key where it is until the policy asks for something else.";

const NOTHING_TO_DO: &str = "Nothing: this passes by itself.";
const FIX_ENDPOINTS: &str = "Find out which endpoints work, and replace the others. Until then switch with a wallet.";
const NAME_ANOTHER: &str = "Name another node; if the policy named it, correct the policy.";
const FIX_STANDBY: &str = "Repair the standby, or switch to another one.";

impl Refusal {
    /// The table: everything that is said of a refusal.
    fn row(&self) -> Row<'_> {
        use Lifetime::{NeedsOperator, PassesByItself};
        use Severity::{Critical, Info, Page, Warning};
        use Strength::{Hard, Soft};
        match self {
            Self::UnderWay => Row {
                code: "under-way",
                text: "another switch is under way".into(),
                strength: Hard,
                lifetime: PassesByItself,
                severity: Info,
                next: WHEN_CLEAR,
                remedy: NOTHING_TO_DO,
                command: Advised::Status,
            },
            Self::Observing => Row {
                code: "observing",
                text: "mode is \"observe\": Dogwatch watches and does not act".into(),
                strength: Soft,
                lifetime: NeedsOperator,
                severity: Critical,
                next: "Dogwatch keeps watching, and leaves the switch to you.",
                remedy: "Switch by hand with --force to a node that works, or set mode = \"armed\" for this witness.",
                command: Advised::ForcedSwitch,
            },
            Self::Paused { until } => Row {
                code: "paused",
                text: format!("automatic switches are paused until {}", utc(*until)).into(),
                strength: Soft,
                lifetime: NeedsOperator,
                severity: Critical,
                next: "Dogwatch goes ahead when the pause is over, if the policy still asks for it.",
                remedy: "End the pause, or switch by hand.",
                command: Advised::Resume,
            },
            Self::Verdict(verdict) => Row {
                code: "verdict",
                text: format!(
                    "{}, and only misses of this witness alone, or the death of its node, are a reason to switch",
                    verdict_text(*verdict)
                )
                .into(),
                strength: Soft,
                lifetime: NeedsOperator,
                severity: Warning,
                next: WHEN_CLEAR,
                remedy: "Look at the chain before you switch with --force.",
                command: Advised::Endpoints,
            },
            Self::NotAgreed(agreement) => Row {
                code: "not-agreed",
                text: format!("the chain's state is not fresh and agreed: {}", agreement_text(*agreement)).into(),
                strength: Hard,
                lifetime: NeedsOperator,
                severity: Page,
                next: WHEN_CLEAR,
                remedy: FIX_ENDPOINTS,
                command: Advised::Endpoints,
            },
            Self::StaleView(age) => Row {
                code: "stale-view",
                text: head_age_text(*age),
                strength: Hard,
                lifetime: NeedsOperator,
                severity: Page,
                next: WHEN_CLEAR,
                remedy: FIX_ENDPOINTS,
                command: Advised::Endpoints,
            },
            Self::KeySplit => Row {
                code: "key-split",
                text: "the endpoints do not agree on the signing key".into(),
                strength: Hard,
                lifetime: PassesByItself,
                severity: Info,
                next: WHEN_CLEAR,
                remedy: NOTHING_TO_DO,
                command: Advised::Status,
            },
            Self::LastingKeySplit => Row {
                code: "key-split",
                text: "the endpoints do not agree on the signing key".into(),
                strength: Hard,
                lifetime: NeedsOperator,
                severity: Page,
                next: WHEN_CLEAR,
                remedy: FIX_ENDPOINTS,
                command: Advised::Endpoints,
            },
            Self::ForeignKey => Row {
                code: "foreign-key",
                text: "the signing key on chain belongs to no configured node: an operator is at work".into(),
                strength: Hard,
                lifetime: NeedsOperator,
                severity: Warning,
                next: WHEN_CHANGED,
                remedy: "If this was you, add the node with that key to dogwatch.toml. If not, somebody has your keys: \
                         change the account's keys.",
                command: Advised::Status,
            },
            Self::NullKey => Row {
                code: "null-key",
                text: "the witness is disabled (null key): only its active key can enable it again".into(),
                strength: Hard,
                lifetime: NeedsOperator,
                severity: Page,
                next: WHEN_CHANGED,
                remedy: "Enable the witness with a wallet and its active key.",
                command: Advised::Status,
            },
            Self::AlreadyThere(node) => Row {
                code: "already-there",
                text: format!("node {node:?} holds the signing key already").into(),
                strength: Hard,
                lifetime: NeedsOperator,
                severity: Warning,
                next: KEY_STAYS,
                remedy: NAME_ANOTHER,
                command: Advised::Check,
            },
            Self::NoSigningKey(node) => Row {
                code: "no-signing-key",
                text: format!(
                    "the private key of the present node {node:?} is not loaded, and only it can sign the switch"
                )
                .into(),
                strength: Hard,
                lifetime: NeedsOperator,
                severity: Page,
                next: WHEN_CHANGED,
                remedy: "Give Dogwatch the private key of the node that holds the signing key. Until then switch with \
                         a wallet.",
                command: Advised::Check,
            },
            Self::NoSuchNode(index) => Row {
                code: "no-such-node",
                text: format!("there is no node number {index}").into(),
                strength: Hard,
                lifetime: NeedsOperator,
                severity: Critical,
                next: KEY_STAYS,
                remedy: NAME_ANOTHER,
                command: Advised::Check,
            },
            Self::NoNodeNamed(name) => Row {
                code: "no-such-node",
                text: format!("there is no node {name:?} in the configuration").into(),
                strength: Hard,
                lifetime: NeedsOperator,
                severity: Critical,
                next: KEY_STAYS,
                remedy: NAME_ANOTHER,
                command: Advised::Check,
            },
            Self::Unfit { node, why } => Row {
                code: "unfit",
                text: format!("node {node:?} is not fit: {why}").into(),
                strength: Soft,
                lifetime: NeedsOperator,
                severity: Page,
                next: WHEN_CLEAR,
                remedy: FIX_STANDBY,
                command: Advised::Switch,
            },
            Self::Unproven(node) => Row {
                code: "unproven",
                text: format!("node {node:?} is not known to be fit: it has no probe, or too few good ones so far")
                    .into(),
                strength: Soft,
                lifetime: NeedsOperator,
                severity: Page,
                next: WHEN_CLEAR,
                remedy: "Switch by hand to a node that you know to work. Then give this one a probe, or set \
                         switch_unprobed = true for it.",
                command: Advised::SwitchOrForce(node),
            },
            Self::ProbeStale { node, age } => Row {
                code: "probe-stale",
                text: format!("the last good probe of node {node:?} is {} s old", age.as_secs()).into(),
                strength: Soft,
                lifetime: NeedsOperator,
                severity: Page,
                next: WHEN_CLEAR,
                remedy: FIX_STANDBY,
                command: Advised::Switch,
            },
            Self::DisableNotAllowed => Row {
                code: "disable-not-allowed",
                text: "the configuration does not allow this witness to be disabled".into(),
                strength: Hard,
                lifetime: NeedsOperator,
                severity: Critical,
                next: KEY_STAYS,
                remedy: "Set allow_disable = true for this witness if you want that.",
                command: Advised::Check,
            },
            Self::Budget { spent, window, .. } => Row {
                code: "budget",
                text: format!("the budget is spent: {spent} switches within {}", span_text(*window)).into(),
                strength: Soft,
                lifetime: NeedsOperator,
                severity: Page,
                next: WHEN_CLEAR,
                remedy: "Find out why the nodes fail. If you know one that works, switch to it by hand with --force.",
                command: Advised::ForcedSwitch,
            },
            Self::HistoryLost { until } => Row {
                code: "history-lost",
                text: format!(
                    "the stored state was lost, and with it the past switches: the budget counts as spent until {}",
                    utc(*until)
                )
                .into(),
                strength: Soft,
                lifetime: NeedsOperator,
                severity: Page,
                next: WHEN_CLEAR,
                remedy: "If you know a node that works, switch to it by hand.",
                command: Advised::Switch,
            },
            Self::CoolDown { left } => Row {
                code: "cool-down",
                text: format!("cooling down after the last switch for another {} s", left.as_millis().div_ceil(1000))
                    .into(),
                strength: Soft,
                lifetime: PassesByItself,
                severity: Info,
                next: WHEN_CLEAR,
                remedy: NOTHING_TO_DO,
                command: Advised::Status,
            },
            Self::OwnSlotNear { starts_in } => Row {
                code: "own-slot-near",
                text: format!(
                    "the own slot is {} ms away: a switch in flight would cost that block",
                    starts_in.as_millis()
                )
                .into(),
                strength: Soft,
                lifetime: PassesByItself,
                severity: Info,
                next: WHEN_CLEAR,
                remedy: NOTHING_TO_DO,
                command: Advised::Status,
            },
            Self::NextRoundNear { starts_in } => Row {
                code: "own-slot-near",
                text: format!(
                    "the next round begins in {} ms and is not scheduled yet: a switch in flight could cost its first block",
                    starts_in.as_millis()
                )
                .into(),
                strength: Soft,
                lifetime: PassesByItself,
                severity: Info,
                next: WHEN_CLEAR,
                remedy: NOTHING_TO_DO,
                command: Advised::Status,
            },
        }
    }

    /// A short stable name, part of the alert's key. Refusals that mean the same to an operator share it.
    pub fn code(&self) -> &'static str {
        self.row().code
    }

    /// Whether an operator can force it.
    pub fn strength(&self) -> Strength {
        self.row().strength
    }

    /// Whether it passes by itself.
    pub fn lifetime(&self) -> Lifetime {
        self.row().lifetime
    }

    /// The severity of the alert when a switch that the policy wanted was refused for this.
    pub fn severity(&self) -> Severity {
        self.row().severity
    }

    /// What Dogwatch does next.
    pub(crate) fn next(&self) -> &'static str {
        self.row().next
    }

    /// What the operator is to do.
    pub fn remedy(&self) -> &'static str {
        self.row().remedy
    }

    /// The one command to type about it, given the one that switches by hand to a node that is ready, if there is any.
    pub(crate) fn command(&self, witness: &str, by_hand: Option<&str>) -> String {
        let status = || "dogwatch status".to_owned();
        match self.row().command {
            Advised::Status => status(),
            Advised::Check => "dogwatch check".to_owned(),
            Advised::Endpoints => "dogwatch endpoints --ask".to_owned(),
            Advised::Resume => format!("dogwatch resume {witness}"),
            Advised::Switch => by_hand.map_or_else(status, str::to_owned),
            Advised::ForcedSwitch => by_hand.map_or_else(status, |command| format!("{command} --force")),
            Advised::SwitchOrForce(node) => {
                by_hand.map_or_else(|| format!("dogwatch switch {witness} {node} --force"), str::to_owned)
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.row().text)
    }
}

impl std::error::Error for Refusal {}

const fn agreement_text(agreement: Agreement) -> &'static str {
    match agreement {
        Agreement::Agreed | Agreement::Single => "the endpoints agree only now",
        Agreement::Thin => "too few endpoints answer",
        Agreement::Disagreed => "the endpoints contradict each other",
        Agreement::Blind => "no endpoint shows a fresh block",
    }
}

fn head_age_text(age: Duration) -> Cow<'static, str> {
    if age == Duration::MAX {
        return "no block is known yet".into();
    }
    format!("the newest block known is {} s old", age.as_secs()).into()
}

const fn verdict_text(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fine => "the witness misses nothing",
        Verdict::Me => "the witness alone misses blocks",
        Verdict::Chain => "the whole chain is in trouble",
        Verdict::CannotTell => "it cannot be told who is at fault",
    }
}

/// A span of time in the largest unit that divides it.
fn span_text(span: Duration) -> String {
    let secs = span.as_secs();
    match (secs % 3600, secs % 60) {
        (0, _) if secs > 0 => format!("{} h", secs / 3600),
        (_, 0) if secs > 0 => format!("{} min", secs / 60),
        _ => format!("{secs} s"),
    }
}

#[cfg(test)]
pub(crate) mod tests;
