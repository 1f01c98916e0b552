//! What the answers of several endpoints are worth together: the one judgement that the pool and the engine share.
//!
//! [`Judge::hear`] takes a round of answers and the time, and gives each endpoint its [`Standing`]; [`Round::conclude`]
//! tells how well they agree, and on what. Whoever knows more than the answers, as the engine knows the blocks, has
//! endpoints [condemned](Round::condemn) in between. Operators are counted, not endpoints: two names of one provider are
//! one voice.
//!
//! Pure: no I/O, no clock, no async. From earlier rounds a [`Judge`] keeps the heads that endpoints have shown, since when
//! each endpoint stays at its head, and when the chain last grew.
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "a test may panic, that is how it fails"))]

mod claims;
mod judge;
mod operators;
mod progress;
mod round;
mod rules;
mod shared;
mod standing;
mod verdict;
mod voice;

pub use judge::Judge;
pub use round::{Conclusion, Round};
pub use rules::AgreementRules;
pub use shared::WitnessAgreement;
pub use standing::Standing;
pub use verdict::AgreementVerdict;
pub use voice::{Heard, JudgedVoice, Voice};
