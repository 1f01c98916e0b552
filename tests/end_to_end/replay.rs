//! The journal of decisions, and what another policy makes of it.

use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use dogwatch_engine::Situation;
use dogwatch_sim::PolicyChoice;
use sha2::{Digest as _, Sha256};

use crate::support::{Daemon, Net, Setup, WITNESS, hostile, mine, put, until};

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
        let mut command = Command::new(env!("CARGO_BIN_EXE_dogwatch"));
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

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_takes_over_the_memory_of_the_one_before_it_and_an_old_one_finds_its_own() {
    let (net, dir) = (Net::start().await, Net::directory());
    let (plugins, setup) = mine(dir.path(), "[witness.settings]\nbehaviour = \"remember\"");
    put(&plugins, "mine", &hostile(b"one."));
    let mut daemon = Daemon::start(&net.write(dir.path(), &setup));
    daemon.ready().await;
    let now = async || daemon.witness().await.unwrap()["policy"]["sha256"].as_str().unwrap_or_default().to_owned();
    until("the first file decides", async || !now().await.is_empty()).await;
    let first = now().await;
    put(&plugins, "mine", &hostile(b"two."));
    until("the second file decides", async || now().await != first).await;
    put(&plugins, "mine", &hostile(b"one."));
    until("the first file decides again", async || now().await == first).await;
    daemon.terminate().await;

    // File and memory of each call.
    let calls: Vec<(String, Vec<u8>)> = journal(&dir.path().join("state/decisions"))
        .iter()
        .filter_map(|entry| {
            let sha256 = entry["policy"]["sha256"].as_str()?.to_owned();
            Some((sha256, hex::decode(entry["memory"].as_str()?).ok()?))
        })
        .collect();
    let begins = |at: usize| calls[at..].iter().position(|(file, _)| *file != calls[at].0).unwrap_or(calls.len()) + at;
    let (second, again) = (begins(0), begins(begins(0)));
    assert!(again < calls.len(), "{calls:?}");
    // The policy keeps one zero more after each call.
    let zeros = |count: usize| vec![0_u8; count];
    assert_eq!(calls[0].1, zeros(0));
    let kept = zeros(second);
    assert_eq!(calls[second].1, [b"once ", kept.as_slice()].concat(), "taken over");
    assert_eq!(calls[again].1, kept, "and its own");
}

/// What a journal holds, oldest first.
fn journal(folder: &Path) -> Vec<serde_json::Value> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().flat_map(|file| entries(file)).collect()
}

fn entries(file: &Path) -> Vec<serde_json::Value> {
    let mut text = Vec::new();
    // The file of a daemon that was killed ends in the middle, and with whole lines all the same.
    let _ = flate2::read::MultiGzDecoder::new(std::fs::File::open(file).unwrap()).read_to_end(&mut text);
    String::from_utf8(text).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Journals that were kept on another machine: the policies decide here what they decided there, to the byte, from the file in the
/// sandbox, which one compiler has made, and natively, by another one. What changes a policy's decisions or their wording changes the hash.
#[test]
fn decisions_are_the_same_on_any_machine_and_by_either_compiler() {
    let journals = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/journals");
    for (name, situations, different, sha256) in [
        ("demo", 63, 6, "5be1ad9ba6bf81e49acf67f226237cd9dfad19f9180b15485bb9f7150ff2907d"),
        ("incident-2018", 13, 1, "227bb60737bf2aeece3154ba99c0ec8ebdc6085d48938f770291797fb4777a11"),
    ] {
        let journal = journals.join(name).with_extension("jsonl.gz");
        let mut command = Command::new(env!("CARGO_BIN_EXE_dogwatch"));
        let output = command.arg("replay").arg(&journal).args(["--policy", "threshold", "--json"]).output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&report["situations"], &report["different"]), (&situations.into(), &different.into()), "{report}");
        assert_eq!(report["sha256"][1], serde_json::json!(["threshold", sha256]), "{name}, in the sandbox");
        assert_eq!(native(&journal), sha256, "{name}, natively");
    }
}

/// The same hash over the decisions of `threshold` as it is compiled into this program.
fn native(journal: &Path) -> String {
    let (mut policy, mut memory, mut hash) = (PolicyChoice::Threshold(2).native(0), Vec::new(), Sha256::new());
    for entry in entries(journal) {
        let situation: Situation = serde_json::from_value(entry["situation"].clone()).unwrap();
        let decided = policy.decide(&situation, &memory).map_err(|why| why.to_string());
        hash.update(serde_json::to_vec(&decided).unwrap());
        memory = decided.unwrap().memory;
    }
    hex::encode(hash.finalize())
}
