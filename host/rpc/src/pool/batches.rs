//! Whether an endpoint answers batches.

use std::time::Duration;

use tokio::time::Instant;

/// Refusals in a row that prove it: one may be a stray answer.
const PROOF: u32 = 3;
/// How long a proven refusal counts at first. Each further one doubles it.
const FIRST_REST: Duration = Duration::from_mins(1);
/// How long one counts at most: gateways may come to take batches.
const LONGEST_REST: Duration = Duration::from_mins(30);

/// Whether an endpoint answers batches, as far as it has shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Batches {
    refusals: u32,
    again: Option<Instant>,
}

impl Batches {
    /// Whether to send it a batch.
    pub(crate) fn worth_a_try(self, now: Instant) -> bool {
        self.again.is_none_or(|again| again <= now)
    }

    /// It has answered one.
    pub(crate) fn answered(&mut self) {
        *self = Self::default();
    }

    /// It has refused one.
    pub(crate) fn refused(&mut self, now: Instant) {
        self.refusals = self.refusals.saturating_add(1);
        if let Some(doublings) = self.refusals.checked_sub(PROOF) {
            let rest = FIRST_REST.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_REST);
            self.again = now.checked_add(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_refusal_is_no_proof_and_no_refusal_is_for_ever() {
        let (mut batches, mut now) = (Batches::default(), Instant::now());
        for _ in 0..2 {
            batches.refused(now);
            assert!(batches.worth_a_try(now));
        }
        batches.answered();
        for rest in [0, 0, 60, 120, 240, 480, 960, 1800, 1800] {
            batches.refused(now);
            if rest > 0 {
                now += Duration::from_secs(rest - 1);
                assert!(!batches.worth_a_try(now), "{rest}");
                now += Duration::from_secs(1);
            }
            assert!(batches.worth_a_try(now), "{rest}");
        }
    }
}
