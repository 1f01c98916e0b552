//! Two witnesses on the same nodes: one alert for a node that dies, and what one of them misses there moves the key of the other.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use dogwatch_chain::AccountName;
use dogwatch_devnet::{DevnetSlotOutcome, DevnetWitnessConfig, Elected};

use crate::support::{Daemon, Net, Setup, WITNESS, until};

const OTHER: &str = "bob";

/// Alice has a slot in each round, and bob in one of ten.
async fn start() -> Net {
    Net::with(|config| {
        let alice = &config.witnesses[0];
        let (name, nodes) = (AccountName::new(OTHER).unwrap(), alice.nodes.clone());
        let bob = DevnetWitnessConfig { name, nodes, elected: Elected::InTurn, active_key: None };
        config.witnesses.push(bob);
        config.spare = 9;
    })
    .await
}

/// Both witnesses, on nodes that have sections of their own.
fn write(net: &Net, directory: &Path) -> PathBuf {
    let path = net.write(directory, &Setup::default());
    let text = std::fs::read_to_string(&path).unwrap();
    let mut toml: String =
        text.lines().filter(|line| !line.starts_with("probe = ")).fold(String::new(), |mut all, line| {
            writeln!(all, "{line}").unwrap();
            all
        });
    let bob = &net.config.witnesses[1];
    for node in &bob.nodes {
        let probe = net.devnet.node_url(WITNESS, &node.name).unwrap();
        write!(toml, "[[node]]\nname = \"{}\"\nprobe = \"{probe}\"\n", node.name).unwrap();
    }
    write!(toml, "[[witness]]\nname = \"{OTHER}\"\nchain = \"devnet\"\npolicy = \"threshold\"\nprobe_rise = 2\n")
        .unwrap();
    for node in &bob.nodes {
        let secret = bob.signing_secret(node);
        let file = directory.join(format!("{OTHER}-{}.wif", node.name));
        std::fs::write(&file, &**secret.to_wif()).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
        let (name, public) = (&node.name, secret.public_key().display(&net.devnet.profile().prefix));
        write!(toml, "[[witness.node]]\nname = \"{name}\"\npublic_key = \"{public}\"\nkey = {{ file = {file:?} }}\n")
            .unwrap();
    }
    std::fs::write(&path, toml).unwrap();
    path
}

/// Which node holds bob's key.
fn on_duty(net: &Net) -> Option<String> {
    let snapshot = net.handle().snapshot();
    let bob = &snapshot.witnesses[&AccountName::new(OTHER).unwrap()];
    bob.nodes.iter().find(|(_, node)| node.key == bob.signing_key).map(|(name, _)| name.clone())
}

/// How often bob has a slot in the rounds that are known, past ones with `outcome`.
fn slots_of_bob(net: &Net, outcome: impl Fn(&DevnetSlotOutcome) -> bool) -> usize {
    let slots = net.handle().snapshot().slots;
    slots.iter().filter(|slot| slot.witness.as_str() == OTHER && outcome(&slot.outcome)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_node_is_one_alert_and_moves_both_keys_on_the_misses_of_one() {
    let (net, dir) = (start().await, Net::directory());
    let daemon = Daemon::start(&write(&net, dir.path()));
    daemon.ready().await;
    let before = slots_of_bob(&net, |_| true);
    until("bob has had his slot, and has none for many rounds", async || {
        let schedule = net.handle().with(|devnet| devnet.schedule());
        let named = |names: &[AccountName]| names.iter().any(|name| name.as_str() == OTHER);
        slots_of_bob(&net, |_| true) > before
            && !named(&schedule.current)
            && !schedule.future.is_some_and(|next| named(&next))
    })
    .await;
    // It is one node: what runs there for either of them ends.
    net.handle().crash(WITNESS, "primary").unwrap();
    net.handle().crash(OTHER, "primary").unwrap();
    until("bob's key moves", async || on_duty(&net).as_deref() == Some("second")).await;
    until("alice's successor produces", async || net.blocks_by("second") > 0).await;
    assert_eq!(net.on_duty().as_deref(), Some("second"));
    assert_eq!(
        slots_of_bob(&net, |outcome| *outcome == DevnetSlotOutcome::Missed),
        0,
        "it moved before he missed a slot"
    );
    assert_eq!(net.key_changes(), 2);

    until("the alert is sent", async || net.sink.has("node/devnet/primary/node", "opened")).await;
    daemon.delivered().await;
    let about_nodes: Vec<String> = net.sink.received().iter().map(|alert| alert.text("key").to_owned()).collect();
    let opened = net.sink.alerts("/node", "opened");
    assert_eq!(opened.len(), 1, "{about_nodes:?}");
    assert!(!about_nodes.iter().any(|key| key.contains("/node/primary")), "{about_nodes:?}");
    assert!(opened[0].text("summary").starts_with("node primary is not fit: "), "{}", opened[0].body);
    for witness in [WITNESS, OTHER] {
        assert!(opened[0].text("details").contains(&format!("\n{witness}: It is on duty")), "{}", opened[0].body);
    }
    assert!(!net.sink.has("/bob/missing", "opened"), "bob has missed nothing");
    let switch = &net.sink.alerts("/bob/switching", "opened")[0];
    assert!(switch.text("details").contains("primary missed 2 slots in a row"), "{}", switch.body);

    net.handle().restart(WITNESS, "primary").unwrap();
    net.handle().restart(OTHER, "primary").unwrap();
    until("it is over once, for both", async || net.sink.has("node/devnet/primary/node", "resolved")).await;
    daemon.delivered().await;
    assert_eq!(net.sink.alerts("/node", "resolved").len(), 1);
}
