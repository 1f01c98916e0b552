//! What alerts say of the policy, and the policy's own alerts.

use dogwatch_alerts::{Cause, Notice, Severity};

use crate::decision::PolicyAlert;
use crate::failure::PolicyFailure;
use crate::watch::machine::Watch;
use crate::watch::text::line::{headline, sentence};

impl Watch {
    pub(in crate::watch) fn policy_failed(&self, why: &PolicyFailure) -> Notice {
        Notice {
            command: "dogwatch check".to_owned(),
            ..self.notice(
                Cause::PolicyFailed,
                Severity::Page,
                format!("{}: the failover policy fails, so Dogwatch does not switch", self.name()),
                format!(
                    "It said: {}. Until it works, Dogwatch watches and alerts, but does not switch automatically. {}",
                    sentence(why.as_str()),
                    self.duty()
                ),
                "Fix the policy's settings in dogwatch.toml, or replace its plugin. If blocks are missed meanwhile, switch \
                 by hand.",
            )
        }
    }

    pub(in crate::watch) fn policy_replaced(&self, why: &PolicyFailure, by: &str) -> Notice {
        Notice {
            command: "dogwatch check".to_owned(),
            ..self.notice(
                Cause::PolicyFailed,
                Severity::Critical,
                format!("{}: the failover policy fails; policy {by} decides in its place", self.name()),
                format!(
                    "It said: {}. Until it works, the fallback policy {by} decides, and the rails hold as before. {}",
                    sentence(why.as_str()),
                    self.duty()
                ),
                "Fix the policy's settings in dogwatch.toml, or replace its plugin.",
            )
        }
    }

    pub(in crate::watch) fn policy_alert(&self, alert: &PolicyAlert, reason: &str) -> Notice {
        let (name, words) = (self.name(), &alert.summary);
        let named = words
            .split(|c: char| !(c.is_alphanumeric() || "-.".contains(c)))
            .any(|word| word.trim_matches('.') == name);
        let text = if named { words.clone() } else { format!("{name}: {words}") };
        let (summary, rest) = headline(&text, words);
        let details =
            format!("{rest}The failover policy raised this alert. Its reason: {}. {}", sentence(reason), self.duty());
        Notice {
            key: self.part_key(Cause::Policy, &alert.id),
            ..self.notice(Cause::Policy, alert.severity, summary, details, "Check the nodes.")
        }
    }
}
