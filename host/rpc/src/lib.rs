//! The pool of JSON-RPC endpoints: reads from all of them at once, broadcasts to several, nothing believed unproven.
//!
//! An answer counts when its status is 200, its body JSON-RPC 2.0 with the request's id, and its result what the
//! method returns. Redirects are not followed. Before an endpoint's first answer counts it must name the right chain.
//!
//! No endpoint is ever removed: one that fails rests for seconds, and when all fail, all are asked. The pool does not
//! weigh answers against one another; whoever reads them does.
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

mod blocks;
mod broadcast;
mod chain_check;
mod client;
mod endpoint;
mod envelope;
mod error;
mod facts;
mod health;
mod member;
mod options;
mod poll;
mod pool;
mod probe;
mod refusal;
mod shape;
mod status;
mod text;
mod transaction_status;

pub use broadcast::{BroadcastOutcome, BroadcastReport, BroadcastResult};
pub use endpoint::{AllowHttp, Endpoint, EndpointError, EndpointName};
pub use envelope::{Answer, Call};
pub use error::{Phase, RpcError, Sent};
pub use member::EndpointIndex;
pub use options::{OptionsError, PoolOptions};
pub use poll::{EndpointReading, PollRequest, Reading};
pub use pool::{Pool, PoolError};
pub use probe::{ProbeReading, Prober};
pub use refusal::{NodeError, Refusal};
pub use status::{ChainVerdict, EndpointStatus};
pub use transaction_status::TransactionStatus;
