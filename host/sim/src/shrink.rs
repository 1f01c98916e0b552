//! Makes a failing night small: fewer faults, shorter ones, fewer sites.

use crate::check::Rule;
use crate::night::{Night, NightError};
use crate::play::{Policies, play};

/// The smallest night that still breaks the same rule, as far as leaving things out finds one.
///
/// # Errors
///
/// The night cannot be played.
pub fn shrink(night: &Night, rule: Rule, policies: &dyn Policies) -> Result<Night, NightError> {
    let fails = |candidate: &Night| -> Result<bool, NightError> {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| play(candidate, policies)));
        match outcome {
            Ok(outcome) => Ok(outcome?.violation.is_some_and(|violation| violation.rule == rule)),
            Err(_) => Ok(false),
        }
    };
    let mut best = night.clone();
    loop {
        let mut smaller = None;
        for candidate in candidates(&best) {
            if fails(&candidate)? {
                smaller = Some(candidate);
                break;
            }
        }
        match smaller {
            Some(candidate) => best = candidate,
            None => return Ok(best),
        }
    }
}

/// Nights that are a little smaller.
fn candidates(night: &Night) -> Vec<Night> {
    let mut candidates = Vec::new();
    for left_out in 0..night.faults.len() {
        let mut smaller = night.clone();
        smaller.faults.remove(left_out);
        candidates.push(smaller);
    }
    for left_out in 0..night.sites.len() {
        let mut smaller = night.clone();
        smaller.sites.remove(left_out);
        candidates.push(smaller);
    }
    if night.witnesses > 1 {
        candidates.push(Night { witnesses: 1, ..night.clone() });
    }
    for place in 0..night.faults.len() {
        let mut smaller = night.clone();
        if let Some(fault) = smaller.faults.get_mut(place).filter(|fault| fault.lasts > 10) {
            fault.lasts /= 2;
            candidates.push(smaller);
        }
    }
    candidates.retain(|candidate| candidate.check().is_ok());
    candidates
}
