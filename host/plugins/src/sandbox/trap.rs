//! Wasmtime's errors, as faults of a call.

use wasmtime::{Error, Trap};

use super::limiter::{LimitExceeded, Resource};
use crate::error::call::Fault;
use crate::limits::CallBudget;
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
        None => Fault::Sandbox(format!("{error:#}")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wasmtime::ResourceLimiter;

    use super::*;
    use crate::sandbox::limiter::StoreLimiter;
    use crate::sandbox::ticker::TickGuard;

    #[test]
    fn memories_are_counted_together() {
        let mut limiter = StoreLimiter::new(100, TickGuard::default());
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(limiter.memory_growing(0, 30, None).unwrap());
        let error = limiter.memory_growing(30, 41, None).unwrap_err();
        let budget = CallBudget { fuel: 1, time: Duration::from_secs(1) };
        assert_eq!(fault(&error, budget), Fault::OutOfMemory { limit: 100, asked: 101 });
        assert!(limiter.memory_growing(30, 40, None).unwrap());
        assert!(limiter.memory_growing(0, usize::MAX, None).is_err());
    }
}
