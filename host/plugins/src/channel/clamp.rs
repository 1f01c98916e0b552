//! Judgements, with their waits and texts kept within bounds.

use std::time::Duration;

use crate::delivery::response::{FollowUp, Judgement, Progress};
use crate::limits::{NAME, SENTENCE};
use crate::text::sanitize;

/// The longest wait: nobody should wait longer without hearing of it.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// The shortest wait between two questions about one message, as Pushover requires.
const SHORTEST_WAIT: Duration = Duration::from_secs(5);

/// The judgement, with its wait limited and its texts sanitized and shortened.
pub(super) fn judgement(judgement: Judgement) -> Judgement {
    match judgement {
        Judgement::Delivered => Judgement::Delivered,
        Judgement::Accepted(receipt) => Judgement::Accepted(sanitize(&receipt, SENTENCE)),
        Judgement::Follow(following) => Judgement::Follow(FollowUp {
            receipt: sanitize(&following.receipt, SENTENCE),
            after: following.after.min(LONGEST_WAIT),
            ..following
        }),
        Judgement::Remember(memory) => Judgement::Remember(sanitize(&memory, SENTENCE)),
        Judgement::RetryAfter(wait) => Judgement::RetryAfter(wait.min(LONGEST_WAIT)),
        Judgement::Transient(why) => Judgement::Transient(sanitize(&why, SENTENCE)),
        Judgement::Permanent(why) => Judgement::Permanent(sanitize(&why, SENTENCE)),
    }
}

/// The same for what became of a message.
pub(super) fn progress(progress: Progress) -> Progress {
    match progress {
        Progress::Waiting(wait) => Progress::Waiting(wait.clamp(SHORTEST_WAIT, LONGEST_WAIT)),
        Progress::Acknowledged(by) => Progress::Acknowledged(sanitize(&by, NAME)),
        Progress::Over => Progress::Over,
        Progress::Unreached(why) => Progress::Unreached(sanitize(&why, SENTENCE)),
        Progress::Permanent(why) => Progress::Permanent(sanitize(&why, SENTENCE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_within_bounds() {
        let forever = Duration::from_millis(u64::MAX);
        assert_eq!(judgement(Judgement::RetryAfter(forever)), Judgement::RetryAfter(LONGEST_WAIT));
        assert_eq!(progress(Progress::Waiting(forever)), Progress::Waiting(LONGEST_WAIT));
        assert_eq!(progress(Progress::Waiting(Duration::ZERO)), Progress::Waiting(SHORTEST_WAIT));
    }
}
