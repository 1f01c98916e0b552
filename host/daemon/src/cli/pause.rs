//! `dogwatch pause` and `dogwatch resume`.

use std::path::Path;
use std::time::Duration;

use dogwatch_chain::AccountName;
use dogwatch_client::{Failure, PauseRequest};

use crate::cli::common::say;
use crate::cli::daemon;

pub(super) async fn pause(
    config: &Path,
    witness: &str,
    chain: Option<String>,
    span: Option<Duration>,
) -> Result<(), Failure> {
    let millis = span.map(|span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
    let request = PauseRequest { witness: AccountName::new(witness).map_err(Failure::input)?, chain, millis };
    let () = daemon::of(config)?.post("/pause", &request).await?;
    match span {
        Some(span) => say(format_args!("{witness}: automatic switches are paused for {} s.", span.as_secs())),
        None => say(format_args!("{witness}: automatic switches are resumed.")),
    }
}
