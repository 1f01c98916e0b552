//! Channels: how an alert reaches a human, and how a dead man's switch hears that the watch goes on.

mod build;

pub use crate::bindings::channel_v0_1::dogwatch::channel::types::{
    Alert, Basic, DigestEncoding, Encoding, Event, Following, Header, Heartbeat, HttpRequest, Judgement, Mail,
    MailLogin, MailSecurity, Method, Part, Progress, Pulse, Request, Response, ResponseHeader, Role, Secret, Severity,
    Signature,
};
use crate::settings::{Reader, Settings};
pub use build::FormValue;

/// An alert channel, a heartbeat channel, or both.
///
/// It does nothing itself: it says which requests deliver an alert, and judges the answers. The host checks the
/// requests, puts the secrets in and sends them.
pub trait Channel {
    /// Its name.
    const NAME: &'static str;
    /// Its version: `env!("CARGO_PKG_VERSION")`.
    const VERSION: &'static str;
    /// What it does, in one sentence.
    const ABOUT: &'static str;
    /// What it is good for.
    const ROLES: Role = Role::ALERTS;
    /// The settings and secrets, as the channel wants them.
    type Config;

    /// Reads the settings and asks which secrets there are. The documentation and the defaults come from here too.
    fn configure(read: &mut Reader<'_>) -> Self::Config;

    /// The requests that deliver an alert, in the order in which they are sent. None: nothing has to be said.
    /// `memory` is the text of the last [`Judgement::Remember`], or empty.
    fn compose(config: &Self::Config, memory: &str, alert: &Alert) -> Result<Vec<Request>, String>;

    /// Judges the answer to the request with that index. Unless told otherwise, by the status.
    fn judge(settings: &Settings, alert: &Alert, index: u32, response: &Response) -> Judgement {
        let _ = (settings, alert, index);
        crate::http::judge(response)
    }

    /// Asks what became of a message that was judged as [`Judgement::Follow`]. None: it cannot be asked.
    fn follow(config: &Self::Config, alert: &Alert, receipt: &str) -> Result<Option<Request>, String> {
        let _ = (config, alert, receipt);
        Ok(None)
    }

    /// Judges the answer to that.
    fn judge_follow(settings: &Settings, alert: &Alert, receipt: &str, response: &Response) -> Progress {
        let _ = (settings, alert, receipt, response);
        Progress::Over
    }

    /// Requests that show whether alerts would get through, and wake nobody. None: the service has no such thing.
    fn self_test(config: &Self::Config, memory: &str) -> Result<Vec<Request>, String> {
        let _ = (config, memory);
        Ok(Vec::new())
    }

    /// Judges the answer to the request of the self-test with that index. Unless told otherwise, by the status.
    fn judge_self_test(settings: &Settings, index: u32, response: &Response) -> Judgement {
        let _ = (settings, index);
        crate::http::judge(response)
    }

    /// The requests that carry a heartbeat. None: this pulse says nothing to the service.
    fn beat(config: &Self::Config, heartbeat: &Heartbeat) -> Result<Vec<Request>, String> {
        let _ = (config, heartbeat);
        Ok(Vec::new())
    }

    /// Judges the answer to the request of the heartbeat with that index. Unless told otherwise, by the status.
    fn judge_beat(settings: &Settings, index: u32, response: &Response) -> Judgement {
        let _ = (settings, index);
        crate::http::judge(response)
    }
}
