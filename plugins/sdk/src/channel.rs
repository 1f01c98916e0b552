//! Channels: how alerts reach a human, and how heartbeats reach a dead man's switch.

mod build;

pub use crate::channel_types::{
    Alert, Basic, DigestEncoding, Encoding, Event, Following, Header, Heartbeat, HttpRequest, Judgement, Mail,
    MailLogin, MailSecurity, Method, Part, Progress, Pulse, Request, Response, ResponseHeader, Role, Secret, Severity,
    Signature,
};
use crate::settings::reader::Reader;
use crate::settings::value::Settings;
pub use build::FormValue;

/// An alert channel, a heartbeat channel, or both.
///
/// It sends nothing itself: it composes the requests that deliver an alert, and judges the responses. The host checks
/// the requests, puts the secrets in and sends them.
pub trait Channel {
    /// The name that it reports.
    const NAME: &'static str;
    /// Its version: `env!("CARGO_PKG_VERSION")`.
    const VERSION: &'static str;
    /// What it does, in one sentence.
    const ABOUT: &'static str;
    /// What it can be used for.
    const ROLES: Role = Role::ALERTS;
    /// The settings and secrets, as the channel uses them.
    type Config;

    /// Reads the settings, and asks which secrets are configured. Their documentation and defaults come from here too.
    fn configure(read: &mut Reader<'_>) -> Self::Config;

    /// The requests that deliver an alert, in sending order; none if there is nothing to say. `memory` is the text of
    /// the last [`Judgement::Remember`], or empty.
    ///
    /// # Errors
    ///
    /// The alert cannot be delivered with this configuration: the text says why, for the operator.
    fn compose(config: &Self::Config, memory: &str, alert: &Alert) -> Result<Vec<Request>, String>;

    /// Judges the response to the request at this index. By default, by its status.
    fn judge(settings: &Settings, alert: &Alert, index: u32, response: &Response) -> Judgement {
        let _ = (settings, alert, index);
        crate::http::judge(response)
    }

    /// The request that asks how a message judged as [`Judgement::Follow`] went; `None` if the service cannot be asked.
    ///
    /// # Errors
    ///
    /// The service cannot be asked with this configuration: the text says why, for the operator.
    fn follow(config: &Self::Config, alert: &Alert, receipt: &str) -> Result<Option<Request>, String> {
        let _ = (config, alert, receipt);
        Ok(None)
    }

    /// Judges the response to that request.
    fn judge_follow(settings: &Settings, alert: &Alert, receipt: &str, response: &Response) -> Progress {
        let _ = (settings, alert, receipt, response);
        Progress::Over
    }

    /// Requests that show whether alerts would get through, without waking anybody; none if the service has no such
    /// test.
    ///
    /// # Errors
    ///
    /// Alerts cannot be delivered with this configuration: the text says why, for the operator.
    fn self_test(config: &Self::Config, memory: &str) -> Result<Vec<Request>, String> {
        let _ = (config, memory);
        Ok(Vec::new())
    }

    /// Judges the response to the self-test's request at this index. By default, by its status.
    fn judge_self_test(settings: &Settings, index: u32, response: &Response) -> Judgement {
        let _ = (settings, index);
        crate::http::judge(response)
    }

    /// The requests that carry a heartbeat; none if this pulse means nothing to the service.
    ///
    /// # Errors
    ///
    /// The heartbeat cannot be sent with this configuration: the text says why, for the operator.
    fn beat(config: &Self::Config, heartbeat: &Heartbeat) -> Result<Vec<Request>, String> {
        let _ = (config, heartbeat);
        Ok(Vec::new())
    }

    /// Judges the response to the heartbeat's request at this index. By default, by its status.
    fn judge_beat(settings: &Settings, index: u32, response: &Response) -> Judgement {
        let _ = (settings, index);
        crate::http::judge(response)
    }
}
