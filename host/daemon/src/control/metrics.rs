//! Metrics for Prometheus, in its text format.

use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use dogwatch_client::Status;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::alerts::condition::StandingAlert;
use crate::alerts::desk::AlertDesk;
use crate::alerts::texts::Condition;
use crate::control::server::Control;

/// How long to wait before trying a port again.
const RETRY: Duration = Duration::from_secs(5);

type Labels = Vec<(&'static str, String)>;
type Gauges = Family<Labels, Gauge<f64, AtomicU64>>;

/// Serves `GET /metrics` for as long as the daemon runs, and keeps trying if the port is in use.
pub async fn serve(listen: SocketAddr, control: Control, desk: AlertDesk) {
    let router = Router::new().route("/metrics", get(metrics)).with_state(control);
    let mut alert = StandingAlert::new(desk);
    loop {
        match tokio::net::TcpListener::bind(listen).await {
            Ok(listener) => {
                alert.now(Condition::Holds, |texts, condition| texts.metrics(listen, condition)).await;
                if let Err(error) = axum::serve(listener, router.clone()).await {
                    tracing::error!(%error, "the metrics have failed");
                }
            }
            Err(error) => {
                let why = error.to_string();
                alert.now(Condition::Fails(&why), |texts, condition| texts.metrics(listen, condition)).await;
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn metrics(State(control): State<Control>) -> impl IntoResponse {
    let Ok(status) = control.status().await else { return Err(StatusCode::SERVICE_UNAVAILABLE) };
    match render(&status) {
        Ok(text) => Ok(([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)),
        Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// Renders the status as metrics.
///
/// # Errors
///
/// If the text cannot be written, which does not happen in memory.
pub fn render(status: &Status) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::with_prefix("dogwatch");
    let mut family = |name: &str, help: &str| {
        let gauges = Gauges::default();
        registry.register(name, help, gauges.clone());
        gauges
    };
    let head_age = family("chain_head_age_seconds", "Age of the agreed head block");
    let offset = family("clock_offset_seconds", "How far this machine's clock is ahead of the endpoints' clocks");
    let well = family("endpoint_counts", "Whether an endpoint's answers count, 1 or 0");
    let missed = family("witness_recent_slots", "Own slots of the last rounds, by what became of them");
    let fit = family("node_healthy", "Whether a node is healthy, 1 or 0");
    let duty = family("node_on_duty", "Whether a node's key is the one on chain, 1 or 0");
    let fuel = family("policy_call_fuel", "Fuel that the last decision took, by the policy that made it");
    let took = family("policy_call_seconds", "Time that the last decision took, by the policy that made it");
    let open = family("alerts_open", "Open alerts");
    let outbox = family("deliveries", "Messages to channels, by state");
    let undelivered = family("undelivered_pages", "Pages that no channel has delivered within a minute");

    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let truth = |holds: bool| if holds { 1.0 } else { 0.0 };
    let mut alerts = number(status.alerts.len());
    for chain in &status.chains {
        let chain_label = ("chain", chain.name.clone());
        if let Some(age) = chain.head_age_ms {
            let seconds = Duration::from_millis(age).as_secs_f64();
            head_age.get_or_create(&vec![chain_label.clone()]).set(seconds);
        }
        // Milliseconds beyond 2^53 would be an odd clock.
        #[expect(clippy::cast_precision_loss, reason = "exact for 285000 years")]
        offset.get_or_create(&vec![chain_label.clone()]).set(chain.clock_offset_ms as f64 / 1000.0);
        for endpoint in &chain.endpoints {
            let labels = vec![chain_label.clone(), ("endpoint", endpoint.name.clone())];
            well.get_or_create(&labels).set(truth(endpoint.trouble.is_none()));
        }
        alerts += number(chain.alerts.len());
        for witness in &chain.witnesses {
            let witness_label = ("witness", witness.name.clone());
            alerts += number(witness.alerts.len());
            let counts = witness.slot_counts;
            let outcomes =
                [("produced", counts.produced), ("missed", counts.missed), ("chain_wide", counts.chain_wide)];
            for (outcome, count) in outcomes {
                let labels = vec![chain_label.clone(), witness_label.clone(), ("outcome", outcome.to_owned())];
                missed.get_or_create(&labels).set(f64::from(count));
            }
            if let Some(policy) = &witness.policy {
                let labels = vec![chain_label.clone(), witness_label.clone(), ("policy", policy.name.clone())];
                // Neither is ever so large.
                let whole = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
                fuel.get_or_create(&labels).set(whole(policy.fuel));
                took.get_or_create(&labels).set(Duration::from_micros(policy.micros).as_secs_f64());
            }
            for node in &witness.nodes {
                let labels = vec![chain_label.clone(), witness_label.clone(), ("node", node.name.clone())];
                fit.get_or_create(&labels).set(truth(node.health == dogwatch_engine::Health::Healthy));
                duty.get_or_create(&labels).set(truth(node.on_duty));
            }
        }
    }
    open.get_or_create(&Vec::new()).set(alerts);
    let states =
        [("pending", status.outbox.pending), ("delivered", status.outbox.delivered), ("failed", status.outbox.failed)];
    for (state, count) in states {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        outbox.get_or_create(&vec![("state", state.to_owned())]).set(number(count));
    }
    undelivered.get_or_create(&Vec::new()).set(number(status.undelivered_pages.len()));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}
