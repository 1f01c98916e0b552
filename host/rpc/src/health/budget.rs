//! A request budget: refilled continuously, saved up to its full size.

use std::time::Duration;

use tokio::time::Instant;

/// How much is left of a budget. Polls may overdraw it; relayed requests may not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestBudget {
    per: Duration,
    full: f64,
    left: f64,
    at: Option<Instant>,
}

impl RequestBudget {
    pub(crate) fn per_minute(requests: u32) -> Self {
        Self::new(f64::from(requests), Duration::from_secs(60))
    }

    pub(crate) fn new(requests: f64, per: Duration) -> Self {
        Self { per, full: requests, left: requests, at: None }
    }

    /// What is left, whole requests only.
    pub(crate) fn left(&self, now: Instant) -> u32 {
        // Bounded by `full`, which came from a u32.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to a u32's value")]
        let whole = self.refilled(now).max(0.0) as u32;
        whole
    }

    /// Spends, whether or not there is enough. The debt is at most the size of the budget.
    pub(crate) fn spend(&mut self, now: Instant, requests: u32) {
        self.left = (self.refilled(now) - f64::from(requests)).max(-self.full);
        self.at = Some(now);
    }

    /// Spends if there is enough.
    pub(crate) fn try_spend(&mut self, now: Instant, requests: u32) -> bool {
        let enough = self.refilled(now) >= f64::from(requests);
        if enough {
            self.spend(now, requests);
        }
        enough
    }

    /// Whether the budget is full.
    pub(crate) fn is_full(&self, now: Instant) -> bool {
        self.refilled(now) >= self.full
    }

    fn refilled(&self, now: Instant) -> f64 {
        let passed = self.at.map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64());
        let gained = passed / self.per.as_secs_f64().max(f64::MIN_POSITIVE) * self.full;
        (self.left + gained).min(self.full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn spent_saved_and_overdrawn() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut budget = RequestBudget::per_minute(60);
        assert_eq!(budget.left(at(0)), 60);
        assert!(budget.try_spend(at(0), 50) && !budget.try_spend(at(0), 11) && budget.try_spend(at(0), 10));
        assert_eq!(budget.left(at(5)), 5);
        budget.spend(at(5), 1000);
        assert_eq!((budget.left(at(64)), budget.left(at(66)), budget.left(at(600))), (0, 1, 60));
        assert!(budget.is_full(at(125)) && !budget.is_full(at(124)));
    }
}
