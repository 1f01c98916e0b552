//! What the answers of a poll are worth together: `dogwatch_agreement`'s judgement, by the pool's types.

mod comparison;
mod outcome;
mod reading;

pub use comparison::Comparison;
pub use outcome::EndpointAgreement;
pub use reading::{EndpointView, EndpointVoice};
