//! Why an endpoint, a probe or a policy gave no answer: in one sentence, safe to log and to show.

/// Makes an error that carries its text.
macro_rules! failures {
    ($($(#[$doc:meta])+ $failure:ident,)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
        #[error("{0}")]
        pub struct $failure(String);

        impl $failure {
            /// A failure with that text, which must hold no secret.
            pub fn new(why: impl Into<String>) -> Self {
                Self(why.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )+};
}

failures! {
    /// An endpoint could not be read.
    ReadFailure,
    /// The policy gave no decision.
    PolicyFailure,
}

/// A node could not be probed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct ProbeFailure {
    fault: ProbeFault,
    why: String,
}

/// In which way a node gave no usable answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeFault {
    /// Nothing came back: perhaps only the way to it is cut.
    Silent,
    /// Its machine refused the connection: nothing listens on the port.
    Refused,
    /// Something answered, and not as a node should.
    Unusable,
}

impl ProbeFailure {
    /// A failure with that text, which must hold no secret.
    pub fn new(fault: ProbeFault, why: impl Into<String>) -> Self {
        Self { fault, why: why.into() }
    }

    /// In which way.
    pub fn fault(&self) -> ProbeFault {
        self.fault
    }
}
