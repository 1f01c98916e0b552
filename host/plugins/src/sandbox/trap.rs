//! Wasmtime's errors, as faults of a call.

use wasmtime::{Error, OutOfMemory, PoolConcurrencyLimitError, Trap};

use super::limiter::{LimitExceeded, Resource};
use crate::error::call::Fault;
use crate::limits::{CallBudget, SENTENCE};
use crate::text::sanitize;
use crate::wasi::Misuse;

/// The fault behind a call that ended without an answer.
pub(crate) fn fault(error: &Error, budget: CallBudget) -> Fault {
    if let Some(exceeded) = error.downcast_ref::<LimitExceeded>() {
        let LimitExceeded { resource, asked, limit } = *exceeded;
        return match resource {
            Resource::Memory => Fault::OutOfMemory { limit, asked },
            Resource::TableElements => Fault::Trapped(format!("it asked for {asked} table elements, limit {limit}")),
        };
    }
    if let Some(Misuse(what)) = error.downcast_ref::<Misuse>() {
        return Fault::Trapped(what.clone());
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => Fault::OutOfFuel { limit: budget.fuel },
        Some(Trap::Interrupt) => Fault::OutOfTime { millis: budget.time.as_millis() },
        Some(Trap::StackOverflow) => Fault::StackOverflow,
        Some(Trap::UnreachableCodeReached) => Fault::Panicked,
        Some(trap) => Fault::Trapped(trap.to_string()),
        // Wasmtime has no public type for this one.
        None if format!("{error:#}").contains("fuel allocated for hostcalls") => {
            Fault::AnswerTooLarge("it exceeds what the host copies out of a plugin".to_owned())
        }
        None if is_of_the_host(error) => Fault::Sandbox(format!("{error:#}")),
        // Wasmtime has no type for this one either: a component of more parts than a call may have.
        None if format!("{error:#}").contains("resource limit exceeded") => Fault::Trapped(text(error)),
        // What is left is said of values: no UTF-8, a case that there is not, an address that leads nowhere.
        None => Fault::BadAnswer(text(error)),
    }
}

/// Whether the host lacks something that a plugin cannot take from it.
fn is_of_the_host(error: &Error) -> bool {
    error.is::<PoolConcurrencyLimitError>() || error.is::<OutOfMemory>() || error.is::<std::io::Error>()
}

/// The error's words: some quote the plugin.
fn text(error: &Error) -> String {
    sanitize(&format!("{error:#}"), SENTENCE)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wasmtime::ResourceLimiter;

    use super::*;
    use crate::sandbox::limiter::StoreLimiter;
    use crate::sandbox::ticker::TickGuard;

    const BUDGET: CallBudget = CallBudget { fuel: 1, time: Duration::from_secs(1) };

    #[test]
    fn only_what_the_host_lacks_is_its_own_failure() {
        let host = Error::new(std::io::Error::other("no more maps"));
        assert_eq!(fault(&host, BUDGET), Fault::Sandbox("no more maps".to_owned()));
        let plugin = Error::msg("invalid\nutf-8");
        assert_eq!(fault(&plugin, BUDGET), Fault::BadAnswer("invalid utf-8".to_owned()));
    }

    #[test]
    fn memories_are_counted_together() {
        let mut limiter = StoreLimiter::new(100, TickGuard::default());
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(limiter.memory_growing(0, 30, None).unwrap());
        let error = limiter.memory_growing(30, 41, None).unwrap_err();
        assert_eq!(fault(&error, BUDGET), Fault::OutOfMemory { limit: 100, asked: 101 });
        assert!(limiter.memory_growing(30, 40, None).unwrap());
        assert!(limiter.memory_growing(0, usize::MAX, None).is_err());
    }
}
