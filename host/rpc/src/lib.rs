//! The pool of JSON-RPC endpoints: reads from all of them at once, broadcasts to several, nothing believed unproven.
//!
//! An answer counts when its status is 200, its body JSON-RPC 2.0 with the request's id, and its result what the
//! method returns. Endpoints are asked by https; the one redirect that is obeyed leads from http to https at the same
//! place, and the POST is sent again as a POST. Before an endpoint's first answer counts it must name the right chain.
//!
//! No endpoint is ever removed: one that fails rests for seconds, and when all fail, all are asked. [`Agreement`] holds
//! their answers against each other: by operators, since two names of one provider are one voice.
//!
//! [`Gateway`] serves the same pool to other programs.
//!
//!
//! ```
//! use dogwatch_rpc::{AllowHttp, Endpoint, Pool, PoolOptions};
//!
//! let endpoint = Endpoint::parse("api.example.com/rpc?token=s3cr3t", AllowHttp::No)?;
//! assert_eq!(endpoint.to_string(), "https://api.example.com/rpc?token=…");
//! let pool = Pool::new(dogwatch_chain::Profile::hive(), vec![endpoint], PoolOptions::default())?;
//! assert_eq!(pool.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod agreement;
mod blocks;
mod broadcast;
mod budget;
mod chain_check;
mod client;
mod clock;
mod endpoint;
mod envelope;
mod error;
mod facts;
mod gateway;
mod health;
mod hedge;
mod member;
mod operator;
mod options;
mod poll;
mod pool;
mod probe;
mod proof;
mod read;
mod redirect;
mod refusal;
mod retry_after;
mod shape;
mod standing;
mod status;
mod text;
mod transaction_status;
mod transport;

pub use agreement::{Agreement, Comparison, Rules, Voice, WitnessAgreement};
pub use broadcast::{BroadcastOutcome, BroadcastReport, BroadcastResult};
pub use client::{prove, prove_batch};
pub use clock::Clock;
pub use endpoint::{AllowHttp, Endpoint, EndpointError, EndpointName, Upgrade};
pub use envelope::{Answer, Call};
pub use error::{Phase, RpcError, Sent, TlsFault};
pub use gateway::{Gateway, GatewayOptions, GatewayTls, Stop, TlsError};
pub use member::EndpointIndex;
pub use operator::Operator;
pub use options::{OptionsError, PoolOptions};
pub use poll::{EndpointReading, PollRequest, Reading};
pub use pool::{Pool, PoolError};
pub use probe::{ProbeReading, Prober};
pub use proof::RawAnswer;
pub use read::ReadError;
pub use redirect::{Redirect, RedirectFault};
pub use refusal::{NodeError, Refusal};
pub use retry_after::{LONGEST as LONGEST_RETRY_AFTER, retry_after};
pub use standing::{Standing, Verdict};
pub use status::{ChainVerdict, EndpointHealth, EndpointStatus};
pub use transaction_status::TransactionStatus;
