//! What alerts say: what happened, since when, what Dogwatch did or will do, and what the operator must do.

mod fork;
mod key;
mod line;
mod misses;
mod nodes;
mod phrases;
mod policy;
mod refusals;
mod switches;

pub(super) use refusals::wish;

#[cfg(test)]
mod tests;
