//! Turns implementations of the traits into a plugin's exports.

use std::marker::PhantomData;

use crate::bindings::channel_v0_1::dogwatch::channel::types as channel_types;
use crate::bindings::channel_v0_1::exports::dogwatch::channel::channel::Guest as ChannelGuest;
use crate::bindings::migration_v0_1::exports::dogwatch::migration::migration::Guest as MigrationGuest;
use crate::bindings::policy_v0_2::dogwatch::policy::types as policy_types;
use crate::bindings::policy_v0_2::exports::dogwatch::policy::policy::Guest as PolicyGuest;
use crate::channel::Channel;
use crate::panic;
use crate::policy::Policy;
use crate::settings::problem::Problem;
use crate::settings::reader::{Reader, SettingDoc};
use crate::settings::value::{Settings, Value};

/// Exports a type that implements [`Policy`] as the crate's policy.
///
/// In the sandbox it also brings the allocator: an instance lives for one call, so that memory is handed out from front to
/// back, and nothing but the last piece is used again.
#[macro_export]
macro_rules! export_policy {
    ($policy:ty) => {
        const _: () = {
            #[allow(dead_code, reason = "exported only in the sandbox")]
            type Exported = $crate::__private::ExportedPolicy<$policy>;
            #[cfg(target_family = "wasm")]
            $crate::__private::policy_v0_2::export_policy_v0_2!(
                Exported with_types_in $crate::__private::policy_v0_2
            );
            #[cfg(target_family = "wasm")]
            $crate::__private::migration_v0_1::export_migration_v0_1!(
                Exported with_types_in $crate::__private::migration_v0_1
            );
            #[cfg(target_family = "wasm")]
            #[global_allocator]
            static ALLOCATOR: $crate::__private::OneCall = $crate::__private::OneCall::new();
        };
    };
}

/// Exports a type that implements [`Channel`] as the crate's channel.
#[macro_export]
macro_rules! export_channel {
    ($channel:ty) => {
        const _: () = {
            #[allow(dead_code, reason = "exported only in the sandbox")]
            type Exported = $crate::__private::ExportedChannel<$channel>;
            #[cfg(target_family = "wasm")]
            $crate::__private::channel_v0_1::export_channel_v0_1!(
                Exported with_types_in $crate::__private::channel_v0_1
            );
        };
    };
}

/// A policy, as the host sees it.
#[derive(Debug)]
pub struct ExportedPolicy<P>(PhantomData<P>);

/// A channel, as the host sees it.
#[derive(Debug)]
pub struct ExportedChannel<C>(PhantomData<C>);

/// Translates the types that both worlds share. Each world has its own bindings for them.
macro_rules! shared_types {
    ($types:ident) => {
        impl From<$types::Setting> for (String, Value) {
            fn from(setting: $types::Setting) -> Self {
                let value = match setting.value {
                    $types::Value::Flag(flag) => Value::Flag(flag),
                    $types::Value::Integer(integer) => Value::Integer(integer),
                    $types::Value::Text(text) => Value::Text(text),
                    $types::Value::Texts(texts) => Value::Texts(texts),
                };
                (setting.name, value)
            }
        }

        impl From<Problem> for $types::Problem {
            fn from(problem: Problem) -> Self {
                Self { setting: problem.setting, message: problem.message }
            }
        }

        impl From<SettingDoc> for $types::SettingDoc {
            fn from(doc: SettingDoc) -> Self {
                Self { name: doc.name, default: doc.default, about: doc.about }
            }
        }
    };
}
shared_types!(policy_types);
shared_types!(channel_types);

fn all<A, B: From<A>>(list: Vec<A>) -> Vec<B> {
    list.into_iter().map(B::from).collect()
}

pub(crate) fn joined(problems: &[Problem]) -> String {
    let texts: Vec<_> = problems.iter().map(Problem::to_string).collect();
    texts.join("; ")
}

impl<P: Policy> PolicyGuest for ExportedPolicy<P> {
    fn describe() -> policy_types::Description {
        panic::tell();
        let settings = Settings::default();
        let mut read = Reader::documenting(&settings);
        P::configure(&mut read);
        policy_types::Description {
            name: P::NAME.to_owned(),
            version: P::VERSION.to_owned(),
            about: P::ABOUT.to_owned(),
            settings: all(read.into_docs().settings),
        }
    }

    fn check(settings: Vec<policy_types::Setting>) -> Result<(), Vec<policy_types::Problem>> {
        panic::tell();
        policy_config::<P>(&Settings::from_pairs(all(settings))).map(|_| ()).map_err(all)
    }

    fn decide(
        settings: Vec<policy_types::Setting>,
        situation: policy_types::Situation,
        memory: Vec<u8>,
    ) -> Result<policy_types::Decision, String> {
        panic::tell();
        let config = policy_config::<P>(&Settings::from_pairs(all(settings))).map_err(|problems| joined(&problems))?;
        P::decide(&config, &situation, &memory)
    }
}

impl<P: Policy> MigrationGuest for ExportedPolicy<P> {
    fn migrate(memory: Vec<u8>) -> Result<Vec<u8>, String> {
        panic::tell();
        P::migrate(&memory)
    }
}

/// The policy's configuration, or every problem with the settings.
pub(crate) fn policy_config<P: Policy>(settings: &Settings) -> Result<P::Config, Vec<Problem>> {
    let mut read = Reader::new(settings, &[]);
    let config = P::configure(&mut read);
    read.finish().map(|()| config)
}

impl<C: Channel> ChannelGuest for ExportedChannel<C> {
    fn describe() -> channel_types::Description {
        panic::tell();
        let settings = Settings::default();
        let mut read = Reader::documenting(&settings);
        C::configure(&mut read);
        let docs = read.into_docs();
        channel_types::Description {
            name: C::NAME.to_owned(),
            version: C::VERSION.to_owned(),
            about: C::ABOUT.to_owned(),
            roles: C::ROLES,
            settings: all(docs.settings),
            secrets: all(docs.secrets),
        }
    }

    fn check(settings: Vec<channel_types::Setting>, secrets: Vec<String>) -> Result<(), Vec<channel_types::Problem>> {
        panic::tell();
        channel_config::<C>(&Settings::from_pairs(all(settings)), &secrets).map(|_| ()).map_err(all)
    }

    fn compose(
        settings: Vec<channel_types::Setting>,
        secrets: Vec<String>,
        memory: String,
        alert: channel_types::Alert,
    ) -> Result<Vec<channel_types::Request>, String> {
        panic::tell();
        C::compose(&configured::<C>(settings, &secrets)?, &memory, &alert)
    }

    fn judge(
        settings: Vec<channel_types::Setting>,
        alert: channel_types::Alert,
        index: u32,
        response: channel_types::Response,
    ) -> channel_types::Judgement {
        panic::tell();
        C::judge(&Settings::from_pairs(all(settings)), &alert, index, &response)
    }

    fn follow(
        settings: Vec<channel_types::Setting>,
        secrets: Vec<String>,
        alert: channel_types::Alert,
        receipt: String,
    ) -> Result<Option<channel_types::Request>, String> {
        panic::tell();
        C::follow(&configured::<C>(settings, &secrets)?, &alert, &receipt)
    }

    fn judge_follow(
        settings: Vec<channel_types::Setting>,
        alert: channel_types::Alert,
        receipt: String,
        response: channel_types::Response,
    ) -> channel_types::Progress {
        panic::tell();
        C::judge_follow(&Settings::from_pairs(all(settings)), &alert, &receipt, &response)
    }

    fn self_test(
        settings: Vec<channel_types::Setting>,
        secrets: Vec<String>,
        memory: String,
    ) -> Result<Vec<channel_types::Request>, String> {
        panic::tell();
        C::self_test(&configured::<C>(settings, &secrets)?, &memory)
    }

    fn judge_self_test(
        settings: Vec<channel_types::Setting>,
        index: u32,
        response: channel_types::Response,
    ) -> channel_types::Judgement {
        panic::tell();
        C::judge_self_test(&Settings::from_pairs(all(settings)), index, &response)
    }

    fn beat(
        settings: Vec<channel_types::Setting>,
        secrets: Vec<String>,
        heartbeat: channel_types::Heartbeat,
    ) -> Result<Vec<channel_types::Request>, String> {
        panic::tell();
        C::beat(&configured::<C>(settings, &secrets)?, &heartbeat)
    }

    fn judge_beat(
        settings: Vec<channel_types::Setting>,
        index: u32,
        response: channel_types::Response,
    ) -> channel_types::Judgement {
        panic::tell();
        C::judge_beat(&Settings::from_pairs(all(settings)), index, &response)
    }
}

fn configured<C: Channel>(settings: Vec<channel_types::Setting>, secrets: &[String]) -> Result<C::Config, String> {
    channel_config::<C>(&Settings::from_pairs(all(settings)), secrets).map_err(|problems| joined(&problems))
}

/// The channel's configuration, or every problem with the settings and secrets.
pub(crate) fn channel_config<C: Channel>(settings: &Settings, secrets: &[String]) -> Result<C::Config, Vec<Problem>> {
    let mut read = Reader::new(settings, secrets);
    let config = C::configure(&mut read);
    read.finish().map(|()| config)
}
