//! Hands a signed switch to the endpoints.

use dogwatch_chain::{AccountName, SignedTransaction};
use dogwatch_engine::SendReport;
use dogwatch_rpc::Pool;

use crate::chain::witness::SignFailure;
use crate::chain::{convert, log};

/// Hands it to the endpoints, and tells how they took it, or that there was nothing to send.
pub(super) async fn switch(
    pool: &Pool,
    site: &str,
    witness: &AccountName,
    signed: Result<SignedTransaction, SignFailure>,
) -> SendReport {
    match signed {
        Ok(signed) => {
            let report = pool.broadcast(&signed).await;
            log::broadcast(site, &pool.profile().name, witness, &report);
            convert::send_report(&report)
        }
        Err(failure) => SendReport { troubles: vec![failure.to_string()], ..SendReport::default() },
    }
}
