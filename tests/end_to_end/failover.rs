//! When the signing key moves, where it moves to, and when it must not move.

use dogwatch_chain::{AccountName, SecretKey, Time, Transaction, transaction_to_json};
use dogwatch_devnet::RpcFault;

use crate::support::{Daemon, Net, Setup, WITNESS, until};

/// One switch, to the fit node, and nothing after it.
async fn one_switch_to(net: &Net, daemon: &Daemon, node: &str) {
    until("the successor produces", async || net.blocks_by(node) > 0).await;
    until("the switch is reported as over", async || net.sink.has("/switching", "resolved")).await;
    net.blocks(2 * net.config.round_length).await;
    assert_eq!(net.key_changes(), 1);
    assert_eq!(net.on_duty().as_deref(), Some(node));
    let witness = daemon.witness().await.unwrap();
    assert_eq!(witness["on_duty"], node);
    assert_eq!(witness["switches"].as_array().unwrap().len(), 1);
    assert_eq!(witness["switches"][0]["outcome"], "applied");
    assert!(witness["switches"][0]["proof"].is_number());
    for event in ["opened", "updated", "resolved"] {
        assert!(net.sink.has("/switching", event), "{event}");
    }
    assert!(daemon.logged(&[
        "decision: switch to",
        "\"verdict\":\"Me\"",
        "\"site\":\"test\"",
        "\"witness\":\"alice\""
    ]));
}

/// The key stays where it is, however many slots the witness misses.
async fn no_switch(net: &Net) {
    net.blocks(4 * net.config.round_length).await;
    assert_eq!(net.key_changes(), 0);
    assert_eq!(net.on_duty().as_deref(), Some("primary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crashed_primary_is_replaced_by_the_first_standby() {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    one_switch_to(&net, &daemon, "second").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hung_primary_is_replaced_by_the_standby_that_is_fit() {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    net.handle().put_behind(WITNESS, "second", 300).unwrap();
    until("the standby is seen to be unfit", async || net.sink.has("/node/second", "opened")).await;
    net.handle().hang(WITNESS, "primary").unwrap();
    one_switch_to(&net, &daemon, "third").await;
}

/// A standby that does not know the rules that most witnesses follow would produce on a branch of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_missed_a_hardfork_is_passed_over() {
    let (net, dir) = (Net::start().await, Net::directory());
    net.handle().upgrade(WITNESS, "second", "0.0.1").unwrap();
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    one_switch_to(&net, &daemon, "third").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_goes_back_once_the_primary_has_been_fit_for_long() {
    let (net, dir) = (Net::start().await, Net::directory());
    let setup = Setup { witness: "failback = { after = \"3s\" }\n".to_owned(), ..Setup::default() };
    let daemon = Daemon::start(&net.write(dir.path(), &setup));
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    one_switch_to(&net, &daemon, "second").await;
    let before = net.blocks_by("primary");
    net.handle().restart(WITNESS, "primary").unwrap();
    until("the primary produces again", async || net.blocks_by("primary") > before).await;
    net.blocks(2 * net.config.round_length).await;
    assert_eq!((net.key_changes(), net.on_duty().as_deref()), (2, Some("primary")));
    let witness = daemon.witness().await.unwrap();
    assert_eq!(witness["switches"][1]["outcome"], "applied");
    let reason = witness["switches"][1]["reason"].as_str().unwrap();
    assert!(reason.ends_with("and second only stands in for it"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lagging_primary_is_replaced() {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    net.handle().put_behind(WITNESS, "primary", 300).unwrap();
    one_switch_to(&net, &daemon, "second").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steem_has_no_future_schedule_and_late_irreversibility() {
    let net = Net::with(|config| config.chain = "steem".into()).await;
    let dir = Net::directory();
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    one_switch_to(&net, &daemon, "second").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_halted_chain_is_no_reason_to_switch() {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    net.handle().halt();
    until("the halt is reported", async || net.sink.has("/halted", "opened")).await;
    net.handle().resume();
    until("its end is reported", async || net.sink.has("/halted", "resolved")).await;
    no_switch(&net).await;
}

/// Lets the other witnesses miss that share of their slots, until the daemon sees it.
async fn thin(net: &Net, daemon: &Daemon, missed: f64, below_percent: u64) {
    net.handle().fill_outage(missed).unwrap();
    until("participation has dropped", async || {
        let status = daemon.status().await;
        status.is_some_and(|status| status["chains"][0]["participation_percent"].as_u64() < Some(below_percent))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thin_chain_is_no_reason_to_stay() {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    thin(&net, &daemon, 0.3, 79).await;
    net.handle().crash(WITNESS, "primary").unwrap();
    one_switch_to(&net, &daemon, "second").await;
}

/// Producers themselves stop there: they take the chain for a minority's.
#[tokio::test(flavor = "multi_thread")]
async fn below_a_third_of_participation_no_switch_helps() {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    thin(&net, &daemon, 0.85, 33).await;
    net.handle().crash(WITNESS, "primary").unwrap();
    net.own_misses(3).await;
    no_switch(&net).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stale_endpoints_are_no_reason_to_switch() {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    for index in 0..3 {
        net.handle().rpc_fault(index, RpcFault::Stale { blocks: 20 }).unwrap();
    }
    net.handle().crash(WITNESS, "primary").unwrap();
    until("blindness is reported", async || net.sink.has("/halted", "opened") || net.sink.has("/blind", "opened"))
        .await;
    net.own_misses(3).await;
    no_switch(&net).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_lying_and_one_dead_endpoint_of_five_do_not_matter() {
    let net = Net::with(|config| config.rpc_nodes = 5).await;
    let dir = Net::directory();
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    net.handle().rpc_fault(0, RpcFault::Fork).unwrap();
    net.handle().rpc_fault(1, RpcFault::Down).unwrap();
    net.handle().crash(WITNESS, "primary").unwrap();
    one_switch_to(&net, &daemon, "second").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn observe_mode_alerts_but_does_not_act() {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup { mode: "observe", ..Setup::default() }));
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the refusal is reported", async || net.sink.has("/refused/observing", "opened")).await;
    no_switch(&net).await;
    assert_eq!(daemon.status().await.unwrap()["chains"][0]["witnesses"][0]["mode"], "observe");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_daemons_make_one_key_change() {
    let net = Net::start().await;
    let (here, there) = (Net::directory(), Net::directory());
    let urls = net.devnet.rpc_urls();
    // Each has its own view: one shared endpoint and one of its own.
    let setup = |site, mine: &[usize]| Setup {
        site,
        endpoints: Some(mine.iter().map(|index| urls[*index].clone()).collect()),
        ..Setup::default()
    };
    let first = Daemon::start(&net.write(here.path(), &setup("here", &[0, 1])));
    let second = Daemon::start(&net.write(there.path(), &setup("there", &[2, 1])));
    first.ready().await;
    second.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 1).await;
    net.blocks(4 * net.config.round_length).await;
    assert_eq!(net.key_changes(), 1);
    for daemon in [&first, &second] {
        until("both know who is on duty", async || {
            daemon.witness().await.is_some_and(|w| w["on_duty"] == "second" && w["switching_to"].is_null())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_by_the_operator_is_respected() {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    let stranger = SecretKey::from_bytes([7; 32]).unwrap();
    let snapshot = net.handle().snapshot();
    let profile = net.devnet.profile();
    let head = net.handle().with(|devnet| devnet.head().id);
    let switch = Transaction::switch_signing_key(
        AccountName::new(WITNESS).unwrap(),
        net.secret("primary").public_key(),
        stranger.public_key(),
        head,
        Time::from_secs(snapshot.time.as_secs() + 60),
    )
    .sign(profile, &net.secret("primary"))
    .unwrap();
    let request = serde_json::json!({
        "jsonrpc": "2.0", "id": 1, "method": "condenser_api.broadcast_transaction",
        "params": [transaction_to_json(&switch, profile)],
    });
    dogwatch::install_tls_provider();
    let client = reqwest::Client::new();
    let answer = client.post(&net.devnet.rpc_urls()[0]).body(request.to_string()).send().await.unwrap();
    assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["result"], serde_json::json!({}));

    until("the strange key is reported", async || net.sink.has("/foreign-key", "opened")).await;
    net.own_misses(3).await;
    assert_eq!(net.key_changes(), 1, "the operator's own change, and no other");
    assert_eq!(daemon.witness().await.unwrap()["on_duty"], "an unknown key");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_daemon_watches_witnesses_on_several_chains() {
    let one = Net::start().await;
    let two = Net::with(|config| {
        config.chain = "steem".into();
        // No key may be used twice, not even on different chains.
        for (node, byte) in config.witnesses[0].nodes.iter_mut().zip(11..) {
            node.signing_key = Some(SecretKey::from_bytes([byte; 32]).unwrap().into());
        }
    })
    .await;
    let (dir, other) = (Net::directory(), Net::directory());
    let second = two.toml(other.path(), &Setup::default());
    let sections = &second[second.find("[[chain]]").unwrap()..second.find("[[channel]]").unwrap()];
    let path = one.write(dir.path(), &Setup::default());
    let text = std::fs::read_to_string(&path).unwrap() + &sections.replace("\"devnet\"", "\"other\"");
    std::fs::write(&path, text).unwrap();
    let daemon = Daemon::start(&path);
    until("both chains are seen", async || {
        let Some(status) = daemon.status().await else { return false };
        let chains = status["chains"].as_array().unwrap();
        chains.iter().all(|chain| {
            let witness = &chain["witnesses"][0];
            let fit = witness["nodes"].as_array().unwrap().iter().all(|node| node["health"] == "healthy");
            fit && witness["slots"].as_str().unwrap().ends_with('+')
        })
    })
    .await;
    let which = daemon.command(&["switch", WITNESS, "third"]).await;
    assert!(String::from_utf8_lossy(&which.stderr).contains("choose one with --chain"));

    two.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || two.blocks_by("second") > 0).await;
    two.blocks(2 * two.config.round_length).await;
    assert_eq!((one.key_changes(), two.key_changes()), (0, 1));
    assert_eq!(one.on_duty().as_deref(), Some("primary"));
}

/// The primary is dead, the page is open, and then the daemon is down for rounds. What it saw before still counts, and
/// nobody hears that the outage is over.
#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_was_down_in_mid_outage_remembers_it() {
    let (net, dir) = (Net::start().await, Net::directory());
    let setup = Setup { witness: "[witness.settings]\nmisses = 5".into(), ..Setup::default() };
    let config = net.write(dir.path(), &setup);
    let mut daemon = Daemon::start(&config);
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the outage is a page", async || net.sink.has("/missing", "opened")).await;
    daemon.delivered().await;
    daemon.kill().await;
    net.blocks(5 * net.config.round_length).await;
    assert_eq!(net.key_changes(), 0);

    let daemon = Daemon::start(&config);
    one_switch_to(&net, &daemon, "second").await;
    let received = net.sink.received();
    let missing = received.iter().filter(|alert| alert.text("key").ends_with("/missing"));
    let ends = missing.filter(|alert| alert.text("event") != "updated").take(2);
    let ends: Vec<(&str, &str)> = ends.map(|alert| (alert.text("event"), alert.text("details"))).collect();
    let [("opened", _), ("resolved", how)] = ends.as_slice() else { panic!("one outage is one alert: {ends:?}") };
    assert_eq!(*how, "Node second has produced a block.");
}
