//! The pool of JSON-RPC endpoints: it polls all of them at once, broadcasts to several, and believes nothing unproven.
//!
//! An answer counts if its status is 200, its body is JSON-RPC 2.0 with the request's id, and its result is what the
//! method returns. Endpoints are asked by https; the only redirect that is followed leads from http to https at the same
//! place, and the POST is repeated as a POST. Before an endpoint's first answer counts, it must report the right chain
//! id.
//!
//! No endpoint is ever removed: one that fails rests for seconds, and if all fail, all are asked. [`EndpointAgreement`]
//! says what their answers are worth together, counted by operators: two names of one provider are one voice.
//!
//! [`Gateway`] serves the same pool to other programs.
//!
//! ```
//! use dogwatch_rpc::{Clock, AllowHttp, Endpoint, Pool, PoolOptions};
//!
//! let endpoint = Endpoint::parse("api.example.com/rpc?token=s3cr3t", AllowHttp::No)?;
//! assert_eq!(endpoint.to_string(), "https://api.example.com/rpc?token=…");
//! let pool = Pool::new(dogwatch_chain::Profile::hive(), vec![endpoint], PoolOptions::new(Clock::system()))?;
//! assert_eq!(pool.endpoint_count(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod agreement;
mod broadcast;
mod clock;
mod endpoint;
mod error;
mod gateway;
mod health;
mod jsonrpc;
mod options;
mod parameters;
mod poll;
mod pool;
mod probe;
mod read;
mod results;
mod text;
mod transport;
mod tripwire;

pub use agreement::{Comparison, EndpointAgreement, EndpointView, EndpointVoice};
pub use broadcast::{BroadcastOutcome, BroadcastReport, BroadcastResult};
pub use clock::{Clock, Uptime};
pub use dogwatch_agreement::{AgreementRules, AgreementVerdict, Standing, WitnessAgreement};
pub use endpoint::{AllowHttp, Endpoint, EndpointError, EndpointIndex, EndpointName, Operator, Upgrade};
pub use error::{NodeError, NodeRefusal, RedirectFault, RequestPhase, RpcError, Sent, TlsFault};
pub use gateway::{Gateway, GatewayOptions, GatewayTls, Stop, TlsError};
pub use jsonrpc::{Answer, RawAnswer, RpcCall, prove, prove_batch};
pub use options::{OptionsError, PoolOptions};
pub use parameters::ChainParameters;
pub use poll::{PollAnswer, PollRequest};
pub use pool::{ChainVerdict, EndpointHealth, EndpointSnapshot, Pool, PoolError};
pub use probe::{NodeProbe, ProbeReading, Prober};
pub use read::{ReadError, TransactionStatus, UnusableResult};
pub use transport::{AnswerDate, LONGEST as LONGEST_RETRY_AFTER, Redirect, retry_after};
pub use tripwire::{Tripwire, WireEvent};
