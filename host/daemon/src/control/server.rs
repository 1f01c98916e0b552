//! The control socket, over which `dogwatch status`, `switch`, `ack` and other commands reach the daemon: HTTP over a
//! Unix socket in the state directory, which only the directory's owner can enter.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use dogwatch_alerts::Scope;
use dogwatch_chain::{AccountName, Time};
use dogwatch_client::{
    AckRequest, AlertStatus, MaintenanceRequest, PauseRequest, RaiseRequest, RehearsalReport, Status, SwitchReply,
    SwitchRequest, TestRequest,
};
use dogwatch_engine::{Holder, Lifetime};
use tokio::net::UnixListener;
use tokio::sync::{mpsc, oneshot};

use crate::alerts::desk::AlertDesk;
use crate::alerts::undelivered::UndeliveredPages;
use crate::chain::message::{Message, SwitchAnswer};
use crate::config::{Config, WitnessConfig};
use crate::rehearsal::Rehearsal;

/// The daemon's side of the socket.
#[derive(Clone, Debug)]
pub struct Control {
    site: String,
    started_at: Time,
    pub(super) desk: AlertDesk,
    pub(super) rehearsal: Rehearsal,
    undelivered: UndeliveredPages,
    chains: Vec<(String, mpsc::Sender<Message>)>,
    watched: Vec<Watched>,
}

/// A witness and the chain task that watches it.
#[derive(Clone, Debug)]
struct Watched {
    witness: AccountName,
    chain: String,
    inbox: mpsc::Sender<Message>,
}

/// Why a request failed.
#[derive(Clone, Debug)]
pub struct RequestFailure(StatusCode, String);

impl RequestFailure {
    pub(super) fn not_found(what: String) -> Self {
        Self(StatusCode::NOT_FOUND, what)
    }

    pub(super) fn bad(what: String) -> Self {
        Self(StatusCode::BAD_REQUEST, what)
    }
}

impl IntoResponse for RequestFailure {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}

fn gone<E>(_: E) -> RequestFailure {
    RequestFailure(StatusCode::SERVICE_UNAVAILABLE, "the daemon is shutting down".to_owned())
}

/// The store failed.
pub(super) fn failed(error: impl std::fmt::Display) -> RequestFailure {
    RequestFailure(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

impl Control {
    /// A control for a daemon with these chains.
    pub fn new(
        config: &Config,
        desk: AlertDesk,
        rehearsal: Rehearsal,
        undelivered: UndeliveredPages,
        chains: Vec<(String, mpsc::Sender<Message>)>,
    ) -> Self {
        let task = |witness: &WitnessConfig| {
            let (chain, inbox) = chains.iter().find(|(chain, _)| *chain == witness.chain)?;
            Some(Watched { witness: witness.name.clone(), chain: chain.clone(), inbox: inbox.clone() })
        };
        let watched = config.witnesses.iter().filter_map(task).collect();
        let started_at = desk.clock.now();
        Self { site: config.site.clone(), started_at, desk, rehearsal, undelivered, chains, watched }
    }

    /// The complete status, as `dogwatch status` shows it.
    ///
    /// # Errors
    ///
    /// If a chain's task or the store does not answer.
    pub async fn status(&self) -> Result<Status, RequestFailure> {
        let open = self.desk.open().await.map_err(failed)?;
        let about = |wanted: &dyn Fn(&Scope) -> bool| -> Vec<AlertStatus> {
            let wanted = open.iter().filter(|incident| wanted(&incident.alert.key.scope));
            wanted.map(|incident| AlertStatus::from(&incident.alert)).collect()
        };
        let mut chains = Vec::new();
        for (name, inbox) in &self.chains {
            let (reply, answer) = oneshot::channel();
            inbox.send(Message::Status(reply)).await.map_err(gone)?;
            let mut status = answer.await.map_err(gone)?;
            let at_desk: Vec<String> = open.iter().map(|incident| incident.alert.key.to_string()).collect();
            status.alerts.retain(|waiting| !at_desk.contains(&waiting.key));
            let shared = |scope: &Scope| matches!(scope, Scope::Node { chain, .. } if chain == name);
            status.alerts.extend(about(&|scope| *scope == Scope::chain(name) || shared(scope)));
            for witness in &mut status.witnesses {
                witness.alerts = about(&|scope| *scope == Scope::witness(name, &witness.name));
            }
            chains.push(status);
        }
        let outbox = self.desk.store.outbox_counts().await;
        let maintenance = self.desk.store.maintenance().await.map_err(failed)?;
        let undelivered = self.undelivered.borrow().clone();
        Ok(Status {
            site: self.site.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: self.started_at.to_string(),
            now: self.desk.clock.now().to_string(),
            chains,
            outbox: outbox.map_err(failed)?,
            undelivered_pages: undelivered.into_iter().map(|(key, why)| (key.to_string(), why)).collect(),
            maintenance_until: maintenance.map(|window| window.until.to_string()),
            alerts: about(&|scope| matches!(scope, Scope::Daemon { .. })),
        })
    }

    /// The inbox of the chain task that watches a witness.
    fn find(&self, witness: &AccountName, chain: Option<&str>) -> Result<mpsc::Sender<Message>, RequestFailure> {
        let mut found = self
            .watched
            .iter()
            .filter(|watched| watched.witness == *witness && chain.is_none_or(|chain| chain == watched.chain));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one.inbox.clone()),
            (None, _) => Err(RequestFailure::not_found(format!("witness {witness} is not watched here"))),
            (Some(one), Some(other)) => {
                let (one, other) = (&one.chain, &other.chain);
                let text = format!("witness {witness} is watched on {one} and {other}: choose one with --chain");
                Err(RequestFailure(StatusCode::CONFLICT, text))
            }
        }
    }

    async fn switch(&self, request: SwitchRequest) -> Result<SwitchReply, RequestFailure> {
        let inbox = self.find(&request.witness, request.chain.as_deref())?;
        let target = request.to.map_or(Holder::Disabled, Holder::Node);
        let (reply, answer) = oneshot::channel::<SwitchAnswer>();
        inbox.send(Message::Switch(request.witness, target, request.kind, reply)).await.map_err(gone)?;
        Ok(match answer.await.map_err(gone)? {
            Ok(id) => SwitchReply::Started(id.to_string()),
            Err(refused) => match refused.lifetime {
                Lifetime::NeedsOperator => SwitchReply::Refused(refused.reasons),
                Lifetime::PassesByItself => SwitchReply::NotNow(refused.reasons),
            },
        })
    }

    async fn rehearse(&self) -> Result<RehearsalReport, RequestFailure> {
        Ok(self.rehearsal.rehearse().await)
    }

    async fn pause(&self, request: PauseRequest) -> Result<(), RequestFailure> {
        let inbox = self.find(&request.witness, request.chain.as_deref())?;
        let span = request.millis.map(std::time::Duration::from_millis);
        let (reply, answer) = oneshot::channel();
        inbox.send(Message::Pause(request.witness, span, reply)).await.map_err(gone)?;
        match answer.await.map_err(gone)? {
            true => Ok(()),
            false => {
                let text = "it is in effect, but could not be stored, so a restart would forget it: check the disk";
                Err(failed(text))
            }
        }
    }
}

/// Opens the socket. The caller holds the state directory's lock, so an existing socket belongs to a dead daemon.
///
/// # Errors
///
/// If the socket cannot be created.
pub fn listen(path: &Path) -> std::io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers requests until it is dropped.
pub async fn serve(listener: UnixListener, control: Control) {
    let router = Router::new()
        .route("/status", get(async |State(control): State<Control>| control.status().await.map(Json)))
        .route(
            "/switch",
            post(async |State(control): State<Control>, Json(request): Json<SwitchRequest>| {
                control.switch(request).await.map(Json)
            }),
        )
        .route(
            "/pause",
            post(async |State(control): State<Control>, Json(request): Json<PauseRequest>| {
                control.pause(request).await.map(Json)
            }),
        )
        .route("/alerts", get(async |State(control): State<Control>| control.alerts().await.map(Json)))
        .route(
            "/ack",
            post(async |State(control): State<Control>, Json(request): Json<AckRequest>| {
                control.acknowledge(request).await.map(Json)
            }),
        )
        .route(
            "/maintenance",
            post(async |State(control): State<Control>, Json(request): Json<MaintenanceRequest>| {
                control.maintain(request).await.map(Json)
            }),
        )
        .route("/rehearse", post(async |State(control): State<Control>| control.rehearse().await.map(Json)))
        .route(
            "/alert/raise",
            post(async |State(control): State<Control>, Json(request): Json<RaiseRequest>| {
                control.raise(request).await.map(Json)
            }),
        )
        .route(
            "/alert/test",
            post(async |State(control): State<Control>, Json(request): Json<TestRequest>| {
                control.test(request).await.map(Json)
            }),
        )
        .with_state(control);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the control socket has failed");
    }
}
