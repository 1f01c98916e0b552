//! Alerts about a chain as a whole, above all that Dogwatch is blind.

mod https;
mod text;

use std::time::Duration;

use dogwatch_alerts::{AlertKey, AlertReport, Cause, Notice, Scope, Severity, Subject};
use dogwatch_chain::{Head, Time};

use crate::book::AlertBook;
use crate::chain::{ClockOffset, Parameters, Standstill, Tracker, WallClock};
use crate::chain_alerts::text::{notice, reasons};
use crate::situation::Agreement;
use crate::time::utc;

/// How many slots Dogwatch may be unable to judge the witness before it says so: enough time for one retry.
const GRACE_SLOTS: u32 = 3;

/// From this much on a wrong clock is worth a word.
const CLOCK_OFFSET: Duration = Duration::from_millis(500);

/// What can keep Dogwatch from judging the witness; at most one alert of these is open at a time.
const WHOLE: [Cause; 7] =
    [Cause::Blind, Cause::Halted, Cause::Thin, Cause::Split, Cause::Clock, Cause::NoBlocks, Cause::NoSchedule];

/// How an alert ends that only makes sense while the rest of the chain is well.
const NOT_WELL: &str = "Dogwatch no longer sees the chain well: another alert says what is wrong now.";

/// The command that shows which endpoints work.
const ENDPOINTS: &str = "dogwatch endpoints --ask";

fn key(chain: &str, cause: Cause) -> AlertKey {
    AlertKey::new(Scope::chain(chain), cause)
}

/// The open alerts of one chain.
#[derive(Clone, Debug)]
pub struct ChainAlerts {
    book: AlertBook,
    /// When the witness could last be judged: the endpoints agreed on a fresh head, and the blocks up to it were known.
    /// However the reasons change in the meantime, nothing else begins a new grace period.
    last_judged: Option<Time>,
    /// Whether this process did not run for a while since then.
    woken: bool,
    /// When the chain was first looked at.
    started: Option<Time>,
    /// What keeps Dogwatch from judging, and since when.
    reason: Option<(Cause, Time)>,
    doubts_since: Option<Time>,
    /// Since when blocks are only read as headers.
    headers_since: Option<Time>,
}

impl ChainAlerts {
    /// Continues with the alerts that were open.
    pub fn new(book: AlertBook) -> Self {
        Self {
            book,
            last_judged: None,
            woken: false,
            started: None,
            reason: None,
            doubts_since: None,
            headers_since: None,
        }
    }

    /// The open alerts.
    pub fn book(&self) -> &AlertBook {
        &self.book
    }

    /// Whether the endpoints show a chain that Dogwatch can rely on.
    pub fn is_well(&self, tracker: &Tracker) -> bool {
        tracker.quorum_agrees()
    }

    /// This process did not run for a while. Nobody was blind then, and nothing could be judged: the grace period begins
    /// anew, unless an alert was open before. It does so once: where a process is held up again and again, that is the trouble.
    pub fn woke_up(&mut self, now: Time, tracker: &Tracker) {
        if self.last_judged.is_some() && !self.woken && !self.is_blind(tracker) {
            (self.last_judged, self.woken) = (Some(now), true);
        }
    }

    /// Whether an alert says that Dogwatch cannot judge the witness.
    pub fn is_blind(&self, tracker: &Tracker) -> bool {
        let chain = &tracker.config().chain;
        let open = |cause| self.book.is_open(&key(chain, cause));
        self.unjudged(tracker).is_some() && WHOLE.into_iter().any(open)
    }

    /// Checks the tracker after a round of answers, or after waiting too long for one.
    pub fn observe(&mut self, now: Time, tracker: &Tracker) -> Vec<AlertReport> {
        let well = self.is_well(tracker);
        let mut said = match self.unjudged(tracker) {
            None => self.judged(now, tracker),
            Some(cause) => self.not_judged(now, tracker, cause),
        };
        said.extend(self.parameters(now, tracker));
        said.extend(self.clock_offset(now, tracker));
        said.extend(self.doubts(now, tracker, well));
        said.extend(self.one_voice(now, tracker));
        said
    }

    /// What keeps Dogwatch from judging the witness, if anything does. Heads alone say nothing about it: without the blocks
    /// up to the head Dogwatch is as good as blind.
    fn unjudged(&self, tracker: &Tracker) -> Option<Cause> {
        if self.is_well(tracker) {
            let tip = tracker.log().tip().map(|tip| tip.num());
            let behind = tip < tracker.head().map(Head::num);
            let unscheduled = (!tracker.knows_schedule()).then_some(Cause::NoSchedule);
            return behind.then_some(Cause::NoBlocks).or(unscheduled);
        }
        Some(match (tracker.agreement(), tracker.standstill(), tracker.wall_clock()) {
            (Agreement::Blind, Standstill::AllAtTheSameBlock, _) => Cause::Halted,
            (Agreement::Blind, _, WallClock::Ahead(_) | WallClock::Behind(_)) => Cause::Clock,
            (Agreement::Thin, ..) => Cause::Thin,
            (Agreement::Disagreed, ..) => Cause::Split,
            _ => Cause::Blind,
        })
    }

    fn judged(&mut self, now: Time, tracker: &Tracker) -> Vec<AlertReport> {
        self.last_judged = Some(now);
        (self.reason, self.woken) = (None, false);
        let mut said = Vec::new();
        let headers = self.headers(now, tracker);
        for cause in WHOLE.into_iter().filter(|cause| *cause != Cause::NoBlocks || headers.is_none()) {
            let how = match cause {
                Cause::NoBlocks => "Dogwatch has the blocks up to the head again.",
                Cause::NoSchedule => "The endpoints agree on the schedule again.",
                _ => "The endpoints agree on a fresh head again.",
            };
            said.extend(self.book.resolve(now, &key(&tracker.config().chain, cause), how));
        }
        said.extend(headers.and_then(|notice| self.book.raise(now, notice)));
        said
    }

    /// What to say about blocks that are only read as headers: enough to see misses, and a page all the same, once that
    /// has lasted for the grace period or blocks were missing altogether.
    fn headers(&mut self, now: Time, tracker: &Tracker) -> Option<Notice> {
        if !tracker.log().ends_in_headers() {
            self.headers_since = None;
            return None;
        }
        let since = (*self.headers_since.get_or_insert(now)).min(now);
        let chain = &tracker.config().chain;
        let lasting = now.since(since) >= tracker.config().block_interval.saturating_mul(GRACE_SLOTS);
        (lasting || self.book.is_open(&key(chain, Cause::NoBlocks))).then(|| Notice {
            key: key(chain, Cause::NoBlocks),
            severity: Severity::Page,
            subject: Subject::Chain(chain.clone()),
            summary: format!("{chain}: no endpoint delivers blocks, only their headers"),
            details: format!(
                "Since {}. Headers show which slots are missed, and Dogwatch still switches. They do not show which \
                 node produced a block: no switch is proven, and what became of one is known only once it has expired.",
                utc(since)
            ),
            remedy: "Add endpoints that deliver blocks to dogwatch.toml.".to_owned(),
            command: ENDPOINTS.to_owned(),
        })
    }

    fn not_judged(&mut self, now: Time, tracker: &Tracker, cause: Cause) -> Vec<AlertReport> {
        let chain = tracker.config().chain.clone();
        let grace = tracker.config().block_interval.saturating_mul(GRACE_SLOTS);
        // Do not wait if the clock was set back.
        let over = |since: Time| now.since(since) >= grace || now < since;
        let since = match self.reason {
            Some((same, since)) if same == cause => since.min(now),
            _ => now,
        };
        self.reason = Some((cause, since));
        let started = *self.started.get_or_insert(now);
        let due = match (self.last_judged, cause) {
            // Blocks are read once the endpoints have answered, a shuffle may come between two answers, and endpoints that are
            // a block apart have shown one in common a moment later. Anything else is said from the first moment on.
            (None, Cause::NoBlocks | Cause::NoSchedule) => over(started),
            (None, Cause::Thin) if tracker.has_no_common_block() => over(started),
            (None, _) => true,
            (Some(judged), _) => over(judged),
        };
        // Reasons that take turns are one trouble: another one must last before it has its own alert.
        let open = WHOLE.into_iter().find(|open| self.book.is_open(&key(&chain, *open)));
        let cause = open.filter(|open| *open != cause && !over(since)).unwrap_or(cause);
        if !due && open.is_none() {
            return Vec::new();
        }
        let mut said = Vec::new();
        for other in WHOLE.into_iter().filter(|other| *other != cause) {
            let how = "Dogwatch still cannot judge the witness: another alert says why.";
            said.extend(self.book.resolve(now, &key(&chain, other), how));
        }
        let notice = notice(now, tracker, cause, self.last_judged);
        said.extend(self.book.raise(now, notice));
        said
    }

    /// A clock that is off by half a second and more: what Dogwatch does is timed against slots.
    fn clock_offset(&mut self, now: Time, tracker: &Tracker) -> Option<AlertReport> {
        let chain = &tracker.config().chain;
        let key = key(chain, Cause::ClockOffset);
        let (by, how) = match tracker.clock_offset() {
            ClockOffset::Ahead(by) if by >= CLOCK_OFFSET => (by, "ahead of"),
            ClockOffset::Behind(by) if by >= CLOCK_OFFSET => (by, "behind"),
            _ => return self.book.resolve(now, &key, "It agrees with them again."),
        };
        let notice = Notice {
            key,
            severity: Severity::Warning,
            subject: Subject::Daemon,
            summary: format!(
                "this machine's clock is about {}.{} s {how} the endpoints' clocks",
                by.as_secs(),
                by.subsec_millis() / 100
            ),
            details:
                "Dogwatch corrects for it. Other programs on this machine do not, and the times in its logs are wrong."
                    .to_owned(),
            remedy: "Set the clock and keep it synchronised.".to_owned(),
            command: "timedatectl set-ntp true".to_owned(),
        };
        self.book.raise(now, notice)
    }

    /// With the wrong length of a slot or a round nothing that Dogwatch counts is right.
    fn parameters(&mut self, now: Time, tracker: &Tracker) -> Option<AlertReport> {
        let chain = &tracker.config().chain;
        let key = key(chain, Cause::WrongProfile);
        let (what, setting) = match tracker.parameters() {
            Parameters::Unknown => return None,
            Parameters::AsConfigured => {
                return self.book.resolve(now, &key, "Slots and rounds are as long as configured.");
            }
            Parameters::Interval { configured, found } => {
                let shown = |length: Duration| format!("{} ms", length.as_millis());
                (format!("slots last {}, and {} are configured", shown(found), shown(configured)), "block_interval")
            }
            Parameters::Round { configured, found } => {
                (format!("rounds have {found} slots, and {configured} are configured"), "round_length")
            }
        };
        let notice = Notice {
            key,
            severity: Severity::Page,
            subject: Subject::Chain(chain.clone()),
            summary: format!("{chain}: {what}"),
            details:
                "Dogwatch attributes missed slots by these numbers. With wrong ones it cannot tell whose slots are \
                      missed, and does not switch."
                    .to_owned(),
            remedy: format!(
                "Correct the chain's profile in dogwatch.toml, or {setting} in its [chain.custom], and restart Dogwatch."
            ),
            command: "dogwatch check --ask".to_owned(),
        };
        self.book.raise(now, notice)
    }

    /// Endpoints of a single operator cannot be checked against each other. That works, but stays a warning.
    fn one_voice(&mut self, now: Time, tracker: &Tracker) -> Vec<AlertReport> {
        let chain = &tracker.config().chain;
        let key = key(chain, Cause::OneVoice);
        match tracker.agreement() {
            Agreement::Single => {}
            // Blindness says nothing about how many operators are configured.
            Agreement::Blind => return Vec::new(),
            _ => {
                let how = "Endpoints of several operators are configured now.";
                return self.book.resolve(now, &key, how).into_iter().collect();
            }
        }
        let notice = Notice {
            key,
            severity: Severity::Warning,
            subject: Subject::Chain(chain.clone()),
            summary: format!("{chain}: all endpoints belong to one operator"),
            details:
                "Dogwatch acts on this operator's answers, but cannot check them. Without this operator it is blind."
                    .to_owned(),
            remedy: "Add endpoints of other operators to dogwatch.toml.".to_owned(),
            command: "dogwatch endpoints".to_owned(),
        };
        self.book.raise(now, notice).into_iter().collect()
    }

    /// While the chain as a whole is well, a warning about the endpoints that are not.
    fn doubts(&mut self, now: Time, tracker: &Tracker, well: bool) -> Vec<AlertReport> {
        let chain = &tracker.config().chain;
        let key = key(chain, Cause::Doubts);
        if !well || tracker.doubts().is_empty() {
            self.doubts_since = None;
            let how = if well { "All endpoints work again." } else { NOT_WELL };
            return self.book.resolve(now, &key, how).into_iter().collect();
        }
        // One bad answer is no reason to warn; a minute of them is.
        let since = *self.doubts_since.get_or_insert(now);
        if now.since(since) < tracker.config().block_interval.saturating_mul(20) {
            return Vec::new();
        }
        let notice = Notice {
            key,
            severity: Severity::Warning,
            subject: Subject::Chain(chain.clone()),
            summary: format!(
                "{chain}: {} of {} endpoints cannot be used",
                tracker.doubts().len(),
                tracker.view(now).endpoints_total
            ),
            details: format!("Since {}. Dogwatch works with the others.{}", utc(since), reasons(tracker)),
            remedy: "Wait for them to recover, or replace them in dogwatch.toml.".to_owned(),
            command: ENDPOINTS.to_owned(),
        };
        self.book.raise(now, notice).into_iter().collect()
    }
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
