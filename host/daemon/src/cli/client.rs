//! Talking to the running daemon.

use std::path::Path;
use std::time::Duration;

use dogwatch_chain::AccountName;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cli::{Exit, Failure, say};
use crate::config::Config;
use crate::control::{PauseRequest, SwitchReply, SwitchRequest, socket_path};

pub(super) struct SwitchOrder<'a> {
    pub(super) witness: &'a str,
    pub(super) chain: Option<String>,
    pub(super) to: Option<String>,
    pub(super) force: bool,
}

fn account(name: &str) -> Result<AccountName, Failure> {
    AccountName::new(name).map_err(Failure::input)
}

fn socket(config: &Path) -> Result<std::path::PathBuf, Failure> {
    // Where the daemon's state is stands in the configuration; what else is wrong with that does not matter here.
    let state_dir = Config::state_dir_of(config).map_err(Failure::input)?;
    Ok(socket_path(&state_dir))
}

pub(super) async fn get<T: DeserializeOwned>(config: &Path, route: &str) -> Result<T, Failure> {
    let (client, url) = client(config, route)?;
    answer(client.get(url)).await
}

pub(super) async fn post<T: DeserializeOwned>(config: &Path, route: &str, body: &impl Serialize) -> Result<T, Failure> {
    let (client, url) = client(config, route)?;
    answer(client.post(url).json(body)).await
}

fn client(config: &Path, route: &str) -> Result<(reqwest::Client, String), Failure> {
    let client = reqwest::Client::builder()
        .unix_socket(socket(config)?)
        .timeout(Duration::from_secs(60))
        .build()
        .map_err(Failure::other)?;
    // The host goes nowhere: the socket is the address.
    Ok((client, format!("http://dogwatch{route}")))
}

async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, Failure> {
    let lost = |error: reqwest::Error, otherwise: &dyn Fn(reqwest::Error) -> Failure| {
        if error.is_timeout() {
            return Failure::with(Exit::NoDaemon, "the daemon does not answer in time. Look at its log");
        }
        otherwise(error)
    };
    let nobody = |error: reqwest::Error| {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(&error);
        while let Some(inner) = cause {
            let io = inner.downcast_ref::<std::io::Error>();
            if io.is_some_and(|io| io.kind() == std::io::ErrorKind::PermissionDenied) {
                let what = "this user may not enter the state directory. Ask as the user Dogwatch runs as: \
                            sudo -u dogwatch dogwatch …";
                return Failure::with(Exit::NoDaemon, what);
            }
            cause = inner.source();
        }
        let what = "no daemon runs with this configuration: nobody listens on its socket. Start one: dogwatch run";
        Failure::with(Exit::NoDaemon, what)
    };
    let other_version =
        |error| Failure::other(format!("the daemon's answer is of another version than this command: {error}"));
    let response = request.send().await.map_err(|error| lost(error, &nobody))?;
    if response.status().is_success() {
        return response.json().await.map_err(|error| lost(error, &other_version));
    }
    let text = response.text().await.map_err(|error| lost(error, &Failure::other))?;
    Err(Failure::other(text))
}

pub(super) async fn switch(config: &Path, order: SwitchOrder<'_>, as_json: bool) -> Result<(), Failure> {
    let request =
        SwitchRequest { witness: account(order.witness)?, chain: order.chain, to: order.to, force: order.force };
    let reply: SwitchReply = post(config, "/switch", &request).await?;
    if as_json {
        say(serde_json::to_string_pretty(&reply).map_err(Failure::other)?)?;
    }
    match reply {
        SwitchReply::Started(id) => {
            if !as_json {
                say(format_args!("Transaction {id} is on its way. Follow it with: dogwatch status"))?;
            }
            Ok(())
        }
        SwitchReply::Refused(_) if as_json => Err(Failure::with(Exit::Refused, "")),
        SwitchReply::Refused(reasons) => {
            Err(Failure::with(Exit::Refused, format!("refused:\n  {}", reasons.join("\n  "))))
        }
    }
}

pub(super) async fn pause(
    config: &Path,
    witness: &str,
    chain: Option<String>,
    span: Option<Duration>,
) -> Result<(), Failure> {
    let millis = span.map(|span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
    let request = PauseRequest { witness: account(witness)?, chain, millis };
    let () = post(config, "/pause", &request).await?;
    match span {
        Some(span) => say(format_args!("{witness}: automatic switches are paused for {} s.", span.as_secs())),
        None => say(format_args!("{witness}: automatic switches go on.")),
    }
}
