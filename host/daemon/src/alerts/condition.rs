//! Standing conditions of the daemon: one alert each, raised when a condition fails and resolved when it holds again.

use std::time::Duration;

use dogwatch_alerts::{AlertReport, Change};
use dogwatch_chain::Time;

use crate::alerts::desk::AlertDesk;
use crate::alerts::texts::{AlertTexts, Condition};

/// How old the reason stored at the desk may get while the condition keeps failing for a different one.
const REFRESH: Duration = Duration::from_secs(60);

/// The alert for one condition.
///
/// It reports when the condition changes, however often it is checked, and refreshes the text when the condition fails
/// for a different reason. When the condition first holds after a start, it resolves the alert that an earlier run may
/// have raised: the desk knows whether one is open. A report that could not be stored is repeated at the next check.
#[derive(Debug)]
pub struct StandingAlert {
    desk: AlertDesk,
    last: Last,
}

/// The last report.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Last {
    Nothing,
    Fails(String, Time),
    Holds,
}

/// Whether the desk has what was reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It does.
    Yes,
    /// It could not be stored: look again, and report it again.
    No,
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
    ) -> Stored {
        let now = self.desk.clock.now();
        let change = match (&self.last, condition) {
            (Last::Holds, Condition::Holds) => return Stored::Yes,
            (Last::Fails(known, at), Condition::Fails(why)) => {
                let due = now.since(*at) >= REFRESH || now < *at;
                if known == why || !due {
                    return Stored::Yes;
                }
                Some(Change::Refreshed)
            }
            _ => None,
        };
        let report = text(&self.desk.texts(), condition);
        let change = change.unwrap_or(report.change);
        match self.desk.report(AlertReport { change, ..report }).await {
            Ok(()) => {
                self.last = match condition {
                    Condition::Fails(why) => Last::Fails(why.to_owned(), now),
                    Condition::Holds => Last::Holds,
                };
                Stored::Yes
            }
            Err(error) => {
                tracing::error!(site = self.desk.rules.site, %error, "an alert could not be stored");
                self.last = Last::Nothing;
                Stored::No
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::desk;

    #[tokio::test(start_paused = true)]
    async fn reported_when_it_changes_and_once_a_minute_when_the_reason_does() {
        let (desk, _directory) = desk();
        let mut alert = StandingAlert::new(desk.clone());
        let gateway = |texts: &AlertTexts<'_>, condition: Condition<'_>| texts.gateway(condition);
        for (seconds, condition, details) in [
            (0, Condition::Fails("port in use"), Some("port in use")),
            (30, Condition::Fails("no key"), Some("port in use")),
            (31, Condition::Fails("no key"), Some("no key")),
            (5, Condition::Holds, None),
            (5, Condition::Fails("no key"), Some("no key")),
        ] {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            assert_eq!(alert.now(condition, gateway).await, Stored::Yes);
            let open = desk.open().await.unwrap();
            let first = open.first().and_then(|incident| incident.alert.details.lines().next());
            assert_eq!(first, details, "{condition:?}");
        }
    }
}
