//! A plugin put into the plugin directory is used without a restart, and one that fails stops nothing.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use dogwatch_guest_build::GuestToolchain;

use crate::support::{Daemon, Net, Setup, WITNESS, until};

/// A policy, compiled.
fn policy(package: &str) -> PathBuf {
    static BUILT: OnceLock<Vec<PathBuf>> = OnceLock::new();
    let packages = ["policy-threshold", "hostile-policy"];
    let built = BUILT.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let target = root.join("target/guests");
        GuestToolchain::detect().unwrap().build(&root, &packages, &target).unwrap()
    });
    built[packages.iter().position(|known| *known == package).unwrap()].clone()
}

/// The hostile policy, with another behaviour where no setting says which.
fn hostile(behaviour: &[u8; 4]) -> Vec<u8> {
    let mut bytes = std::fs::read(policy("hostile-policy")).unwrap();
    let marker = b"by default: ";
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(marker)).collect();
    let [place] = places[..] else { unreachable!("the default behaviour is in the file {} times", places.len()) };
    bytes[place + marker.len()..][..4].copy_from_slice(behaviour);
    bytes
}

/// Puts a whole file in place.
fn put(plugins: &Path, name: &str, bytes: &[u8]) {
    let half = plugins.join(format!(".{name}.part"));
    std::fs::write(&half, bytes).unwrap();
    std::fs::rename(&half, plugins.join(format!("{name}.wasm"))).unwrap();
}

/// A directory for plugins, and a configuration whose policy is `mine`.
fn mine(dir: &Path, more: &str) -> (PathBuf, Setup) {
    let plugins = dir.join("plugins");
    std::fs::create_dir(&plugins).unwrap();
    let top = format!("plugins_dir = {plugins:?}");
    (plugins, Setup { top, witness: format!("policy = \"mine\"\n{more}"), ..Setup::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_policy_file_replaces_a_missing_policy() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (plugins, setup) = mine(dir.path(), "");
    let daemon = Daemon::start(&net.write(dir.path(), &setup));
    until("the missing policy is reported", async || net.sink.has("/policy-failed", "opened")).await;

    put(&plugins, "mine", &std::fs::read(policy("policy-threshold")).unwrap());
    until("the policy works", async || net.sink.has("/policy-failed", "resolved")).await;
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;

    let list = daemon.command(&["plugin", "list", "--json"]).await;
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    let names: Vec<&str> = list["plugins"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert!(["mine", "threshold", "webhook"].iter().all(|name| names.contains(name)), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fallback_policy_decides_where_the_configured_one_fails() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (plugins, setup) = mine(dir.path(), "");
    put(&plugins, "mine", &hostile(b"loop"));
    let daemon = Daemon::start(&net.write(dir.path(), &setup));
    until("the failing policy is reported", async || net.sink.has("/policy-failed", "opened")).await;
    let alert = &net.sink.alerts("/policy-failed", "opened")[0];
    assert_eq!(alert.text("severity"), "critical");
    assert!(alert.text("summary").ends_with("the failover policy fails; policy proactive decides in its place"));
    assert!(
        alert.text("details").contains("plugin mine failed in `decide`: it used up its"),
        "{}",
        alert.text("details")
    );
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    let witness = daemon.witness().await.unwrap();
    assert_eq!(witness["policy"]["name"], "proactive", "{witness}");
    let reason = witness["switches"][0]["reason"].as_str().unwrap_or_default();
    assert!(reason.starts_with("policy proactive, in place of the one that fails: "), "{witness}");

    put(&plugins, "mine", &std::fs::read(policy("policy-threshold")).unwrap());
    until("the policy works", async || net.sink.has("/policy-failed", "resolved")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_fallback_policy_the_key_stays_and_somebody_is_paged() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (plugins, setup) = mine(dir.path(), "fallback_policy = \"none\"");
    put(&plugins, "mine", &hostile(b"loop"));
    let _daemon = Daemon::start(&net.write(dir.path(), &setup));
    until("the failing policy is reported", async || net.sink.has("/policy-failed", "opened")).await;
    let alert = &net.sink.alerts("/policy-failed", "opened")[0];
    assert_eq!(alert.text("severity"), "page");
    assert!(alert.text("summary").ends_with("the failover policy fails, so Dogwatch does not switch"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_fails_when_it_is_tried_does_not_replace_one_that_works() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (plugins, setup) = mine(dir.path(), "");
    put(&plugins, "mine", &std::fs::read(policy("policy-threshold")).unwrap());
    let daemon = Daemon::start(&net.write(dir.path(), &setup));
    daemon.ready().await;
    let opened = |count: usize| net.sink.alerts("/plugin-refused/mine", "opened").len() == count;
    put(&plugins, "mine", &hostile(b"loop"));
    until("the file is refused", async || opened(1)).await;
    let details = net.sink.alerts("/plugin-refused/mine", "opened")[0].text("details").to_owned();
    for part in ["alice", "tried on \"", "it used up its", "(sha256 ", "The version before stays in use"] {
        assert!(details.contains(part), "{part} is not in: {details}");
    }
    put(&plugins, "mine", b"\0asm, and nothing that follows");
    until("another one is refused", async || opened(2)).await;
    put(&plugins, "mine", &hostile(b"good"));
    until("one that works takes its place", async || net.sink.has("/plugin-refused/mine", "resolved")).await;
    assert!(!net.sink.has("/policy-failed", "opened"), "the old one decided all the while");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_says_which_file_a_plugin_must_be() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (plugins, setup) = mine(dir.path(), "");
    // A file in the place of a bundled plugin.
    let setup = Setup { witness: "policy = \"threshold\"".into(), ..setup };
    put(&plugins, "threshold", &std::fs::read(policy("policy-threshold")).unwrap());
    let config = net.write(dir.path(), &setup);
    let check = |contains: &str| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_dogwatch"))
            .args(["check", "--config"])
            .arg(&config)
            .output();
        let said = String::from_utf8_lossy(&output.unwrap().stdout).into_owned();
        assert!(said.contains(contains), "{contains} is not in: {said}");
    };
    check("takes the place of the bundled plugin of that name, and the configuration does not pin it");
    let before = std::fs::read_to_string(&config).unwrap();
    let trust = std::process::Command::new(env!("CARGO_BIN_EXE_dogwatch"))
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
    put(&plugins, "mine", &std::fs::read(policy("policy-threshold")).unwrap());
    let file = plugins.join("mine.wasm");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o664)).unwrap();
    let _daemon = Daemon::start(&net.write(dir.path(), &setup));
    until("it is refused", async || net.sink.has("/policy-failed", "opened")).await;
    let details = net.sink.alerts("/policy-failed", "opened")[0].text("details").to_owned();
    assert!(details.contains("can be changed by others: it can be written by others (mode 0664)"), "{details}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_tells_what_was_decided_and_what_another_policy_would_have() {
    let (net, dir) = (Net::start().await, Net::directory());
    let mut daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    daemon.terminate().await;
    let state = dir.path().join("state");
    let replay = |options: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_dogwatch"));
        let output = command.arg("replay").arg(&state).args(options).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        said
    };
    let mode =
        |path: &Path| std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions()) & 0o777;
    let journal = state.join("decisions");
    assert_eq!(mode(&journal), 0o700);
    for file in std::fs::read_dir(&journal).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
    let was = replay(&[]);
    assert!(was.contains("as it was    switch to second: "), "{was}");
    let patient = hostile(b"good");
    let file = dir.path().join("patient.wasm");
    std::fs::write(&file, patient).unwrap();
    let file = file.to_str().unwrap();
    let other = replay(&["--policy", file]);
    assert!(other.contains("<- differs") && other.contains("patient      stay: nothing to do"), "{other}");
    assert_eq!(other, replay(&["--policy", file]), "the same decisions give the same hash");
    let same = replay(&["--diff", file, file, "--json"]);
    let same: serde_json::Value = serde_json::from_str(&same).unwrap();
    assert_eq!(same["different"], 0);
    assert!(same["situations"].as_u64().unwrap() > 10, "{same}");
}

/// A journal that was kept on another machine: the bundled policies decide there what they decided, to the byte. What changes a policy's
/// decisions or their wording changes the first hash.
#[test]
fn decisions_are_the_same_on_any_machine() {
    let journal = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/journals/demo.jsonl.gz");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_dogwatch"));
    let output = command.arg("replay").arg(journal).args(["--policy", "threshold", "--json"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["situations"], &report["different"]), (&63.into(), &6.into()), "{report}");
    let (name, hash) = (&report["sha256"][1][0], &report["sha256"][1][1]);
    assert_eq!(
        (name, hash),
        (&"threshold".into(), &"5be1ad9ba6bf81e49acf67f226237cd9dfad19f9180b15485bb9f7150ff2907d".into())
    );
}
