//! Compares what several endpoints say.

use dogwatch_agreement::{AgreementRules, Conclusion, Heard, Judge, Voice};
use dogwatch_chain::Time;

use crate::agreement::outcome::EndpointAgreement;
use crate::agreement::reading::{EndpointView, EndpointVoice};
use crate::endpoint::EndpointIndex;

/// Compares rounds of readings of the same endpoints. It sees no blocks: what it knows are the heads, now and before.
#[derive(Clone, Debug)]
pub struct Comparison(Judge<EndpointIndex>);

impl Comparison {
    /// A comparison that has seen no round yet.
    pub fn new(rules: AgreementRules) -> Self {
        Self(Judge::new(rules))
    }

    /// Takes in a round of answers.
    pub fn compare(&mut self, now: Time, voices: &[EndpointVoice<'_>]) -> EndpointAgreement {
        let round = self.0.hear(now, voices.iter().map(voice).collect());
        let standings = round.voices().iter().map(|judged| (judged.voice.endpoint, judged.standing)).collect();
        let Conclusion { verdict, head, irreversible, schedule, witnesses } = round.conclude();
        EndpointAgreement { verdict, head, irreversible, schedule, witnesses, standings }
    }
}

fn voice<'a>(voice: &EndpointVoice<'a>) -> Voice<'a, EndpointIndex> {
    let heard =
        |view: &'a EndpointView| Heard { head: &view.head, schedule: &view.schedule, witnesses: &view.witnesses };
    Voice { endpoint: voice.endpoint, operator: voice.operator.as_str(), reading: voice.reading.map(heard) }
}
