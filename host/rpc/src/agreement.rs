//! What several endpoints say, held against each other. Pure: readings and a time in, a judgement out.

mod comparison;
mod outcome;
mod quorum;
mod reading;
mod standing;

pub use comparison::Comparison;
pub use outcome::{EndpointAgreement, WitnessAgreement};
pub use reading::{AgreementRules, EndpointView, EndpointVoice};
pub use standing::{AgreementVerdict, Standing};
