//! The gateway: the pool, served to other programs as one JSON-RPC endpoint.
//!
//! Reads fail over; broadcasts are relayed unchanged and never repeated blindly; what clients and nodes write is not
//! rewritten. Keep the pools polled ([`Pool::poll`](crate::Pool::poll), once a block): the rank of endpoints and the
//! agreement behind `GET /health` come from there.

mod answer;
mod body;
mod broadcast;
mod cache;
mod calls;
mod clients;
mod connection;
mod handle;
mod health;
mod linger;
mod listen;
mod options;
mod pending;
mod question;
mod relay;
mod request;
mod respond;
mod stream;
mod tls;
mod to_https;

pub use handle::Gateway;
pub use listen::Stop;
pub use options::GatewayOptions;
pub use tls::{GatewayTls, TlsError};
