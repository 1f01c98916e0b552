//! Counting voices: endpoints of one operator are one voice.

use std::collections::{BTreeMap, BTreeSet};

use crate::chain::reading::{EndpointReading, NamedReading};

/// Who runs which endpoint, and how many operators must agree.
#[derive(Clone, Debug)]
pub(super) struct Quorum {
    /// How many must agree, as the configuration has it.
    wanted: usize,
    /// By endpoint: who runs it.
    operators: BTreeMap<String, String>,
}

impl Quorum {
    pub(super) fn new(wanted: u32) -> Self {
        Self { wanted: usize::try_from(wanted).unwrap_or(usize::MAX), operators: BTreeMap::new() }
    }

    /// Takes in the endpoints that were asked, whether they answered or not.
    pub(super) fn learn(&mut self, readings: &[EndpointReading]) {
        self.operators = readings.iter().map(|r| (r.endpoint.clone(), r.operator.clone())).collect();
    }

    /// How many operators must agree, as the configuration has it.
    pub(super) const fn wanted(&self) -> usize {
        self.wanted
    }

    /// How many operators there are.
    pub(super) fn all(&self) -> usize {
        self.voices(self.operators.keys().map(String::as_str))
    }

    /// How many operators must agree: with fewer than wanted, all of them.
    pub(super) fn need(&self) -> usize {
        self.wanted.min(self.all()).max(1)
    }

    /// How many operators those endpoints have.
    pub(super) fn voices<'a>(&'a self, endpoints: impl Iterator<Item = &'a str>) -> usize {
        let operator = |endpoint: &'a str| self.operators.get(endpoint).map_or(endpoint, String::as_str);
        endpoints.map(operator).collect::<BTreeSet<_>>().len()
    }

    /// How many operators gave those answers.
    pub(super) fn voices_of(&self, answers: &[NamedReading<'_>]) -> usize {
        self.voices(answers.iter().map(|(endpoint, _)| *endpoint))
    }

    /// The first place in that list at which enough operators are reached.
    pub(super) fn reached_at(&self, endpoints: &[&str]) -> Option<usize> {
        self.reached(endpoints, self.need())
    }

    /// The first place in that list at which enough operators are reached, and more than half of those in it.
    pub(super) fn reached_by_most(&self, endpoints: &[&str]) -> Option<usize> {
        let most = self.voices(endpoints.iter().copied()) / 2;
        self.reached(endpoints, self.need().max(most.saturating_add(1)))
    }

    fn reached(&self, endpoints: &[&str], need: usize) -> Option<usize> {
        let reached = |place: &usize| self.voices(endpoints.iter().take(place.saturating_add(1)).copied()) >= need;
        (0..endpoints.len()).find(reached)
    }
}
