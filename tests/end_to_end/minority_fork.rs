//! Endpoints that show a minority's branch, or nothing new, while the chain goes on without them.

use dogwatch_devnet::{DevnetCommand, RpcFault, RpcIndex};

use crate::support::{Daemon, Net, Setup, until};

/// All at once, with no block in between.
fn faults(net: &Net, indices: std::ops::Range<usize>, fault: RpcFault) {
    net.handle().with(|devnet| {
        for index in indices.map(RpcIndex) {
            devnet.apply(DevnetCommand::RpcFault { index, fault }).unwrap();
        }
    });
}

/// The witness produces all along, on the branch that the endpoints do not show: nothing is held against its node.
async fn nothing_is_done(net: &Net, daemon: &Daemon) {
    net.blocks(4 * net.config.round_length).await;
    assert_eq!((net.misses(), net.key_changes()), (0, 0), "all was well");
    assert_ne!(daemon.witness().await.unwrap()["verdict"], "me");
    assert!(!net.sink.has("/switching", "opened"));
}

async fn all_is_well_again(net: &Net, daemon: &Daemon) {
    faults(net, 0..3, RpcFault::Ok);
    until("the alert ends", async || net.sink.has("/minority-fork", "resolved")).await;
    daemon.ready().await;
    assert_eq!(net.key_changes(), 0);
    assert!(!net.sink.has("/switching", "opened"));
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_on_a_minority_fork_are_a_page_and_no_reason_to_switch() {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    faults(&net, 0..2, RpcFault::Minority);
    until("it is reported", async || net.sink.has("/minority-fork", "opened")).await;
    let page = &net.sink.alerts("/minority-fork", "opened")[0];
    assert_eq!(page.text("severity"), "page");
    assert_eq!(page.text("summary"), "alice: the endpoints may be on a minority fork");
    nothing_is_done(&net, &daemon).await;
    all_is_well_again(&net, &daemon).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_that_all_stand_still_while_the_chain_goes_on_are_a_page() {
    // A head is stale after a second at least: shorter slots would make that many slots.
    let (net, dir) = (Net::with(|config| config.block_interval_ms = 300).await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    faults(&net, 0..3, RpcFault::Stale { blocks: 0 });
    until("it is reported", async || net.sink.has("/minority-fork", "opened")).await;
    let page = &net.sink.alerts("/minority-fork", "opened")[0];
    assert_eq!(page.text("severity"), "page");
    assert_eq!(page.text("summary"), "alice: all endpoints stand still while the chain goes on");
    nothing_is_done(&net, &daemon).await;
    all_is_well_again(&net, &daemon).await;
}
