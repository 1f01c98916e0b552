//! What a script expects of the decisions of a stretch of the night.

use serde::Deserialize;

use crate::script::moment::Moment;
use crate::script::record::{DecisionMade, Wish};
use crate::script::report::Verdict;

/// An `[[expect]]` table.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Expectation {
    /// From when on; from the beginning.
    pub(super) from: Option<Moment>,
    /// Until before when; to the end.
    pub(super) until: Option<Moment>,
    action: Option<ExpectedAction>,
    /// The node that the switch goes to.
    to: Option<String>,
    /// A part of the reason.
    reason: Option<String>,
    /// The id of an alert that a decision carries.
    alert: Option<String>,
    /// The node whose key is on chain at the end.
    holder: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ExpectedAction {
    Stay,
    Switch,
    Disable,
}

/// An expectation, over slots.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    from: u64,
    until: u64,
    what: Expectation,
}

impl Expectation {
    /// The same over these slots, if it says anything that can be.
    pub(super) fn over(&self, from: u64, until: u64) -> Result<Expected, &'static str> {
        let Self { action, to, reason, alert, holder, .. } = self;
        if from >= until {
            return Err("`from` must be before `until`");
        }
        if to.is_some() && *action != Some(ExpectedAction::Switch) {
            return Err("`to` goes with action = \"switch\"");
        }
        if action.is_none() && reason.is_none() && alert.is_none() && holder.is_none() {
            return Err("it expects nothing: add `action`, `reason`, `alert` or `holder`");
        }
        Ok(Expected { from, until, what: self.clone() })
    }
}

impl Expected {
    /// Whether the decisions are as expected.
    pub(super) fn judge(&self, decisions: &[DecisionMade]) -> Verdict {
        let within: Vec<&DecisionMade> =
            decisions.iter().filter(|made| (self.from..self.until).contains(&made.slot)).collect();
        let wrong = if within.is_empty() {
            Some("it was not asked then".to_owned())
        } else {
            self.acts_otherwise(&within).or_else(|| self.lacks(&within))
        };
        Verdict::new(self.to_string(), wrong, &within)
    }

    /// What it did, if that is not the expected action for the expected reason.
    fn acts_otherwise(&self, within: &[&DecisionMade]) -> Option<String> {
        let acts = |made: &&&DecisionMade| made.wish != Wish::Stay;
        let first = within.iter().find(acts).copied();
        let decisive = match (self.what.action, first) {
            (None, _) => return self.gives_no_reason(within),
            (Some(ExpectedAction::Stay), None) => return self.gives_no_reason(within),
            (Some(_), None) => return Some("it stayed all the time".to_owned()),
            (Some(ExpectedAction::Stay), Some(made)) => return Some(made.in_words()),
            (Some(_), Some(made)) => made,
        };
        let fits = match (self.what.action, &decisive.wish) {
            (Some(ExpectedAction::Disable), Wish::Disable) => true,
            (Some(ExpectedAction::Switch), Wish::Switch(node)) => self.what.to.as_ref().is_none_or(|to| to == node),
            _ => false,
        };
        if fits { self.gives_no_reason(&[decisive]) } else { Some(decisive.in_words()) }
    }

    fn gives_no_reason(&self, decisive: &[&DecisionMade]) -> Option<String> {
        let reason = self.what.reason.as_ref()?;
        let given = |made: &&DecisionMade| made.reason.contains(reason);
        if decisive.iter().any(given) { None } else { Some(decisive.last()?.in_words()) }
    }

    fn lacks(&self, within: &[&DecisionMade]) -> Option<String> {
        let Expectation { alert, holder, .. } = &self.what;
        if let Some(id) = alert
            && !within.iter().any(|made| made.alerts.contains(id))
        {
            return Some("no decision carries it".to_owned());
        }
        let last = within.last()?;
        match holder {
            Some(node) if last.holder.as_ref() != Some(node) => {
                Some(format!("the key is {}", last.holder.as_ref().map_or("no node's", String::as_str)))
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Expectation { action, to, reason, alert, holder, .. } = &self.what;
        write!(f, "slots {} to {}:", self.from, self.until)?;
        match (action, to) {
            (None, _) => {}
            (Some(ExpectedAction::Stay), _) => f.write_str(" it stays")?,
            (Some(ExpectedAction::Disable), _) => f.write_str(" it disables the witness")?,
            (Some(ExpectedAction::Switch), None) => f.write_str(" it switches")?,
            (Some(ExpectedAction::Switch), Some(node)) => write!(f, " it switches to {node}")?,
        }
        if let Some(reason) = reason {
            write!(f, " because \"{reason}\"")?;
        }
        if let Some(id) = alert {
            write!(f, " with the alert {id}")?;
        }
        if let Some(node) = holder {
            write!(f, " and {node} holds the key at the end")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(slot: u64, wish: Wish, reason: &str) -> DecisionMade {
        let holder = Some("primary".to_owned());
        DecisionMade {
            slot,
            time: "now".to_owned(),
            holder,
            wish,
            reason: reason.to_owned(),
            alerts: vec!["low".to_owned()],
        }
    }

    /// What is wrong with three decisions: it stays in slot 1, switches to second in 5, and stays in 9.
    fn wrong(expectation: &str) -> Option<String> {
        let expectation: Expectation = toml::from_str(expectation).unwrap();
        let slot = |moment: &Option<Moment>, default| moment.as_ref().map_or(default, |m| m.slot(Default::default()));
        let (from, until) = (slot(&expectation.from, 0), slot(&expectation.until, 100));
        let decisions = [
            made(1, Wish::Stay, "all is well"),
            made(5, Wish::Switch("second".to_owned()), "primary is gone"),
            made(9, Wish::Stay, "second has the key"),
        ];
        expectation.over(from, until).unwrap().judge(&decisions).wrong
    }

    #[test]
    fn what_is_as_expected_is_right() {
        for right in [
            "until = 5\naction = 'stay'",
            "action = 'switch'",
            "action = 'switch'\nto = 'second'\nreason = 'gone'",
            "from = 6\naction = 'stay'\nreason = 'has the key'\nholder = 'primary'",
            "alert = 'low'",
            "reason = 'well'",
        ] {
            assert_eq!(wrong(right), None, "{right}");
        }
    }

    #[test]
    fn what_is_not_is_told() {
        for (expectation, told) in [
            ("action = 'stay'", "it switched to second in slot 5"),
            ("action = 'switch'\nto = 'third'", "it switched to second"),
            ("action = 'disable'", "it switched to second"),
            ("action = 'switch'\nreason = 'two misses'", "primary is gone"),
            ("from = 6\naction = 'switch'", "it stayed all the time"),
            ("from = 20\naction = 'stay'", "it was not asked then"),
            ("alert = 'high'", "no decision carries it"),
            ("holder = 'second'", "the key is primary"),
            ("until = 5\naction = 'stay'\nreason = 'gone'", "all is well"),
        ] {
            let wrong = wrong(expectation).unwrap();
            assert!(wrong.contains(told), "{expectation}: {wrong}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for expectation in ["", "action = 'stay'\nto = 'second'", "from = 5\nuntil = 5\naction = 'stay'"] {
            let expectation: Expectation = toml::from_str(expectation).unwrap();
            let slot = |moment: &Option<Moment>| moment.as_ref().map_or(0, |m| m.slot(Default::default()));
            let until = expectation.until.as_ref().map_or(9, |_| slot(&expectation.until));
            assert!(expectation.over(slot(&expectation.from), until).is_err());
        }
    }
}
