//! Trials that do not come to an end.

use dogwatch_sim::NightError;

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// A night cannot be played.
    #[error(transparent)]
    Night(#[from] NightError),
    /// A thread panicked.
    #[error("a night panicked; this is a bug in Dogwatch's simulator")]
    Panicked,
}
