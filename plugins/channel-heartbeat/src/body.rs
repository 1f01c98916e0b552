//! The body of a POST.

use dogwatch_sdk::channel::{Heartbeat, Pulse};
use dogwatch_sdk::json::Object;
use dogwatch_sdk::rfc3339;
use dogwatch_sdk::text::{Unit, cut, plain};

/// The longest reason that is posted, in bytes: services that take a body keep about 10 kB of it.
const LONGEST_REASON: usize = 8_000;

/// The heartbeat as a JSON object; the reason is empty if there is none.
pub(crate) fn of(heartbeat: &Heartbeat) -> String {
    let (state, reason) = match &heartbeat.pulse {
        Pulse::Started => ("started", String::new()),
        Pulse::Well => ("well", String::new()),
        Pulse::Failing(reason) => ("failing", cut(&plain(reason), LONGEST_REASON, Unit::Bytes)),
    };
    Object::new()
        .text("site", &heartbeat.site)
        .text("state", state)
        .text("reason", &reason)
        .text("at", &rfc3339(heartbeat.at))
        .finish()
}
