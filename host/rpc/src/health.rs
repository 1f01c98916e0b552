//! What the pool remembers of an endpoint: failures, rests, throttles, latencies, requests left.

mod budget;
mod latency;
mod record;
mod streak;

pub(crate) use budget::RequestBudget;
pub(crate) use record::{Access, HealthRecord};
pub(crate) use streak::RestPolicy;
