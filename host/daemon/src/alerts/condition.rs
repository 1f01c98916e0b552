//! Standing conditions of the daemon: one alert each, raised when a condition fails and called off when it holds again.

use dogwatch_alerts::AlertReport;

use crate::alerts::desk::AlertDesk;
use crate::alerts::texts::{AlertTexts, Condition};

/// The alert that stands for one condition.
///
/// It is said at the edges alone, however often the condition is looked at. The first time it holds after a start calls off
/// what an earlier run may have raised: the desk knows whether anything is open. What could not be stored is said at the
/// next look.
#[derive(Debug)]
pub struct StandingAlert {
    desk: AlertDesk,
    last: Last,
}

/// What was said last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Nothing,
    Fails,
    Holds,
}

impl StandingAlert {
    /// Nothing was said yet in this run.
    pub fn new(desk: AlertDesk) -> Self {
        Self { desk, last: Last::Nothing }
    }

    /// Takes in how the condition is now, and says so if that is news. `text` puts the alert together.
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
