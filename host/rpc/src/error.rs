//! What can go wrong between Dogwatch and an endpoint.

mod node;
mod phase;
mod redirect;
mod rpc;
mod tls;

pub use node::{NodeError, NodeRefusal};
pub use phase::RequestPhase;
pub use redirect::RedirectFault;
pub use rpc::{RpcError, Sent};
pub use tls::TlsFault;
