//! What a policy costs: crashes, quiet days and nights of the simulator, side by side with other policies.

mod contender;
mod crashes;
mod error;
mod nights;
#[cfg(feature = "plugins")]
mod plugin;
mod script;
mod workers;

pub use contender::Contender;
pub use crashes::{AllFigures, Figures, play_crashes, svg, table};
pub use error::TrialError;
pub use nights::{NightFigures, night_of, nights_table, play_nights};
#[cfg(feature = "plugins")]
pub use plugin::TriedPolicy;
pub use script::{Played, Script, ScriptError, Verdict};
