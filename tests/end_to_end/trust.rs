//! Which plugin files are used: pinned ones, and ones that nobody else can change.

use std::process::Command;

use crate::support::{Daemon, Net, Setup, hostile, mine, put, threshold, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_says_which_file_a_plugin_must_be() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (plugins, setup) = mine(dir.path(), "");
    // A file in the place of a bundled plugin.
    let setup = Setup { witness: "policy = \"threshold\"".into(), ..setup };
    put(&plugins, "threshold", threshold());
    let config = net.write(dir.path(), &setup);
    let check = |contains: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_dogwatch")).args(["check", "--config"]).arg(&config).output();
        let said = String::from_utf8_lossy(&output.unwrap().stdout).into_owned();
        assert!(said.contains(contains), "{contains} is not in: {said}");
    };
    check("takes the place of the bundled plugin of that name, and the configuration does not pin it");
    let before = std::fs::read_to_string(&config).unwrap();
    let trust = Command::new(env!("CARGO_BIN_EXE_dogwatch"))
        .args(["plugin", "trust", "threshold", "--config"])
        .arg(&config)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&trust.stdout).into_owned();
    assert!(trust.status.success() && told.contains("[plugin.threshold]\nsha256 = "), "{told}");
    let after = std::fs::read_to_string(&config).unwrap();
    assert!(after.starts_with(before.trim_end()) && after.contains("[plugin.threshold]"), "{after}");

    let daemon = Daemon::start(&config);
    daemon.ready().await;
    assert!(!net.sink.has("/policy-failed", "opened"));
    put(&plugins, "threshold", &hostile(b"good"));
    until("another file is refused", async || net.sink.has("/plugin-refused/threshold", "opened")).await;
    let details = net.sink.alerts("/plugin-refused/threshold", "opened")[0].text("details").to_owned();
    assert!(details.contains("is not the file that the configuration pins"), "{details}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_others_can_change_decides_nothing() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (plugins, setup) = mine(dir.path(), "");
    put(&plugins, "mine", threshold());
    let file = plugins.join("mine.wasm");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o664)).unwrap();
    let _daemon = Daemon::start(&net.write(dir.path(), &setup));
    until("it is refused", async || net.sink.has("/policy-failed", "opened")).await;
    let details = net.sink.alerts("/policy-failed", "opened")[0].text("details").to_owned();
    assert!(details.contains("can be changed by others: it can be written by others (mode 0664)"), "{details}");
}
