//! The tripwire: that a node's process has ended is known at once, long before its next probes.

use serde_json::{Value, json};

use crate::support::{Daemon, Net, Setup, WITNESS, until};

/// Three bad probes, which is what it takes without a tripwire, would take longer than any test waits.
const RARE_PROBES: &str = "probe_interval = \"2m\"\nprobe_rise = 1\n[witness.rails]\ncandidate_fresh = \"5m\"\n";

async fn second(daemon: &Daemon) -> Value {
    daemon.witness().await.map_or(Value::Null, |witness| witness["nodes"][1].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_whose_process_ends_is_unfit_at_once() {
    let net = Net::start().await;
    let dir = Net::directory();
    let setup = Setup { witness: RARE_PROBES.to_owned(), ..Setup::default() };
    let daemon = Daemon::start(&net.write(dir.path(), &setup));
    daemon.ready().await;
    until("the first probe is good", async || second(&daemon).await["health"] == "healthy").await;
    until("the wire is up", async || second(&daemon).await["tripwire"]["state"] == "up").await;

    net.handle().crash(WITNESS, "second").unwrap();
    until("the standby is known to be gone", async || net.sink.has("/node/second", "opened")).await;
    let told = &net.sink.alerts("/node/second", "opened")[0];
    let gone = "alice: node second is not fit: nothing listens on its port any more: the connection to it was cut, and new ones are refused";
    assert_eq!(told.text("summary"), gone);
    assert_eq!(second(&daemon).await["tripwire"]["state"], "refused");

    // Its successor takes over, and nobody tries the dead one.
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the third node produces", async || net.blocks_by("third") > 0).await;
    assert_eq!((net.key_changes(), net.on_duty().as_deref()), (1, Some("third")));

    net.handle().restart(WITNESS, "second").unwrap();
    until("the wire is up again", async || second(&daemon).await["tripwire"]["state"] == "up").await;
    assert_eq!(second(&daemon).await["tripwire"]["blips"], json!(0));
}
