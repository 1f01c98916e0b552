//! `Retry-After`: whatever a server says, the wait stays within bounds.

#![no_main]

use dogwatch_chain::Time;
use dogwatch_rpc::{LONGEST_RETRY_AFTER, retry_after};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, Option<&str>, i64)| {
    let (header, date, now) = input;
    if let Some(wait) = retry_after(header, date, Time::from_millis(now)) {
        assert!(wait <= LONGEST_RETRY_AFTER);
        assert!(!header.trim().is_empty());
    }
});
