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
    /// A node could not be probed.
    ProbeFailure,
    /// The policy gave no decision.
    PolicyFailure,
}
