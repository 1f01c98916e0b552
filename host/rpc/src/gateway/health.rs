//! `GET /health`: 200 only while the endpoints agree on a fresh head.

use dogwatch_agreement::Standing;
use hyper::StatusCode;
use serde_json::{Map, Value, json};

use crate::gateway::answer::{self, GatewayResponse};
use crate::gateway::handle::Gateway;
use crate::pool::Pool;

impl Gateway {
    /// The health of one chain, or of all for the empty name.
    pub(super) fn health(&self, name: &str) -> GatewayResponse {
        let mut chains = Map::new();
        let mut well = !self.is_draining();
        for (chain, pool) in self.inner.chains.iter().filter(|(chain, _)| name.is_empty() || chain == name) {
            let (fresh, document) = chain_health(pool);
            well &= fresh;
            chains.insert(chain.clone(), document);
        }
        if chains.is_empty() {
            return answer::status(StatusCode::NOT_FOUND, "no such chain here");
        }
        let status = match (well, self.is_draining()) {
            (_, true) => "draining",
            (true, false) => "ok",
            (false, false) => "unwell",
        };
        let code = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        answer::document(code, &json!({ "status": status, "chains": chains }))
    }
}

fn chain_health(pool: &Pool) -> (bool, Value) {
    let Some(agreement) = pool.agreement() else {
        return (
            false,
            json!({ "verdict": "no endpoint was asked lately", "sound": 0, "endpoints": pool.endpoint_count() }),
        );
    };
    let sound = agreement.standings.iter().filter(|(_, standing)| *standing == Standing::Sound).count();
    let age = agreement.head.as_ref().map(|head| pool.now().since(head.time));
    let fresh = age.is_some_and(|age| age <= pool.stale_after());
    let document = json!({
        "verdict": agreement.verdict.to_string(),
        "head": agreement.head.as_ref().map(|head| head.num().0),
        "head_age_ms": age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
        "sound": sound,
        "endpoints": pool.endpoint_count(),
    });
    (fresh, document)
}
