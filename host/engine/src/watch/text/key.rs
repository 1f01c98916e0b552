//! What alerts say of the signing key on chain.

use dogwatch_alerts::{Cause, Notice, Severity};
use dogwatch_chain::Time;

use crate::holder::Holder;
use crate::watch::machine::Watch;

impl Watch {
    pub(in crate::watch) fn no_such_witness(&self) -> Notice {
        Notice {
            command: "dogwatch check".to_owned(),
            ..self.notice(
                Cause::NoSuchWitness,
                Severity::Page,
                format!("{} is not a witness on {}", self.name(), self.config.profile.name),
                "The endpoints agree on that. Dogwatch cannot watch it, and asks again every slot.".to_owned(),
                "Fix the witness's name or its chain in dogwatch.toml, and restart Dogwatch.",
            )
        }
    }

    pub(in crate::watch) fn key_changed(&self, from: &Holder, to: &Holder) -> Notice {
        let key = self.state.key.map_or_else(String::new, |record| self.shown(record.key));
        self.notice(
            Cause::KeyChanged,
            Severity::Info,
            format!("{}: somebody else moved the signing key from {} to {}", self.name(), from.place(), to.place()),
            format!("Another site or an operator set it to {key}. Dogwatch carries on with {}.", to.place()),
            "If that was neither you nor your other site, somebody has your keys: change the account's keys.",
        )
    }

    pub(in crate::watch) fn foreign_key(&self) -> Notice {
        let key = self.state.key.map_or_else(String::new, |record| self.shown(record.key));
        self.notice(
            Cause::ForeignKey,
            Severity::Critical,
            format!("{}: the signing key on chain belongs to no configured node", self.name()),
            format!("It is {key}. Dogwatch assumes that an operator is at work: it keeps watching, and cannot switch."),
            "If this was you, add the node with that key to dogwatch.toml. If not, somebody has your keys: change the \
             account's keys.",
        )
    }

    pub(in crate::watch) fn disabled(&self, now: Time) -> Notice {
        let first = self.config.nodes.first().map(|node| node.name.as_str());
        let node = self.standbys(now).first().copied().or(first).and_then(|name| self.node_index(name));
        let node = node.and_then(|index| self.config.nodes.get(index.0));
        let key = node.map_or_else(
            || "a node that works".to_owned(),
            |node| format!("node {}, {}", node.name, self.shown(node.key)),
        );
        self.notice(
            Cause::Disabled,
            Severity::Critical,
            format!("{} is disabled: its signing key is the null key", self.name()),
            format!(
                "It produces nothing. Dogwatch cannot enable it: nobody can sign with the null key. {}",
                self.ready(now)
            ),
            &format!("Enable it with a wallet and the account's active key: set the signing key to that of {key}."),
        )
    }
}
