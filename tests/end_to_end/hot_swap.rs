//! A plugin put into the plugin directory is used without a restart.

use dogwatch_guest_build::GuestToolchain;

use crate::support::{Daemon, Net, Setup, WITNESS, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_policy_file_replaces_a_missing_policy() {
    let (net, dir) = (Net::start().await, Net::directory());
    let plugins = dir.path().join("plugins");
    std::fs::create_dir(&plugins).unwrap();
    let setup =
        Setup { top: format!("plugins_dir = {plugins:?}"), witness: "policy = \"mine\"".into(), ..Setup::default() };
    let daemon = Daemon::start(&net.write(dir.path(), &setup));
    until("the missing policy is reported", async || net.sink.has("/policy-failed", "opened")).await;

    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = root.join("target/guests");
    let built = GuestToolchain::detect().unwrap().build(&root, &["policy-threshold"], &target).unwrap();
    let half = plugins.join(".mine.wasm.part");
    std::fs::copy(&built[0], &half).unwrap();
    std::fs::rename(&half, plugins.join("mine.wasm")).unwrap();

    until("the policy works", async || net.sink.has("/policy-failed", "resolved")).await;
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;

    let list = daemon.command(&["plugin", "list", "--json"]).await;
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    let names: Vec<&str> = list["plugins"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert!(["mine", "threshold", "webhook"].iter().all(|name| names.contains(name)), "{names:?}");
}
