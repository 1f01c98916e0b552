//! What alerts say of a switch that was refused.

use dogwatch_alerts::{Cause, Notice};
use dogwatch_chain::Time;

use crate::holder::Holder;
use crate::rails::Refusal;
use crate::time::utc;
use crate::watch::machine::Watch;
use crate::watch::text::line::{headline, sentence};

/// What the policy wants, if its target has a name.
pub(in crate::watch) fn wish(target: Option<&Holder>) -> String {
    target.map_or_else(|| "switch".to_owned(), Holder::wish)
}

impl Watch {
    pub(in crate::watch) fn refusal_notice(
        &self,
        now: Time,
        target: Option<&Holder>,
        refusal: &Refusal,
        reason: &str,
    ) -> Notice {
        let wish = wish(target);
        let wished = match target {
            Some(Holder::Node(name)) => Some(name.as_str()),
            _ => None,
        };
        let since = self.refused_since.get(refusal.code()).copied().unwrap_or(now);
        let words = refusal.to_string();
        let (summary, rest) = headline(&format!("{}: did not {wish}: {words}", self.name()), &words);
        Notice {
            key: self.part_key(Cause::Refused, refusal.code()),
            command: refusal.command(self.name(), self.by_hand(now, wished).as_deref()),
            ..self.notice(
                Cause::Refused,
                refusal.severity(),
                summary,
                format!(
                    "Since {}. {rest}The policy's reason: {}. {} {} {}",
                    utc(since),
                    sentence(reason),
                    refusal.next(),
                    self.ready(now),
                    self.duty()
                ),
                refusal.remedy(),
            )
        }
    }
}
