//! The interfaces that this host knows: a module for each released version, the only places where bindings are named.

mod channel_v0_1;
mod policy_v0_1;

use dogwatch_engine::{Alert, Decision, Situation};
use wasmtime::component::InstancePre;
use wasmtime::{Error, Store};

use crate::channel::{Beat, Envelope, Given};
use crate::http::{Judgement, Progress, Request, Response};
use crate::sandbox::Allotment;
use crate::settings::{Description, Problem, Settings};

/// A kind of plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum World {
    /// It decides when the key moves.
    Policy,
    /// It delivers alerts.
    Channel,
}

impl std::fmt::Display for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Policy => "policy",
            Self::Channel => "channel",
        })
    }
}

/// An interface that plugins can export.
pub(crate) struct Interface {
    pub(crate) world: World,
    /// As it stands in a component's exports.
    pub(crate) name: &'static str,
    pub(crate) bind: fn(InstancePre<Allotment>) -> Result<Abi, Error>,
}

impl Interface {
    /// The version at the end of the name.
    pub(crate) fn version(&self) -> &'static str {
        self.name.rsplit_once('@').map_or("", |(_, version)| version)
    }
}

/// The interfaces that this host knows, by the names under which plugins export them.
pub const KNOWN_INTERFACES: [&str; 2] = [policy_v0_1::NAME, channel_v0_1::NAME];

/// The same, with what speaks them; of one world the newest version first.
pub(crate) const INTERFACES: [Interface; 2] = [
    Interface { world: World::Policy, name: policy_v0_1::NAME, bind: policy_v0_1::bind },
    Interface { world: World::Channel, name: channel_v0_1::NAME, bind: channel_v0_1::bind },
];

pub(crate) fn known_interfaces() -> String {
    KNOWN_INTERFACES.join(" and ")
}

/// A compiled plugin, by what it exports.
pub(crate) enum Abi {
    Policy(Box<dyn PolicyAbi>),
    Channel(Box<dyn ChannelAbi>),
}

/// A store for one call.
pub(crate) type CallStore = Store<Allotment>;

/// A policy of whatever version. The outer error is a trap, the inner one the plugin's own.
pub(crate) trait PolicyAbi: Send + Sync {
    fn instantiate(&self, store: &mut CallStore) -> Result<(), Error>;

    fn describe(&self, store: &mut CallStore) -> Result<Description, Error>;

    fn check(&self, store: &mut CallStore, settings: &Settings) -> Result<Result<(), Vec<Problem>>, Error>;

    fn decide(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        situation: &Situation,
        memory: &[u8],
    ) -> Result<Result<Decision, String>, Error>;
}

/// An alert on its way.
#[derive(Clone, Copy)]
pub(crate) struct Letter<'a> {
    pub(crate) alert: &'a Alert,
    pub(crate) envelope: &'a Envelope,
}

/// A channel of whatever version.
pub(crate) trait ChannelAbi: Send + Sync {
    fn describe(&self, store: &mut CallStore) -> Result<Description, Error>;

    fn check(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        secrets: &[String],
    ) -> Result<Result<(), Vec<Problem>>, Error>;

    fn compose(
        &self,
        store: &mut CallStore,
        given: Given<'_>,
        letter: Letter<'_>,
    ) -> Result<Result<Vec<Request>, String>, Error>;

    fn judge(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        letter: Letter<'_>,
        index: u32,
        response: &Response,
    ) -> Result<Judgement, Error>;

    fn follow(
        &self,
        store: &mut CallStore,
        given: Given<'_>,
        letter: Letter<'_>,
        receipt: &str,
    ) -> Result<Result<Option<Request>, String>, Error>;

    fn judge_follow(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        letter: Letter<'_>,
        receipt: &str,
        response: &Response,
    ) -> Result<Progress, Error>;

    fn self_test(&self, store: &mut CallStore, given: Given<'_>) -> Result<Result<Vec<Request>, String>, Error>;

    fn judge_self_test(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        index: u32,
        response: &Response,
    ) -> Result<Judgement, Error>;

    fn beat(&self, store: &mut CallStore, given: Given<'_>, beat: &Beat)
    -> Result<Result<Vec<Request>, String>, Error>;

    fn judge_beat(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        index: u32,
        response: &Response,
    ) -> Result<Judgement, Error>;
}

/// Translates what every world calls by the same names, in types of its own.
macro_rules! shared_types {
    ($types:path) => {
        use $types as shared;

        fn settings_to(settings: &crate::settings::Settings) -> Vec<shared::Setting> {
            settings
                .0
                .iter()
                .map(|(name, value)| shared::Setting {
                    name: name.clone(),
                    value: match value {
                        crate::settings::Value::Flag(flag) => shared::Value::Flag(*flag),
                        crate::settings::Value::Integer(integer) => shared::Value::Integer(*integer),
                        crate::settings::Value::Text(text) => shared::Value::Text(text.clone()),
                        crate::settings::Value::Texts(texts) => shared::Value::Texts(texts.clone()),
                    },
                })
                .collect()
        }

        fn problems_from(problems: Vec<shared::Problem>) -> Vec<crate::settings::Problem> {
            let problem = |shared::Problem { setting, message }| crate::settings::Problem { setting, message };
            problems.into_iter().map(problem).collect()
        }

        fn docs_from(docs: Vec<shared::SettingDoc>) -> Vec<crate::settings::SettingDoc> {
            let doc =
                |shared::SettingDoc { name, default, about }| crate::settings::SettingDoc { name, default, about };
            docs.into_iter().map(doc).collect()
        }
    };
}
pub(crate) use shared_types;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lists_are_the_same() {
        assert_eq!(INTERFACES.map(|interface| interface.name), KNOWN_INTERFACES);
        assert_eq!(INTERFACES.map(|interface| interface.version()), ["0.1.0", "0.1.0"]);
    }
}
