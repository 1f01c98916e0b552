//! `dogwatch switch`.

use std::path::Path;

use dogwatch_chain::AccountName;
use dogwatch_client::{Exit, Failure, SwitchReply, SwitchRequest};

use crate::cli::common::say;
use crate::cli::daemon;

/// A switch as the command line orders it.
pub(super) struct SwitchOrder<'a> {
    pub(super) witness: &'a str,
    pub(super) chain: Option<String>,
    pub(super) to: Option<String>,
    pub(super) force: bool,
}

pub(super) async fn switch(config: &Path, order: SwitchOrder<'_>, as_json: bool) -> Result<(), Failure> {
    let request = SwitchRequest {
        witness: AccountName::new(order.witness).map_err(Failure::input)?,
        chain: order.chain,
        to: order.to,
        force: order.force,
    };
    let reply: SwitchReply = daemon::of(config)?.post("/switch", &request).await?;
    if as_json {
        say(serde_json::to_string_pretty(&reply).map_err(Failure::other)?)?;
    }
    match reply {
        SwitchReply::Started(id) => {
            if !as_json {
                say(format_args!("Transaction {id} is on its way. Follow it with: dogwatch status"))?;
            }
            Ok(())
        }
        SwitchReply::Refused(_) if as_json => Err(Failure::with(Exit::Refused, "")),
        SwitchReply::Refused(reasons) => {
            Err(Failure::with(Exit::Refused, format!("refused:\n  {}", reasons.join("\n  "))))
        }
    }
}
