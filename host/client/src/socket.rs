//! The client of the running daemon: HTTP over a Unix socket in its state directory, which only its owner can enter.

use std::error::Error;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::exit::{Exit, Failure};

/// How long the daemon may take to answer. It is long because a rehearsal waits for services that may hang.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The control socket of the daemon that keeps its state in this directory.
pub fn socket_path(state_dir: &Path) -> PathBuf {
    state_dir.join("dogwatch.sock")
}

/// The lock of the daemon that keeps its state in this directory.
pub fn lock_path(state_dir: &Path) -> PathBuf {
    state_dir.join("lock")
}

/// Whether a daemon runs that keeps its state in this directory, whether or not it answers.
pub fn is_running(state_dir: &Path) -> bool {
    File::open(lock_path(state_dir)).is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Why a request to the daemon failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The socket cannot be used at all.
    #[error("cannot use the control socket: {0}")]
    Setup(#[source] reqwest::Error),
    /// Nobody listens on the socket.
    #[error("no daemon runs with this configuration: nobody listens on its socket. Start one: dogwatch run")]
    NoDaemon,
    /// A daemon runs, and nobody listens on its socket.
    #[error(
        "a daemon runs with this configuration, but nobody listens on its socket: it is starting or stopping, or the \
         socket was removed, and it makes a new one within a second. Try again; if that does not help: \
         journalctl -u dogwatch -e"
    )]
    NoSocket,
    /// The state directory is closed to this user.
    #[error(
        "this user may not enter the state directory. Run the command as Dogwatch's user: sudo -u dogwatch dogwatch …"
    )]
    Denied,
    /// The daemon takes too long to answer.
    #[error("the daemon does not answer in time. Look at its log: journalctl -u dogwatch -e")]
    Timeout,
    /// The daemon's answer cannot be parsed.
    #[error("cannot read the daemon's answer, probably because its version differs from this command's: {0}")]
    OtherVersion(#[source] reqwest::Error),
    /// The connection broke before the answer was complete.
    #[error("the connection broke before the daemon's answer was complete: {0}")]
    Lost(#[source] reqwest::Error),
    /// The daemon refused the request, for this reason.
    #[error("{0}")]
    Refused(String),
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let exit = match error {
            ClientError::NoDaemon | ClientError::NoSocket | ClientError::Denied | ClientError::Timeout => {
                Exit::NoDaemon
            }
            ClientError::Setup(_) | ClientError::OtherVersion(_) | ClientError::Lost(_) | ClientError::Refused(_) => {
                Exit::Other
            }
        };
        Self::with(exit, error)
    }
}

/// A client of one daemon.
#[derive(Clone, Debug)]
pub struct ControlClient {
    client: reqwest::Client,
    state_dir: PathBuf,
}

impl ControlClient {
    /// Creates a client of the daemon that keeps its state in this directory. It does not connect yet.
    ///
    /// # Errors
    ///
    /// [`ClientError::Setup`] when no HTTP client can be built.
    pub fn new(state_dir: &Path) -> Result<Self, ClientError> {
        let builder = reqwest::Client::builder().unix_socket(socket_path(state_dir)).timeout(TIMEOUT);
        Ok(Self { client: builder.build().map_err(ClientError::Setup)?, state_dir: state_dir.to_owned() })
    }

    /// Reads something from the daemon.
    ///
    /// # Errors
    ///
    /// Any [`ClientError`] but `Setup`.
    pub async fn get<T: DeserializeOwned>(&self, route: &str) -> Result<T, ClientError> {
        self.answer(self.client.get(url(route))).await
    }

    /// Asks the daemon to do something.
    ///
    /// # Errors
    ///
    /// Any [`ClientError`] but `Setup`.
    pub async fn post<T: DeserializeOwned>(&self, route: &str, body: &impl Serialize) -> Result<T, ClientError> {
        self.answer(self.client.post(url(route)).json(body)).await
    }

    async fn answer<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, ClientError> {
        match answer(request).await {
            // The lock tells whether that is so.
            Err(ClientError::NoDaemon) if is_running(&self.state_dir) => Err(ClientError::NoSocket),
            answer => answer,
        }
    }
}

/// The URL of a route. The host does not matter: the socket is the address.
fn url(route: &str) -> String {
    format!("http://dogwatch{route}")
}

async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, ClientError> {
    let in_time = |error: reqwest::Error, otherwise: fn(reqwest::Error) -> ClientError| match error.is_timeout() {
        true => ClientError::Timeout,
        false => otherwise(error),
    };
    let response = request.send().await.map_err(|error| in_time(error, |error| unreachable(&error)))?;
    if response.status().is_success() {
        return response.json().await.map_err(|error| in_time(error, ClientError::OtherVersion));
    }
    let text = response.text().await.map_err(|error| in_time(error, ClientError::Lost))?;
    Err(ClientError::Refused(text))
}

fn unreachable(error: &reqwest::Error) -> ClientError {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(inner) = cause {
        let io = inner.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == std::io::ErrorKind::PermissionDenied) {
            return ClientError::Denied;
        }
        cause = inner.source();
    }
    ClientError::NoDaemon
}
