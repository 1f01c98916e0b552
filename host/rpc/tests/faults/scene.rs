//! Servers, and a pool that has them for endpoints.

use std::sync::Arc;
use std::time::Duration;

use dogwatch_chain::{AccountName, Profile};
use dogwatch_rpc::{
    AgreementVerdict, AllowHttp, Endpoint, EndpointAgreement, PollAnswer, PollRequest, Pool, PoolOptions, ReadError,
    RpcCall, UnusableResult, WitnessAgreement,
};
use serde_json::{Value, json};

use crate::authority::AUTHORITY;
use crate::chain::{self, KEY};
use crate::fault::Fault;
use crate::server::Server;

pub(crate) struct Scene {
    pub(crate) servers: Vec<Server>,
    pub(crate) pool: Pool,
}

/// Timeouts that a thousand runs can wait for: a fifth of the usual ones. What is promised of reads stays as it is.
pub(crate) fn options() -> PoolOptions {
    PoolOptions::default()
        .timeouts(Duration::from_millis(400), Duration::from_millis(800))
        .read_deadline(Duration::from_secs(2))
        .body_limit(256 << 10)
        .authorities(vec![AUTHORITY.pem.clone()])
}

/// An endpoint by name at a server of the scene. At the default port a redirect to https can be obeyed.
pub(crate) fn endpoint(url: &str, allow: AllowHttp, server: &Server) -> Endpoint {
    Endpoint::parse(url, allow).unwrap().at(server.address).unwrap()
}

impl Scene {
    /// Endpoints of as many operators as there are faults.
    pub(crate) async fn new(faults: &[Fault]) -> Self {
        Self::with(faults, options()).await
    }

    pub(crate) async fn with(faults: &[Fault], options: PoolOptions) -> Self {
        let (mut servers, mut endpoints) = (Vec::new(), Vec::new());
        for (index, fault) in faults.iter().enumerate() {
            let server = Server::start(fault.clone()).await;
            endpoints.push(match fault {
                // RFC 6761: no resolver finds it.
                Fault::NoSuchName => Endpoint::parse(&format!("https://n{index}.invalid"), AllowHttp::No).unwrap(),
                // The name that the redirects of the catalogue begin from.
                Fault::Status(..) if faults.len() == 1 => endpoint("https://faulty.test", AllowHttp::No, &server),
                _ => endpoint(&format!("https://n{index}.test"), AllowHttp::No, &server),
            });
            servers.push(server);
        }
        let pool = Pool::new(Profile::hive_testnet(), endpoints, options).unwrap();
        Self { servers, pool }
    }

    pub(crate) async fn poll(&self) -> Vec<PollAnswer> {
        let alice = AccountName::new("alice").unwrap();
        self.pool.poll(&PollRequest { witnesses: &[alice], block: None }).await
    }

    /// Polls until the endpoints agree, which at the turn of a block may take a second round.
    pub(crate) async fn poll_until_agreed(&self) {
        for _ in 0..5 {
            self.poll().await;
            if self.agreement().verdict == AgreementVerdict::Agreed {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    pub(crate) fn agreement(&self) -> Arc<EndpointAgreement> {
        self.pool.agreement().unwrap()
    }

    /// Reads a block that is long settled.
    pub(crate) async fn read(&self) -> Result<String, ReadError> {
        let call = RpcCall::new("condenser_api.get_block", json!([chain::height() - 1000]));
        let accept = |result: &Value| {
            let id = result.get("block_id").and_then(Value::as_str).ok_or(UnusableResult::new("has no block_id"))?;
            if result.get("transaction_ids").is_none() {
                return Err(UnusableResult::new("has no transaction_ids"));
            }
            Ok(id.to_owned())
        };
        self.pool.read(&call, accept).await.map(|(_, answer)| answer.unwrap())
    }

    /// Checks that what is believed is true.
    pub(crate) fn believes_nothing_wrong(&self, shown: &str) {
        let agreement = self.agreement();
        // The word of one cannot be checked: that it is only one is what is told.
        if agreement.verdict == AgreementVerdict::OneVoice {
            return;
        }
        if let Some(head) = &agreement.head {
            assert_eq!(head.id, chain::id(head.num().0, 0), "{shown}: a head that is not on the chain");
            assert!(head.num().0.abs_diff(chain::height()) <= 3, "{shown}: a head of another time");
        }
        for witness in &agreement.witnesses {
            if let WitnessAgreement::Agreed(state) = witness {
                assert_eq!(state.signing_key, *KEY, "{shown}: a key that is not on chain");
            }
        }
    }
}
