//! Judges rounds of answers of the same endpoints.

use dogwatch_chain::{Head, Time};

use crate::claims::Claims;
use crate::operators;
use crate::progress::{HeadProgress, New};
use crate::round::Round;
use crate::rules::AgreementRules;
use crate::voice::Voice;

/// Judges rounds of answers of the same endpoints, which are named by an `N`.
#[derive(Clone, Debug)]
pub struct Judge<N> {
    rules: AgreementRules,
    progress: HeadProgress<N>,
    claims: Claims<N>,
}

impl<N: Ord + Clone> Judge<N> {
    /// A judge that has heard no round yet.
    pub fn new(rules: AgreementRules) -> Self {
        Self { rules, progress: HeadProgress::default(), claims: Claims::default() }
    }

    /// Takes in a round of answers, one for each configured endpoint, and tells what each is worth.
    pub fn hear<'a>(&mut self, now: Time, voices: Vec<Voice<'a, N>>) -> Round<'_, 'a, N> {
        let need = self.rules.need(operators::count(voices.iter().map(|voice| voice.operator)));
        let heads: Vec<(&N, &str, &Head)> =
            voices.iter().filter_map(|voice| Some((&voice.endpoint, voice.operator, voice.reading?.head))).collect();
        let height = operators::reached(heads.iter().map(|(_, operator, head)| (head.num(), *operator)), need);
        let somebody_fresh = heads.iter().any(|(.., head)| self.rules.is_fresh(now, head));
        let new = if somebody_fresh { New::Fresh } else { New::OffClock };
        self.progress.note(now, heads.iter().map(|(endpoint, _, head)| (*endpoint, *head)), height, new);
        for (endpoint, _, head) in heads {
            // What an old head is held against lies behind the chain.
            if self.rules.is_fresh(now, head) {
                self.claims.note(endpoint, head);
            }
        }
        Round::new(now, self.rules, &self.progress, &self.claims, voices, need)
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
