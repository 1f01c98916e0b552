//! What the alerts about the daemon itself say: what happened, what Dogwatch did and will do, what the human must do.

use std::net::SocketAddr;

use dogwatch_chain::Time;
use dogwatch_engine::{Alert, AlertEvent, AlertKey, Severity, Subject};

/// The cause of the alert that it does not start.
pub const START: &str = "start";

/// The cause of the alert that it ends again and again.
pub const CRASH_LOOP: &str = "crash-loop";

/// How something is that the daemon needs: a channel's plugin, a port, the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition<'a> {
    /// It fails, and this is why.
    Fails(&'a str),
    /// It works.
    Holds,
}

/// Alerts about the daemon at a site, at a time.
#[derive(Clone, Copy, Debug)]
pub struct AlertTexts<'a> {
    /// Where it runs.
    pub site: &'a str,
    /// When.
    pub now: Time,
}

impl AlertTexts<'_> {
    /// An alert about this daemon that is open, without what there is to do.
    fn open(&self, cause: &str, severity: Severity, summary: String, details: String) -> Alert {
        Alert {
            key: AlertKey(format!("daemon/{}/{cause}", self.site)),
            event: AlertEvent::Opened,
            severity,
            subject: Subject::Daemon,
            chain: String::new(),
            summary,
            details,
            remedy: String::new(),
            command: "dogwatch status".to_owned(),
            acknowledged_by: String::new(),
            opened_at: self.now,
            at: self.now,
        }
    }

    /// The end of it.
    fn over(&self, cause: &str, severity: Severity, summary: &str, how: &str) -> Alert {
        Alert {
            event: AlertEvent::Resolved,
            remedy: "Nothing to do.".to_owned(),
            command: String::new(),
            ..self.open(cause, severity, format!("resolved: {summary}"), how.to_owned())
        }
    }

    /// It does not start. `again`: how often within the hour, if that is said.
    pub fn start(&self, why: &str, details: &str, command: &str, again: Option<usize>) -> Alert {
        let count = again.map_or_else(String::new, |times| format!("It has failed {times} times within the hour. "));
        let details = format!(
            "{count}Nothing is watched, and nothing is switched.\n{}\nWhatever starts Dogwatch tries again; it is said \
             again at the third failure, and then once an hour.",
            details.trim()
        );
        let summary = format!("Dogwatch at {} does not start: {why}", self.site);
        Alert {
            event: if again.is_some() { AlertEvent::Updated } else { AlertEvent::Opened },
            remedy: "Mend what is named above and start it. Until then watch the witness yourself.".to_owned(),
            command: command.to_owned(),
            ..self.open(START, Severity::Page, summary, details)
        }
    }

    /// It starts after all.
    pub fn started(&self) -> Alert {
        let summary = format!("Dogwatch at {} did not start", self.site);
        self.over(START, Severity::Page, &summary, "It runs.")
    }

    /// It ends again and again, so often within the hour.
    pub fn crash_loop(&self, times: usize) -> Alert {
        let summary = format!("Dogwatch at {} ended badly {times} times within the hour", self.site);
        let details = "It runs now. While it starts nothing is watched, and nothing is switched. This is over when it has \
                       run for ten minutes.";
        Alert {
            remedy: "Find out what ends it: look at its log.".to_owned(),
            command: "journalctl -u dogwatch -e".to_owned(),
            ..self.open(CRASH_LOOP, Severity::Page, summary, details.to_owned())
        }
    }

    /// It has run for long enough.
    pub fn no_crash_loop(&self) -> Alert {
        let summary = format!("Dogwatch at {} ended badly again and again", self.site);
        self.over(CRASH_LOOP, Severity::Page, &summary, "It has run for ten minutes.")
    }

    /// Nothing can be stored.
    pub fn store(&self, trouble: Condition<'_>) -> Alert {
        let summary = format!("Dogwatch at {} cannot store its state: it will not switch", self.site);
        match trouble {
            Condition::Fails(why) => Alert {
                remedy: "Look at the disk of the state directory. Until then switch with a wallet.".to_owned(),
                command: "df -h".to_owned(),
                ..self.open(
                    "store",
                    Severity::Page,
                    summary,
                    format!("{why}. Nothing is sent that is not on disk first. Other alerts wait in memory."),
                )
            },
            Condition::Holds => {
                let how = "The state is on disk, and the alerts that waited are on their way.";
                self.over("store", Severity::Page, &summary, how)
            }
        }
    }

    /// A channel has no plugin that works.
    pub fn channel(&self, channel: &str, trouble: Condition<'_>) -> Alert {
        let cause = format!("channel/{channel}");
        let summary = format!("channel {channel} cannot deliver: it has no plugin that works");
        match trouble {
            Condition::Fails(why) => Alert {
                remedy: "Correct the channel's plugin or settings, or drop the plugin's file in.".to_owned(),
                command: "dogwatch check".to_owned(),
                ..self.open(
                    &cause,
                    Severity::Page,
                    summary,
                    format!("{why}\nIts messages are kept, and sent once it works. The other channels go on."),
                )
            },
            Condition::Holds => self.over(&cause, Severity::Page, &summary, "Its plugin works."),
        }
    }

    /// A channel's plugin does not load, and the one that was kept is used.
    pub fn kept_plugin(&self, channel: &str, condition: Condition<'_>) -> Alert {
        let cause = format!("kept-plugin/{channel}");
        let summary = format!("channel {channel} runs on the plugin of the last good start");
        match condition {
            Condition::Fails(why) => Alert {
                remedy: "Correct the channel's plugin, or drop its file in, and start Dogwatch again.".to_owned(),
                command: "dogwatch check".to_owned(),
                ..self.open(
                    &cause,
                    Severity::Warning,
                    summary,
                    format!("{why}\nThe copy that was kept then is used, and delivers."),
                )
            },
            Condition::Holds => self.over(&cause, Severity::Warning, &summary, "Its own plugin is in use."),
        }
    }

    /// Heartbeats do not get through.
    pub fn heartbeat(&self, channel: &str, trouble: Condition<'_>) -> Alert {
        let cause = format!("heartbeat/{channel}");
        let summary = format!("heartbeats to {channel} do not get through");
        match trouble {
            Condition::Fails(why) => Alert {
                remedy: "Look at that service, and at the channel's settings.".to_owned(),
                command: format!("dogwatch alert test --channel {channel}"),
                ..self.open(
                    &cause,
                    Severity::Warning,
                    summary,
                    format!("{why}\nThe dead man's switch will ring, or is deaf itself. The watch goes on."),
                )
            },
            Condition::Holds => self.over(&cause, Severity::Warning, &summary, "They get through again."),
        }
    }

    /// The gateway cannot serve.
    pub fn gateway(&self, condition: Condition<'_>) -> Alert {
        let summary = "the gateway cannot serve".to_owned();
        match condition {
            Condition::Fails(why) => Alert {
                remedy: "Free its port or fix its certificate, as the reason says.".to_owned(),
                command: "dogwatch check".to_owned(),
                ..self.open(
                    "gateway",
                    Severity::Page,
                    summary,
                    format!(
                        "{why}\nDogwatch tries again every few seconds. Until then the gateway answers nobody. The watch goes on \
                         without it."
                    ),
                )
            },
            Condition::Holds => self.over("gateway", Severity::Page, &summary, "The gateway serves."),
        }
    }

    /// The metrics cannot be served.
    pub fn metrics(&self, listen: SocketAddr, trouble: Condition<'_>) -> Alert {
        let summary = format!("the metrics cannot be served on {listen}");
        match trouble {
            Condition::Fails(why) => Alert {
                remedy: "End what holds the port, or give the metrics another one.".to_owned(),
                command: format!("ss -ltnp 'sport = {}'", listen.port()),
                ..self.open(
                    "metrics",
                    Severity::Warning,
                    summary,
                    format!("{why}\nIt is tried again every few seconds. The watch does not depend on it."),
                )
            },
            Condition::Holds => self.over("metrics", Severity::Warning, &summary, "They are served."),
        }
    }

    /// What a rehearsal found, as a report.
    pub fn report(&self, failing: &[&str], lines: &str) -> Alert {
        let severity = if failing.is_empty() { Severity::Info } else { Severity::Warning };
        Alert {
            event: AlertEvent::Report,
            command: "dogwatch rehearse".to_owned(),
            ..self.open("report", severity, self.would_work(failing), lines.to_owned())
        }
    }

    /// The same as an alert: it is open for as long as something would not work.
    pub fn rehearsal(&self, failing: &[&str], lines: &str) -> Alert {
        let (cause, severity) = ("rehearsal", Severity::Warning);
        if failing.is_empty() {
            let summary = format!("{}: something would not work", self.site);
            return self.over(cause, severity, &summary, "The rehearsal found nothing wrong.");
        }
        let details = format!("The rehearsal found it. No switch is needed now; the next one might fail.\n{lines}");
        Alert {
            remedy: "Mend what fails, and rehearse again.".to_owned(),
            command: "dogwatch rehearse".to_owned(),
            ..self.open(cause, severity, self.would_work(failing), details)
        }
    }

    fn would_work(&self, failing: &[&str]) -> String {
        match failing {
            [] => format!("{}: everything would work now", self.site),
            [one] => format!("{}: would not work now: {one}", self.site),
            [first, more @ ..] => format!("{}: would not work now: {first}, and {} more", self.site, more.len()),
        }
    }

    /// An alert that a program of the operator's raises, or calls off.
    pub fn raised(&self, cause: &str, severity: Severity, summary: Option<String>, details: String) -> Alert {
        let cause = format!("raised/{cause}");
        match summary {
            Some(summary) => Alert {
                remedy: "A program of yours raised it: look there.".to_owned(),
                command: "dogwatch alerts".to_owned(),
                ..self.open(&cause, severity, summary, details)
            },
            None => self.over(&cause, severity, &cause, "The program that raised it has called it off."),
        }
    }

    /// A message to try a channel with, and its end.
    pub fn test(&self, severity: Severity) -> [Alert; 2] {
        let summary = format!("a test of Dogwatch at {}: this channel works", self.site);
        let opened = Alert {
            remedy: "Nothing to do.".to_owned(),
            command: String::new(),
            ..self.open(
                "test",
                severity,
                summary.clone(),
                "Somebody typed `dogwatch alert test`. Nothing is wrong.".to_owned(),
            )
        };
        [opened, self.over("test", severity, &summary, "The test is over.")]
    }
}

#[cfg(test)]
mod tests;
