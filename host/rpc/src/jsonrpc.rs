//! JSON-RPC 2.0 over HTTP, and proof that an answer is the answer to its request.

mod client;
mod envelope;
mod lenient;
mod plausible;
mod proof;
mod raw_answer;

pub(crate) use client::{Client, Encoded};
pub(crate) use envelope::Batch;
pub use envelope::{Answer, RpcCall};
pub(crate) use plausible::{begins_like_an_answer, shape_of};
pub use proof::{prove, prove_batch};
pub use raw_answer::RawAnswer;
