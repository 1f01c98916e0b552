//! Channels, version 0.1.

use dogwatch_engine as engine;
use wasmtime::Error;
use wasmtime::component::InstancePre;

use super::{Abi, CallStore, ChannelAbi, Letter, shared_types};
use crate::channel::{Beat, Given};
use crate::http::{Judgement, Progress, Pulse, Request, Response};
use crate::limits::{DETAILS, SUMMARY};
use crate::sandbox::Allotment;
use crate::settings::{Description, Problem, Roles, Settings};
use crate::text::shorten;
use bindings::dogwatch::channel::types;
use translate::{judgement_from, progress_from, request_from, requests_from, response_to};

#[allow(missing_docs, missing_debug_implementations, unreachable_pub, unused_qualifications, reason = "generated")]
#[allow(clippy::all, clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::use_self, reason = "generated")]
#[allow(clippy::needless_pass_by_value, clippy::uninlined_format_args, clippy::unwrap_used, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit/channel/v0.1", world: "channel-plugin" });
}

mod translate;

shared_types!(bindings::dogwatch::channel::types);

pub(super) const NAME: &str = "dogwatch:channel/channel@0.1.0";

pub(super) fn bind(pre: InstancePre<Allotment>) -> Result<Abi, Error> {
    Ok(Abi::Channel(Box::new(Channel(bindings::ChannelPluginPre::new(pre)?))))
}

struct Channel(bindings::ChannelPluginPre<Allotment>);

impl ChannelAbi for Channel {
    fn describe(&self, store: &mut CallStore) -> Result<Description, Error> {
        let instance = self.0.instantiate(&mut *store)?;
        let types::Description { name, version, about, roles, settings, secrets } =
            instance.dogwatch_channel_channel().call_describe(store)?;
        let has = |role| roles.contains(role);
        Ok(Description {
            name,
            version,
            about,
            settings: docs_from(settings),
            roles: Roles { alerts: has(types::Role::ALERTS), heartbeats: has(types::Role::HEARTBEATS) },
            secrets: docs_from(secrets),
        })
    }

    fn check(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        secrets: &[String],
    ) -> Result<Result<(), Vec<Problem>>, Error> {
        let instance = self.0.instantiate(&mut *store)?;
        let checked = instance.dogwatch_channel_channel().call_check(store, &settings_to(settings), secrets)?;
        Ok(checked.map_err(problems_from))
    }

    fn compose(
        &self,
        store: &mut CallStore,
        given: Given<'_>,
        letter: Letter<'_>,
    ) -> Result<Result<Vec<Request>, String>, Error> {
        let instance = self.0.instantiate(&mut *store)?;
        let composed = instance.dogwatch_channel_channel().call_compose(
            store,
            &settings_to(given.settings),
            given.secrets,
            given.memory,
            &alert_to(letter),
        )?;
        Ok(composed.map(requests_from))
    }

    fn judge(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        letter: Letter<'_>,
        index: u32,
        response: &Response,
    ) -> Result<Judgement, Error> {
        let instance = self.0.instantiate(&mut *store)?;
        let judged = instance.dogwatch_channel_channel().call_judge(
            store,
            &settings_to(settings),
            &alert_to(letter),
            index,
            &response_to(response),
        )?;
        Ok(judgement_from(judged))
    }

    fn follow(
        &self,
        store: &mut CallStore,
        given: Given<'_>,
        letter: Letter<'_>,
        receipt: &str,
    ) -> Result<Result<Option<Request>, String>, Error> {
        let instance = self.0.instantiate(&mut *store)?;
        let asked = instance.dogwatch_channel_channel().call_follow(
            store,
            &settings_to(given.settings),
            given.secrets,
            &alert_to(letter),
            receipt,
        )?;
        Ok(asked.map(|request| request.map(request_from)))
    }

    fn judge_follow(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        letter: Letter<'_>,
        receipt: &str,
        response: &Response,
    ) -> Result<Progress, Error> {
        let instance = self.0.instantiate(&mut *store)?;
        let judged = instance.dogwatch_channel_channel().call_judge_follow(
            store,
            &settings_to(settings),
            &alert_to(letter),
            receipt,
            &response_to(response),
        )?;
        Ok(progress_from(judged))
    }

    fn self_test(&self, store: &mut CallStore, given: Given<'_>) -> Result<Result<Vec<Request>, String>, Error> {
        let instance = self.0.instantiate(&mut *store)?;
        let composed = instance.dogwatch_channel_channel().call_self_test(
            store,
            &settings_to(given.settings),
            given.secrets,
            given.memory,
        )?;
        Ok(composed.map(requests_from))
    }

    fn judge_self_test(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        index: u32,
        response: &Response,
    ) -> Result<Judgement, Error> {
        let instance = self.0.instantiate(&mut *store)?;
        let judged = instance.dogwatch_channel_channel().call_judge_self_test(
            store,
            &settings_to(settings),
            index,
            &response_to(response),
        )?;
        Ok(judgement_from(judged))
    }

    fn beat(
        &self,
        store: &mut CallStore,
        given: Given<'_>,
        beat: &Beat,
    ) -> Result<Result<Vec<Request>, String>, Error> {
        let instance = self.0.instantiate(&mut *store)?;
        let composed = instance.dogwatch_channel_channel().call_beat(
            store,
            &settings_to(given.settings),
            given.secrets,
            &beat_to(beat),
        )?;
        Ok(composed.map(requests_from))
    }

    fn judge_beat(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        index: u32,
        response: &Response,
    ) -> Result<Judgement, Error> {
        let instance = self.0.instantiate(&mut *store)?;
        let judged = instance.dogwatch_channel_channel().call_judge_beat(
            store,
            &settings_to(settings),
            index,
            &response_to(response),
        )?;
        Ok(judgement_from(judged))
    }
}

fn alert_to(Letter { alert, envelope }: Letter<'_>) -> types::Alert {
    types::Alert {
        key: alert.key.0.clone(),
        message_id: envelope.message_id.clone(),
        event: match alert.event {
            engine::AlertEvent::Opened => types::Event::Opened,
            engine::AlertEvent::Updated => types::Event::Updated,
            engine::AlertEvent::Escalated => types::Event::Escalated,
            engine::AlertEvent::Acknowledged => types::Event::Acknowledged,
            engine::AlertEvent::Report => types::Event::Report,
            engine::AlertEvent::Resolved => types::Event::Resolved,
        },
        severity: match alert.severity {
            engine::Severity::Info => types::Severity::Info,
            engine::Severity::Warning => types::Severity::Warning,
            engine::Severity::Critical => types::Severity::Critical,
            engine::Severity::Page => types::Severity::Page,
        },
        subject: alert.subject.to_string(),
        cause: alert.key.cause().to_owned(),
        site: envelope.site.clone(),
        chain: alert.chain.clone(),
        witness: envelope.witness.clone(),
        // Whatever nodes and programs said: no service takes more, and a channel that reads it all runs out of fuel.
        summary: shorten(&alert.summary, SUMMARY),
        details: shorten(&alert.details, DETAILS),
        remedy: shorten(&alert.remedy, SUMMARY),
        command: shorten(&alert.command, SUMMARY),
        acknowledged_by: alert.acknowledged_by.clone(),
        opened_at: alert.opened_at.as_millis(),
        at: alert.at.as_millis(),
    }
}

fn beat_to(beat: &Beat) -> types::Heartbeat {
    types::Heartbeat {
        pulse: match &beat.pulse {
            Pulse::Started => types::Pulse::Started,
            Pulse::Well => types::Pulse::Well,
            Pulse::Failing(why) => types::Pulse::Failing(why.clone()),
        },
        site: beat.site.clone(),
        at: beat.at.as_millis(),
    }
}
