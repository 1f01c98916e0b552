//! The control socket's requests about alerts: open alerts, acknowledgements, maintenance, and channel tests.

use std::time::Duration;

use dogwatch_alerts::Maintenance;
use dogwatch_client::{AckRequest, AlertList, MaintenanceRequest, OpenAlert, RaiseRequest, TestReport, TestRequest};

use super::server::{Control, RequestFailure, failed};
use crate::store::{Delivery, Which, Write};

/// The longest maintenance: a longer silence would amount to switching alerts off.
const LONGEST_MAINTENANCE: Duration = Duration::from_hours(7 * 24);

/// The longest name of an alert that an operator's program raises, in bytes.
const LONGEST_CAUSE: usize = 100;

impl Control {
    pub(super) async fn alerts(&self) -> Result<AlertList, RequestFailure> {
        let open = self.desk.open().await.map_err(failed)?;
        let maintenance = self.desk.store.maintenance().await.map_err(failed)?;
        Ok(AlertList { alerts: open.into_iter().map(OpenAlert::from).collect(), maintenance })
    }

    pub(super) async fn acknowledge(&self, request: AckRequest) -> Result<Vec<String>, RequestFailure> {
        let AckRequest { key, by } = request;
        let none = |key: &str| {
            RequestFailure::not_found(format!("no alert {key} is open. To list open alerts: dogwatch alerts"))
        };
        let which = match &key {
            Some(key) => Which::Key(key.parse().map_err(|_| none(key))?),
            None => Which::All,
        };
        let keys = self.desk.acknowledge(which, &by).await.map_err(failed)?;
        match (keys.is_empty(), key) {
            (true, Some(key)) => Err(none(&key)),
            _ => Ok(keys.iter().map(ToString::to_string).collect()),
        }
    }

    pub(super) async fn maintain(&self, request: MaintenanceRequest) -> Result<Option<Maintenance>, RequestFailure> {
        let now = self.desk.clock.now();
        let window = request.millis.map(Duration::from_millis).map(|span| Maintenance {
            since: now,
            until: now.plus(span.min(LONGEST_MAINTENANCE)),
            witness: request.witness,
            reason: request.reason,
        });
        self.desk.maintain(window.clone()).await.map_err(failed)?;
        Ok(window)
    }

    pub(super) async fn raise(&self, request: RaiseRequest) -> Result<String, RequestFailure> {
        let RaiseRequest { cause, severity, summary, details } = request;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        if cause.is_empty() || cause.len() > LONGEST_CAUSE || !cause.chars().all(fits) {
            return Err(RequestFailure::bad(format!(
                "{cause:?} is not an alert name: use at most {LONGEST_CAUSE} letters, digits, -, _, . and /"
            )));
        }
        let report = self.desk.texts().of_the_operator(&cause, severity, summary, details);
        let key = report.notice.key.to_string();
        self.desk.commit(vec![Write::Report(Box::new(report))]).await.map_err(failed)?;
        Ok(key)
    }

    pub(super) async fn test(&self, request: TestRequest) -> Result<Vec<TestReport>, RequestFailure> {
        let wanted = |name: &str| request.channel.as_deref().is_none_or(|channel| channel == name);
        let clients: Vec<_> = self.rehearsal.clients.iter().filter(|client| wanted(&client.name)).collect();
        if clients.is_empty() {
            let named = request.channel.unwrap_or_default();
            let known: Vec<&str> = self.rehearsal.clients.iter().map(|client| client.name.as_str()).collect();
            return Err(RequestFailure::not_found(format!(
                "there is no channel {named:?}; there are: {}",
                known.join(", ")
            )));
        }
        let mut reports = Vec::new();
        for client in clients {
            let memory = self.desk.store.memory(&client.name).await.map_err(failed)?;
            let (works, what) = match request.severity {
                None => client.self_test(&memory).await.described(),
                Some(_) if !client.roles().alerts => (None, "takes heartbeats, not alerts".to_owned()),
                Some(severity) => {
                    let [alert, over] = self.desk.texts().test(severity);
                    let sent = client.deliver(&memory, &Delivery::past_the_store(alert.message())).await.described();
                    // A service that keeps incidents must not be left with an open one.
                    let _ = client.deliver(&memory, &Delivery::past_the_store(over.message())).await;
                    sent
                }
            };
            reports.push(TestReport { channel: client.name.clone(), works, what });
        }
        Ok(reports)
    }
}
