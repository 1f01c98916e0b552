//! The order in which the endpoints are asked.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::pool::member::Member;

/// How long an order holds while nothing fails: latencies and heads change it slowly.
const ORDER_HOLDS: Duration = Duration::from_millis(20);

/// The order of the members, kept for a moment: under load it is asked for thousands of times a second.
#[derive(Debug, Default)]
pub(super) struct Ranking {
    last: Mutex<Option<RankedMembers>>,
}

#[derive(Debug)]
struct RankedMembers {
    at: Instant,
    /// The sum of the members' changes at that time.
    changes: u64,
    order: Vec<Arc<Member>>,
}

impl Ranking {
    /// The members, the best for this method first.
    pub(super) fn order(&self, members: &[Arc<Member>], method: &str, interval: Duration) -> Vec<Arc<Member>> {
        let changes = members.iter().fold(0_u64, |sum, member| sum.wrapping_add(member.changes()));
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = last.as_ref()
            && known.changes == changes
            && known.at.elapsed() < ORDER_HOLDS
        {
            return known.order.clone();
        }
        let height = height(members, interval);
        let mut order: Vec<Arc<Member>> = members.to_vec();
        order.sort_by_cached_key(|member| member.rank(method, height));
        // If some methods fail and others do not, each has an order of its own.
        let even = members.iter().all(|member| member.state().health.is_even());
        *last = even.then(|| RankedMembers { at: Instant::now(), changes, order: order.clone() });
        order
    }
}

/// The height that at least two endpoints must have reached by now, or the only one: a single higher one may lie.
pub(super) fn height(members: &[Arc<Member>], interval: Duration) -> Option<u32> {
    let now = Instant::now();
    let expected = |member: &Arc<Member>| member.state().health.expected_height(now, interval);
    let mut heights: Vec<u32> = members.iter().filter_map(expected).collect();
    heights.sort_unstable_by_key(|height| std::cmp::Reverse(*height));
    heights.get(1).or(heights.first()).copied()
}
