//! A backup witness: it has one slot in many rounds.

use dogwatch_devnet::Elected;

use crate::support::{Daemon, Net, Setup, WITNESS, until};

/// All about her that is reported while her node dies and the next one takes over.
const TOLD: [&str; 3] = ["/missing", "/switching", "/node/primary"];

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_witness_whose_node_dies_is_moved_after_two_slots_far_apart() {
    // One of four rounds is hers.
    let net = Net::with(|config| {
        (config.round_length, config.spare) = (10, 3);
        config.witnesses[0].elected = Elected::InTurn;
    })
    .await;
    let dir = Net::directory();
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    // A missed slot makes its round longer: whoever has the first slot of a round that is hers then has two.
    until("she is in the next round, and not the first", async || {
        let future = net.handle().with(|devnet| devnet.schedule().future.unwrap());
        future.iter().position(|name| name.as_str() == WITNESS).is_some_and(|place| place != 1)
    })
    .await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("a missed block is reported", async || net.sink.has("/missing", "opened")).await;
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    until("the switch is proven", async || net.sink.has("/switching", "resolved")).await;
    until("nothing is missing any more", async || net.sink.has("/missing", "resolved")).await;

    let missed: Vec<u64> = net.missed().iter().map(|slot| slot.slot.0).collect();
    assert!(missed[1] - missed[0] > 20, "they were far apart: {missed:?}");
    assert_eq!((net.key_changes(), net.on_duty().as_deref()), (1, Some("second")));
    daemon.delivered().await;

    let one = &net.sink.alerts("/missing", "opened")[0];
    assert_eq!(one.text("summary"), "alice: node primary missed a block");
    let two = net.sink.alerts("/missing", "updated");
    assert_eq!(two[0].text("summary"), "alice: node primary missed 2 blocks in a row");
    assert_eq!(two[0].text("severity"), "page");
    for alert in net.sink.received().iter().filter(|alert| alert.text("key").contains("/alice/")) {
        assert!(TOLD.iter().any(|end| alert.text("key").ends_with(end)), "{}", alert.body);
    }
}
