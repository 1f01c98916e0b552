//! The texts of alerts about the daemon itself: what happened, what Dogwatch does about it, what the operator must do.

use std::net::SocketAddr;

use dogwatch_alerts::{AlertKey, AlertReport, Cause, Change, Notice, Scope, Severity, Subject};
use dogwatch_chain::Time;

/// The condition of something the daemon needs: a channel's plugin, a port, the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition<'a> {
    /// It fails, for this reason.
    Fails(&'a str),
    /// It works.
    Holds,
}

/// Writes alerts about the daemon at a site, at a given time.
#[derive(Clone, Copy, Debug)]
pub struct AlertTexts<'a> {
    /// The site where the daemon runs.
    pub site: &'a str,
    /// The current time.
    pub now: Time,
}

/// The wording of an open alert about the daemon.
struct Text {
    summary: String,
    details: String,
    remedy: String,
    command: String,
}

impl AlertTexts<'_> {
    fn key(&self, cause: Cause) -> AlertKey {
        AlertKey::new(Scope::daemon(self.site), cause)
    }

    /// The key of one of several alerts of a cause.
    fn part(&self, cause: Cause, part: &str) -> AlertKey {
        AlertKey::part(Scope::daemon(self.site), cause, part)
    }

    fn raised(&self, key: AlertKey, severity: Severity, text: Text) -> AlertReport {
        let Text { summary, details, remedy, command } = text;
        let notice = Notice { key, severity, subject: Subject::Daemon, summary, details, remedy, command };
        AlertReport { change: Change::Raised, notice, at: self.now }
    }

    fn over(&self, key: AlertKey, severity: Severity, summary: &str, how: &str) -> AlertReport {
        AlertReport::over(self.now, key, severity, Subject::Daemon, summary, how)
    }

    /// The daemon does not start. `again` is how many starts have failed within the hour, if the message should say so.
    pub fn start(&self, why: &str, details: &str, command: &str, again: Option<usize>) -> AlertReport {
        let count = again.map_or_else(String::new, |times| format!("{times} starts have failed within the hour. "));
        let text = Text {
            summary: format!("Dogwatch at {} does not start: {why}", self.site),
            details: format!(
                "{count}Nothing is watched, and nothing is switched.\n{}\nWhatever starts Dogwatch will try again. You \
                 get another message at the third failure, then one per hour.",
                details.trim()
            ),
            remedy: "Fix the problem named above, then start Dogwatch. Until then watch the witness yourself."
                .to_owned(),
            command: command.to_owned(),
        };
        let report = self.raised(self.key(Cause::Start), Severity::Page, text);
        AlertReport { change: if again.is_some() { Change::News } else { Change::Raised }, ..report }
    }

    /// The daemon has started after all.
    pub fn started(&self) -> AlertReport {
        let summary = format!("Dogwatch at {} did not start", self.site);
        self.over(self.key(Cause::Start), Severity::Page, &summary, "It is running.")
    }

    /// The daemon has crashed this many times within the hour.
    pub fn crash_loop(&self, times: usize) -> AlertReport {
        let text = Text {
            summary: format!("Dogwatch at {} crashed {times} times within the hour", self.site),
            details:
                "It is running now. Nothing is watched or switched while it restarts. This alert ends once it has \
                      run for ten minutes."
                    .to_owned(),
            remedy: "Read its log to find out why it crashes.".to_owned(),
            command: "journalctl -u dogwatch -e".to_owned(),
        };
        self.raised(self.key(Cause::CrashLoop), Severity::Page, text)
    }

    /// The daemon has run for long enough to count as stable.
    pub fn no_crash_loop(&self) -> AlertReport {
        let summary = format!("Dogwatch at {} kept crashing", self.site);
        self.over(self.key(Cause::CrashLoop), Severity::Page, &summary, "It has run for ten minutes.")
    }

    /// Stored state could not be read. Each line says where it is now, and why.
    pub fn state_lost(&self, set_aside: &[String]) -> AlertReport {
        let text = Text {
            summary: format!("Dogwatch at {} could not read its stored state, and goes on without it", self.site),
            details: format!(
                "It is set aside, and nothing is deleted:\n{}\nWhat it held is not known any more: past switches, own \
                 slots, open alerts, messages on their way, pauses, what policies remember. The chain shows the rest. \
                 The budget of automatic switches counts as spent until its window has passed.",
                set_aside.join("\n")
            ),
            remedy: "Check the disk. If a witness misses blocks before then, switch by hand.".to_owned(),
            command: "dogwatch status".to_owned(),
        };
        self.raised(self.key(Cause::StateLost), Severity::Page, text)
    }

    /// Nothing that was lost counts any more.
    pub fn state_regained(&self) -> AlertReport {
        let summary = format!("Dogwatch at {} could not read its stored state", self.site);
        let how = "The budget's window has passed: nothing that was lost counts any more.";
        self.over(self.key(Cause::StateLost), Severity::Page, &summary, how)
    }

    /// Somebody removed what the running daemon has in its state directory. It has been made anew.
    pub fn state_removed(&self, what: &[&str]) -> AlertReport {
        let text = Text {
            summary: format!("files of Dogwatch at {} were removed while it runs", self.site),
            details: format!(
                "Gone from its state directory: {}. Dogwatch has made that anew, with everything that was in it, and \
                 watches as before. Had it ended first, its state and the open alerts would be lost.",
                what.join(", ")
            ),
            remedy: "Find out what removes files there, and have it leave the state directory alone: \
                     systemd-tmpfiles, a clean-up script, a backup that moves instead of copies."
                .to_owned(),
            command: "dogwatch status".to_owned(),
        };
        self.raised(self.key(Cause::StateRemoved), Severity::Page, text)
    }

    /// Nothing has been removed for a while.
    pub fn state_kept(&self) -> AlertReport {
        let summary = format!("files of Dogwatch at {} were removed while it runs", self.site);
        let how = "Nothing has been removed since.";
        self.over(self.key(Cause::StateRemoved), Severity::Page, &summary, how)
    }

    /// The state cannot be stored.
    pub fn store(&self, condition: Condition<'_>) -> AlertReport {
        let (key, severity) = (self.key(Cause::Store), Severity::Page);
        let summary = format!("Dogwatch at {} cannot store its state", self.site);
        match condition {
            Condition::Fails(why) => {
                let text = Text {
                    summary,
                    details: format!(
                        "{why}. Dogwatch still switches, and the chain takes a switch at most once. What it would \
                         store waits in memory, other alerts too: a restart loses it."
                    ),
                    remedy: "Check the disk of the state directory, and do not restart Dogwatch before it works again."
                        .to_owned(),
                    command: "df -h".to_owned(),
                };
                self.raised(key, severity, text)
            }
            Condition::Holds => {
                self.over(key, severity, &summary, "The state is on disk, and the alerts that waited are on their way.")
            }
        }
    }

    /// A channel has no working plugin.
    pub fn channel(&self, channel: &str, condition: Condition<'_>) -> AlertReport {
        let (key, severity) = (self.part(Cause::Channel, channel), Severity::Page);
        let summary = format!("channel {channel} cannot deliver: its plugin does not work");
        match condition {
            Condition::Fails(why) => {
                let text = Text {
                    summary,
                    details: format!(
                        "{why}\nIts messages are kept and sent once the plugin works. The other channels still deliver."
                    ),
                    remedy: "Fix the channel's plugin or settings, or put the plugin's file into the plugin directory."
                        .to_owned(),
                    command: "dogwatch check".to_owned(),
                };
                self.raised(key, severity, text)
            }
            Condition::Holds => self.over(key, severity, &summary, "Its plugin works."),
        }
    }

    /// A channel's plugin does not load, so the plugin of the last good start is in use.
    pub fn kept_plugin(&self, channel: &str, condition: Condition<'_>) -> AlertReport {
        let (key, severity) = (self.part(Cause::KeptPlugin, channel), Severity::Warning);
        let summary = format!("channel {channel} runs on the plugin of the last good start");
        match condition {
            Condition::Fails(why) => {
                let text = Text {
                    summary,
                    details: format!("{why}\nDogwatch uses the copy from the last good start. The channel delivers."),
                    remedy:
                        "Fix the channel's plugin or put its file into the plugin directory, then restart Dogwatch."
                            .to_owned(),
                    command: "dogwatch check".to_owned(),
                };
                self.raised(key, severity, text)
            }
            Condition::Holds => self.over(key, severity, &summary, "The channel uses its configured plugin again."),
        }
    }

    /// A plugin's new file is refused.
    pub fn plugin_refused(&self, plugin: &str, condition: Condition<'_>) -> AlertReport {
        let (key, severity) = (self.part(Cause::PluginRefused, plugin), Severity::Warning);
        let summary = format!("the new file of plugin {plugin} is refused");
        match condition {
            Condition::Fails(why) => {
                let text = Text {
                    summary,
                    details: format!("{why}\nThe version before stays in use until Dogwatch stops."),
                    remedy: format!(
                        "Put a file that works in its place, or the old one before the next start. To try one: dogwatch plugin check {plugin}.wasm"
                    ),
                    command: "dogwatch plugin list".to_owned(),
                };
                self.raised(key, severity, text)
            }
            Condition::Holds => self.over(key, severity, &summary, "Its file was replaced or removed."),
        }
    }

    /// Heartbeats do not get through.
    pub fn heartbeat(&self, channel: &str, condition: Condition<'_>) -> AlertReport {
        let (key, severity) = (self.part(Cause::Heartbeat, channel), Severity::Warning);
        let summary = format!("heartbeats to {channel} do not get through");
        match condition {
            Condition::Fails(why) => {
                let text = Text {
                    summary,
                    details: format!(
                        "{why}\nThe dead man's switch is about to go off, or is broken itself. Dogwatch keeps watching."
                    ),
                    remedy: "Check that service and the channel's settings.".to_owned(),
                    command: format!("dogwatch alert test --channel {channel}"),
                };
                self.raised(key, severity, text)
            }
            Condition::Holds => self.over(key, severity, &summary, "They get through again."),
        }
    }

    /// The gateway cannot serve.
    pub fn gateway(&self, condition: Condition<'_>) -> AlertReport {
        let (key, severity) = (self.key(Cause::Gateway), Severity::Page);
        let summary = "the gateway cannot serve".to_owned();
        match condition {
            Condition::Fails(why) => {
                let text = Text {
                    summary,
                    details: format!(
                        "{why}\nDogwatch retries every few seconds. Until then the gateway answers no requests. The \
                         watch does not depend on it."
                    ),
                    remedy: "Free its port or fix its certificate: the first line says which.".to_owned(),
                    command: "dogwatch check".to_owned(),
                };
                self.raised(key, severity, text)
            }
            Condition::Holds => self.over(key, severity, &summary, "The gateway is serving."),
        }
    }

    /// The metrics cannot be served.
    pub fn metrics(&self, listen: SocketAddr, condition: Condition<'_>) -> AlertReport {
        let (key, severity) = (self.key(Cause::Metrics), Severity::Warning);
        let summary = format!("metrics cannot be served on {listen}");
        match condition {
            Condition::Fails(why) => {
                let text = Text {
                    summary,
                    details: format!("{why}\nDogwatch retries every few seconds. The watch does not depend on them."),
                    remedy: "Stop the process that uses the port, or give the metrics another port.".to_owned(),
                    command: format!("ss -ltnp 'sport = {}'", listen.port()),
                };
                self.raised(key, severity, text)
            }
            Condition::Holds => self.over(key, severity, &summary, "The metrics are being served."),
        }
    }

    /// The result of a rehearsal, as a report.
    pub fn report(&self, failing: &[&str], lines: &str) -> AlertReport {
        let severity = if failing.is_empty() { Severity::Info } else { Severity::Warning };
        let text = Text {
            summary: self.would_work(failing),
            details: lines.to_owned(),
            remedy: String::new(),
            command: "dogwatch rehearse".to_owned(),
        };
        AlertReport { change: Change::Report, ..self.raised(self.key(Cause::Report), severity, text) }
    }

    /// The same as an alert, open for as long as something would not work.
    pub fn rehearsal(&self, failing: &[&str], lines: &str) -> AlertReport {
        let (key, severity) = (self.key(Cause::Rehearsal), Severity::Warning);
        if failing.is_empty() {
            let summary = format!("{}: something would not work", self.site);
            return self.over(key, severity, &summary, "The rehearsal found nothing wrong.");
        }
        let text = Text {
            summary: self.would_work(failing),
            details: format!("A rehearsal found this. No switch is needed now, but the next one might fail.\n{lines}"),
            remedy: "Fix what fails, then rehearse again.".to_owned(),
            command: "dogwatch rehearse".to_owned(),
        };
        self.raised(key, severity, text)
    }

    fn would_work(&self, failing: &[&str]) -> String {
        match failing {
            [] => format!("{}: everything would work now", self.site),
            [one] => format!("{}: would not work now: {one}", self.site),
            [first, more @ ..] => format!("{}: would not work now: {first}, and {} more", self.site, more.len()),
        }
    }

    /// An alert that one of the operator's programs raises, or calls off if there is no summary.
    pub fn of_the_operator(
        &self,
        name: &str,
        severity: Severity,
        summary: Option<String>,
        details: String,
    ) -> AlertReport {
        let key = self.part(Cause::Raised, name);
        match summary {
            Some(summary) => {
                let text = Text {
                    summary,
                    details,
                    remedy: "One of your own programs raised this alert: look there.".to_owned(),
                    command: "dogwatch alerts".to_owned(),
                };
                self.raised(key, severity, text)
            }
            None => self.over(key, severity, name, "The program that raised it has called it off."),
        }
    }

    /// A message that tests a channel, and its end.
    pub fn test(&self, severity: Severity) -> [AlertReport; 2] {
        let summary = format!("a test of Dogwatch at {}: this channel works", self.site);
        let text = Text {
            summary: summary.clone(),
            details: "Someone ran `dogwatch alert test`. Nothing is wrong.".to_owned(),
            remedy: AlertReport::NOTHING_TO_DO.to_owned(),
            command: String::new(),
        };
        let opened = self.raised(self.key(Cause::Test), severity, text);
        [opened, self.over(self.key(Cause::Test), severity, &summary, "The test is over.")]
    }
}

#[cfg(test)]
mod tests;
