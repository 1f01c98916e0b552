//! `dogwatch switch`.

use std::path::Path;

use dogwatch_chain::AccountName;
use dogwatch_client::{Exit, Failure, SwitchKind, SwitchReply, SwitchRequest};

use crate::cli::common::Format;
use crate::cli::daemon;

/// A switch as the command line orders it.
pub(super) struct SwitchOrder<'a> {
    pub(super) witness: &'a str,
    pub(super) chain: Option<String>,
    pub(super) to: Option<String>,
    pub(super) force: bool,
}

pub(super) async fn switch(config: &Path, order: SwitchOrder<'_>, format: Format) -> Result<(), Failure> {
    let request = SwitchRequest {
        witness: AccountName::new(order.witness).map_err(Failure::input)?,
        chain: order.chain,
        to: order.to,
        kind: if order.force { SwitchKind::Forced } else { SwitchKind::Plain },
    };
    let reply = match daemon::of(config)?.post("/switch", &request).await? {
        // Whoever typed the command decides whether to wait.
        SwitchReply::NotNow(reasons) => SwitchReply::Refused(reasons),
        reply => reply,
    };
    match &reply {
        SwitchReply::Started(id) => {
            format.print(&reply, |_| format!("Transaction {id} is on its way. Follow it with: dogwatch status"))
        }
        SwitchReply::Refused(reasons) | SwitchReply::NotNow(reasons) => {
            Err(format.fail(Exit::Refused, &reply, |_| format!("refused:\n  {}", reasons.join("\n  "))))
        }
    }
}
