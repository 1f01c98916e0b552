//! Nights in which anything goes wrong, each with every policy.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use dogwatch_sim::{Night, PolicyChoice, Rescue, draw, play};
use serde::Serialize;

use crate::contender::Contender;
use crate::error::TrialError;
use crate::workers::on_all_cores;

/// What a policy did in nights.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NightFigures {
    /// Own slots that were missed while the chain went on.
    pub missed: u64,
    /// Switches that it made.
    pub switches: u64,
    /// Switches that it wanted and that a rail refused.
    pub refused: u64,
    /// Nights in which it did not do what the bundled policies must, or not in time.
    pub broken_nights: u64,
    /// The first of them, and how.
    pub first_broken: Option<(u64, String)>,
}

/// The night of that seed, with one policy at every site. Of a file the rules expect what they do of `proactive`.
pub fn night_of(seed: u64, policy: PolicyChoice) -> Night {
    let mut night = draw(seed);
    night.sites.iter_mut().for_each(|site| site.policy = policy);
    night
}

/// Plays so many nights from that seed on with each policy, in the order of the contenders.
///
/// # Errors
///
/// A night cannot be played.
pub fn play_nights(
    seed: u64,
    nights: u64,
    contenders: &[Contender<'_>],
) -> Result<Vec<(String, NightFigures)>, TrialError> {
    let all: Mutex<BTreeMap<usize, NightFigures>> = Mutex::default();
    on_all_cores(nights, |number| {
        for (place, contender) in contenders.iter().enumerate() {
            let Rescue::Dogwatch(choice, _) = contender.rescue else { continue };
            let night = night_of(seed.saturating_add(number), choice);
            let outcome = play(&night, contender.policies)?;
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            let figures = all.entry(place).or_default();
            figures.missed = figures.missed.saturating_add(outcome.missed.into());
            figures.switches = figures.switches.saturating_add(outcome.switches.into());
            figures.refused = figures.refused.saturating_add(outcome.refused.into());
            if let Some(violation) = outcome.violation {
                figures.broken_nights = figures.broken_nights.saturating_add(1);
                let earlier = figures.first_broken.as_ref().is_some_and(|(first, _)| *first < night.seed);
                if !earlier {
                    figures.first_broken = Some((night.seed, violation.to_string()));
                }
            }
        }
        Ok(())
    })?;
    let mut all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    let named = contenders.iter().enumerate();
    Ok(named.map(|(place, contender)| (contender.name.clone(), all.remove(&place).unwrap_or_default())).collect())
}

/// A table for people.
pub fn nights_table(seed: u64, nights: u64, figures: &[(String, NightFigures)]) -> String {
    let mut out = format!("In {nights} nights from seed {seed}, in which anything goes wrong\n\n");
    let _ = writeln!(out, "{:24} {:>8} {:>9} {:>8} {:>8}", "", "missed", "switches", "refused", "broken");
    for (name, NightFigures { missed, switches, refused, broken_nights, .. }) in figures {
        let _ = writeln!(out, "{name:24} {missed:>8} {switches:>9} {refused:>8} {broken_nights:>8}");
    }
    for (name, figures) in figures {
        if let Some((night, how)) = &figures.first_broken {
            let _ = writeln!(out, "\n{name}, night {night}: {how}");
        }
    }
    out
}
