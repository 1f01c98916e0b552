//! Standing conditions of the daemon: one alert each, raised when a condition fails and resolved when it holds again.

use dogwatch_alerts::AlertReport;

use crate::alerts::desk::AlertDesk;
use crate::alerts::texts::{AlertTexts, Condition};

/// The alert for one condition.
///
/// It reports changes only, however often the condition is checked. When the condition first holds after a start, it
/// resolves the alert that an earlier run may have raised: the desk knows whether one is open. A report that could not
/// be stored is repeated at the next check.
#[derive(Debug)]
pub struct StandingAlert {
    desk: AlertDesk,
    last: Last,
}

/// The last report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Nothing,
    Fails,
    Holds,
}

impl StandingAlert {
    /// Nothing has been reported in this run.
    pub fn new(desk: AlertDesk) -> Self {
        Self { desk, last: Last::Nothing }
    }

    /// Takes in the condition's current state and reports it if it changed. `text` writes the alert.
    pub async fn now(
        &mut self,
        condition: Condition<'_>,
        text: impl FnOnce(&AlertTexts<'_>, Condition<'_>) -> AlertReport,
    ) {
        let last = match condition {
            Condition::Fails(_) => Last::Fails,
            Condition::Holds => Last::Holds,
        };
        if last == self.last {
            return;
        }
        match self.desk.report(text(&self.desk.texts(), condition)).await {
            Ok(()) => self.last = last,
            Err(error) => {
                tracing::error!(site = self.desk.rules.site, %error, "an alert could not be stored");
                self.last = Last::Nothing;
            }
        }
    }
}
