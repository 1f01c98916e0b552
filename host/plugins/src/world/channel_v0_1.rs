//! Channels, version 0.1.

use std::time::Duration;

use dogwatch_engine as engine;
use wasmtime::Error;
use wasmtime::component::InstancePre;

use super::{Abi, CallStore, ChannelAbi, Letter, shared_types};
use crate::http::{Encoding, Header, Judgement, Method, Part, Request, Response};
use crate::sandbox::Allotment;
use crate::settings::{Description, Problem, Settings};
use bindings::dogwatch::channel::types;

#[allow(missing_docs, missing_debug_implementations, unreachable_pub, unused_qualifications, reason = "generated")]
#[allow(clippy::all, clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::use_self, reason = "generated")]
#[allow(clippy::needless_pass_by_value, clippy::uninlined_format_args, clippy::unwrap_used, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit/channel/v0.1", world: "channel-plugin" });
}

shared_types!(bindings::dogwatch::channel::types);

pub(super) const NAME: &str = "dogwatch:channel/channel@0.1.0";

pub(super) fn bind(pre: InstancePre<Allotment>) -> Result<Abi, Error> {
    Ok(Abi::Channel(Box::new(Channel(bindings::ChannelPluginPre::new(pre)?))))
}

struct Channel(bindings::ChannelPluginPre<Allotment>);

impl ChannelAbi for Channel {
    fn describe(&self, store: &mut CallStore) -> Result<Description, Error> {
        let instance = self.0.instantiate(&mut *store)?;
        let types::Description { name, version, about, settings, secrets } =
            instance.dogwatch_channel_channel().call_describe(store)?;
        Ok(Description { name, version, about, settings: docs_from(settings), secrets: docs_from(secrets) })
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
        settings: &Settings,
        secrets: &[String],
        letter: Letter<'_>,
    ) -> Result<Result<Vec<Request>, String>, Error> {
        let instance = self.0.instantiate(&mut *store)?;
        let composed = instance.dogwatch_channel_channel().call_compose(
            store,
            &settings_to(settings),
            secrets,
            &alert_to(letter),
        )?;
        Ok(composed.map(|requests| requests.into_iter().map(request_from).collect()))
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
}

fn alert_to(Letter { alert, envelope }: Letter<'_>) -> types::Alert {
    types::Alert {
        key: alert.key.0.clone(),
        message_id: envelope.message_id.clone(),
        event: match alert.event {
            engine::AlertEvent::Opened => types::Event::Opened,
            engine::AlertEvent::Updated => types::Event::Updated,
            engine::AlertEvent::Resolved => types::Event::Resolved,
        },
        severity: match alert.severity {
            engine::Severity::Info => types::Severity::Info,
            engine::Severity::Warning => types::Severity::Warning,
            engine::Severity::Critical => types::Severity::Critical,
            engine::Severity::Page => types::Severity::Page,
        },
        subject: alert.subject.to_string(),
        site: envelope.site.clone(),
        chain: alert.chain.clone(),
        witness: envelope.witness.clone(),
        summary: alert.summary.clone(),
        details: alert.details.clone(),
        remedy: alert.remedy.clone(),
        opened_at: alert.opened_at.as_millis(),
        at: alert.at.as_millis(),
    }
}

fn response_to(response: &Response) -> types::Response {
    let header = |(name, value): &(String, String)| types::ResponseHeader { name: name.clone(), value: value.clone() };
    types::Response {
        status: response.status,
        headers: response.headers.iter().map(header).collect(),
        body: response.body.clone(),
    }
}

fn request_from(request: types::Request) -> Request {
    Request {
        method: match request.method {
            types::Method::Get => Method::Get,
            types::Method::Post => Method::Post,
            types::Method::Put => Method::Put,
            types::Method::Delete => Method::Delete,
        },
        url: parts_from(request.url),
        headers: request
            .headers
            .into_iter()
            .map(|types::Header { name, value }| Header { name, value: parts_from(value) })
            .collect(),
        body: parts_from(request.body),
    }
}

fn parts_from(parts: Vec<types::Part>) -> Vec<Part> {
    let part = |part| match part {
        types::Part::Text(text) => Part::Text(text),
        types::Part::Secret(types::Secret { name, encoding }) => Part::Secret {
            name,
            encoding: match encoding {
                types::Encoding::Plain => Encoding::Plain,
                types::Encoding::Json => Encoding::Json,
                types::Encoding::Percent => Encoding::Percent,
                types::Encoding::Base64 => Encoding::Base64,
            },
        },
    };
    parts.into_iter().map(part).collect()
}

fn judgement_from(judgement: types::Judgement) -> Judgement {
    match judgement {
        types::Judgement::Delivered => Judgement::Delivered,
        types::Judgement::Accepted(receipt) => Judgement::Accepted(receipt),
        types::Judgement::RetryAfter(millis) => Judgement::RetryAfter(Duration::from_millis(millis)),
        types::Judgement::Transient(why) => Judgement::Transient(why),
        types::Judgement::Permanent(why) => Judgement::Permanent(why),
    }
}
