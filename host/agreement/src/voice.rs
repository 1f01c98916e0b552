//! What one endpoint says, and what that is worth.

use dogwatch_chain::{BlockId, Head, Schedule, WitnessState};

use crate::standing::Standing;

/// What one endpoint answered in a round, if it answered properly.
#[derive(Clone, Copy, Debug)]
pub struct Voice<'a, N> {
    /// Which endpoint.
    pub endpoint: N,
    /// Who runs it.
    pub operator: &'a str,
    /// Its answer.
    pub reading: Option<Heard<'a>>,
}

/// The chain as one endpoint shows it.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// Its head.
    pub head: &'a Head,
    /// Its schedule.
    pub schedule: &'a Schedule,
    /// The watched witnesses, in the order they were asked for; `None` where it knows no such witness.
    pub witnesses: &'a [Option<WitnessState>],
}

/// A voice, and what it is worth.
#[derive(Clone, Copy, Debug)]
pub struct JudgedVoice<'a, N> {
    /// What the endpoint said.
    pub voice: Voice<'a, N>,
    /// What that is worth.
    pub standing: Standing,
    /// The block it has shown of which others have another one, if its standing is because of that.
    pub contested: Option<BlockId>,
}

impl<'a, N> JudgedVoice<'a, N> {
    /// Its answer, if it counts.
    pub(crate) fn sound(&self) -> Option<SoundVoice<'a>> {
        let reading = self.voice.reading.filter(|_| self.standing == Standing::Sound)?;
        Some(SoundVoice { operator: self.voice.operator, reading })
    }
}

/// An answer that counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SoundVoice<'a> {
    pub(crate) operator: &'a str,
    pub(crate) reading: Heard<'a>,
}
