//! Channels, version 0.1.

use dogwatch_alerts::{AlertEvent, Severity};
use wasmtime::Error;
use wasmtime::component::InstancePre;

use super::call::{CallStore, PluginAnswer};
use super::channel::ChannelAbi;
use super::shared_types::shared_types;
use crate::delivery::heartbeat::{HeartbeatMessage, HeartbeatStatus};
use crate::delivery::message::{AlertMessage, ChannelContext};
use crate::delivery::request::ChannelRequest;
use crate::delivery::response::{ChannelResponse, Judgement, Progress};
use crate::description::{Description, Roles};
use crate::limits::{DETAILS, SUMMARY};
use crate::message::PluginMessage;
use crate::sandbox::limiter::StoreLimiter;
use crate::settings::{SettingProblem, Settings};
use crate::text::truncate;
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

pub(super) fn bind(pre: InstancePre<StoreLimiter>) -> Result<Box<dyn ChannelAbi>, Error> {
    Ok(Box::new(ChannelV01(bindings::ChannelPluginPre::new(pre)?)))
}

struct ChannelV01(bindings::ChannelPluginPre<StoreLimiter>);

impl ChannelAbi for ChannelV01 {
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
    ) -> Result<Result<(), Vec<SettingProblem>>, Error> {
        let instance = self.0.instantiate(&mut *store)?;
        let checked = instance.dogwatch_channel_channel().call_check(store, &settings_to(settings), secrets)?;
        Ok(checked.map_err(problems_from))
    }

    fn compose(
        &self,
        store: &mut CallStore,
        context: ChannelContext<'_>,
        message: AlertMessage<'_>,
    ) -> PluginAnswer<Vec<ChannelRequest>> {
        let instance = self.0.instantiate(&mut *store)?;
        let composed = instance.dogwatch_channel_channel().call_compose(
            store,
            &settings_to(context.settings),
            context.secrets,
            context.memory,
            &alert_to(message),
        )?;
        Ok(answer(composed, requests_from))
    }

    fn judge(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        message: AlertMessage<'_>,
        index: u32,
        response: &ChannelResponse,
    ) -> Result<Judgement, Error> {
        let instance = self.0.instantiate(&mut *store)?;
        let judged = instance.dogwatch_channel_channel().call_judge(
            store,
            &settings_to(settings),
            &alert_to(message),
            index,
            &response_to(response),
        )?;
        Ok(judgement_from(judged))
    }

    fn follow(
        &self,
        store: &mut CallStore,
        context: ChannelContext<'_>,
        message: AlertMessage<'_>,
        receipt: &str,
    ) -> PluginAnswer<Option<ChannelRequest>> {
        let instance = self.0.instantiate(&mut *store)?;
        let asked = instance.dogwatch_channel_channel().call_follow(
            store,
            &settings_to(context.settings),
            context.secrets,
            &alert_to(message),
            receipt,
        )?;
        Ok(answer(asked, |request| request.map(request_from)))
    }

    fn judge_follow(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        message: AlertMessage<'_>,
        receipt: &str,
        response: &ChannelResponse,
    ) -> Result<Progress, Error> {
        let instance = self.0.instantiate(&mut *store)?;
        let judged = instance.dogwatch_channel_channel().call_judge_follow(
            store,
            &settings_to(settings),
            &alert_to(message),
            receipt,
            &response_to(response),
        )?;
        Ok(progress_from(judged))
    }

    fn self_test(&self, store: &mut CallStore, context: ChannelContext<'_>) -> PluginAnswer<Vec<ChannelRequest>> {
        let instance = self.0.instantiate(&mut *store)?;
        let composed = instance.dogwatch_channel_channel().call_self_test(
            store,
            &settings_to(context.settings),
            context.secrets,
            context.memory,
        )?;
        Ok(answer(composed, requests_from))
    }

    fn judge_self_test(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        index: u32,
        response: &ChannelResponse,
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

    fn heartbeat(
        &self,
        store: &mut CallStore,
        context: ChannelContext<'_>,
        heartbeat: &HeartbeatMessage,
    ) -> PluginAnswer<Vec<ChannelRequest>> {
        let instance = self.0.instantiate(&mut *store)?;
        let composed = instance.dogwatch_channel_channel().call_beat(
            store,
            &settings_to(context.settings),
            context.secrets,
            &heartbeat_to(heartbeat),
        )?;
        Ok(answer(composed, requests_from))
    }

    fn judge_heartbeat(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        index: u32,
        response: &ChannelResponse,
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

/// The answer in the host's types.
fn answer<T, U>(answer: Result<T, String>, translate: impl FnOnce(T) -> U) -> Result<U, PluginMessage> {
    answer.map(translate).map_err(|text| PluginMessage::new(&text))
}

fn alert_to(AlertMessage { alert, metadata }: AlertMessage<'_>) -> types::Alert {
    types::Alert {
        key: alert.key.to_string(),
        message_id: metadata.message_id.clone(),
        event: match alert.event {
            AlertEvent::Opened => types::Event::Opened,
            AlertEvent::Updated => types::Event::Updated,
            AlertEvent::Escalated => types::Event::Escalated,
            AlertEvent::Acknowledged => types::Event::Acknowledged,
            AlertEvent::Report => types::Event::Report,
            AlertEvent::Resolved => types::Event::Resolved,
        },
        severity: match alert.severity {
            Severity::Info => types::Severity::Info,
            Severity::Warning => types::Severity::Warning,
            Severity::Critical => types::Severity::Critical,
            Severity::Page => types::Severity::Page,
        },
        subject: alert.subject.to_string(),
        cause: alert.key.cause.name().to_owned(),
        site: metadata.site.clone(),
        chain: alert.key.chain().to_owned(),
        witness: alert.key.witness().to_owned(),
        // These quote nodes and programs: no service takes more, and reading it all would use up the channel's fuel.
        summary: truncate(&alert.headline(), SUMMARY),
        details: truncate(&alert.details, DETAILS),
        remedy: truncate(&alert.remedy, SUMMARY),
        command: truncate(&alert.command, SUMMARY),
        acknowledged_by: alert.acknowledged_by.clone(),
        opened_at: alert.opened_at.as_millis(),
        at: alert.at.as_millis(),
    }
}

fn heartbeat_to(heartbeat: &HeartbeatMessage) -> types::Heartbeat {
    types::Heartbeat {
        pulse: match &heartbeat.status {
            HeartbeatStatus::Started => types::Pulse::Started,
            HeartbeatStatus::Healthy => types::Pulse::Well,
            HeartbeatStatus::Failing(why) => types::Pulse::Failing(why.clone()),
        },
        site: heartbeat.site.clone(),
        at: heartbeat.at.as_millis(),
    }
}
