//! `dogwatch switch --when safe`: planned switches.

use std::process::{Output, Stdio};

use dogwatch_devnet::DevnetSlotOutcome;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout};

use crate::support::{Daemon, Net, Setup, WITNESS, until};

async fn start(net: &Net) -> (tempfile::TempDir, Daemon) {
    let dir = Net::directory();
    let daemon = Daemon::start(&net.write(dir.path(), &Setup::default()));
    daemon.ready().await;
    (dir, daemon)
}

/// Node second runs with another key than the one that is configured for it.
async fn start_with_other_key() -> (Net, tempfile::TempDir, Daemon) {
    let (net, dir) = (Net::start().await, Net::directory());
    let daemon = Daemon::start(&net.write_with_other_key(dir.path(), "second"));
    daemon.ready().await;
    (net, dir, daemon)
}

async fn safely(daemon: &Daemon, to: &str, more: &[&str]) -> (Output, String) {
    let arguments = [&["switch", WITNESS, to, "--when", "safe"], more].concat();
    let output = daemon.command(&arguments).await;
    let said = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat();
    (output, said)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_switch_is_proven_by_a_block() {
    let net = Net::start().await;
    let (_dir, daemon) = start(&net).await;
    let (output, said) = safely(&daemon, "second", &["--dry-run"]).await;
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("Would switch alice from primary to second") && said.contains("Nothing was done."), "{said}");
    assert_eq!(net.key_changes(), 0);

    let (output, said) = safely(&daemon, "second", &[]).await;
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("second has signed block") && said.contains("alice: second is on duty."), "{said}");
    assert_eq!((net.key_changes(), net.on_duty().as_deref()), (1, Some("second")));
}

/// The command begins at its moment, and goes by who is on duty then.
#[tokio::test(flavor = "multi_thread")]
async fn a_planned_switch_begins_at_its_moment() {
    let net = Net::start().await;
    let (_dir, daemon) = start(&net).await;
    let (output, said) = safely(&daemon, "second", &["--at", "2018-07-28T07:00:00Z"]).await;
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("--at: that moment is past"), "{said}");
    let (output, said) = safely(&daemon, "second", &["--at", "02:00", "--dry-run"]).await;
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("Would wait until 2") && said.contains("T02:00:00Z"), "{said}");
    assert_eq!(net.key_changes(), 0);

    let wait = std::time::Duration::from_secs(6);
    let begins = jiff::Timestamp::now() + wait;
    let not_before = net.handle().now().plus(wait);
    let (output, said) = safely(&daemon, "second", &["--at", &begins.to_string()]).await;
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("Waiting until 2") && said.contains("alice: second is on duty."), "{said}");
    let snapshot = net.handle().snapshot();
    let block = snapshot.key_changes[0].block;
    let holds_it = |outcome: &DevnetSlotOutcome| matches!(outcome, DevnetSlotOutcome::Produced { block: other, .. } if *other == block);
    let switched = snapshot.slots.iter().find(|slot| holds_it(&slot.outcome)).unwrap().time;
    assert!(switched >= not_before, "switched at {switched}, and not before {not_before} was asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_switch_to_a_node_that_is_not_fit_is_refused() {
    let net = Net::start().await;
    let (_dir, daemon) = start(&net).await;
    net.handle().crash(WITNESS, "second").unwrap();
    until("the node is known to be dead", async || net.sink.has("/node/second", "opened")).await;
    let (output, said) = safely(&daemon, "second", &[]).await;
    assert_eq!(output.status.code(), Some(7), "{said}");
    assert!(said.contains("node second is not fit: ") && said.contains("Nothing was done."), "{said}");
    let (output, said) = safely(&daemon, "secnod", &[]).await;
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("the nodes are primary, second, third"), "{said}");
    let (output, said) = safely(&daemon, "primary", &[]).await;
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("node primary holds the signing key already"), "{said}");
    assert_eq!(net.key_changes(), 0);
}

/// The new node runs with another key than the one that is configured for it: it misses its slot, and the key goes back.
#[tokio::test(flavor = "multi_thread")]
async fn a_planned_switch_that_fails_is_taken_back() {
    let (net, _dir, daemon) = start_with_other_key().await;
    let (output, said) = safely(&daemon, "second", &[]).await;
    assert_eq!(output.status.code(), Some(7), "{said}");
    for step in
        ["second has missed its slot", "move the key back to primary", "primary has signed block", "back with primary"]
    {
        assert!(said.contains(step), "{step}: {said}");
    }
    assert_eq!((net.key_changes(), net.on_duty().as_deref()), (2, Some("primary")));
}

/// A planned switch whose output is read while it goes on.
struct Started {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Started {
    fn new(daemon: &Daemon, to: &str, more: &[&str]) -> Self {
        let mut command = daemon.to_run(&[&["switch", WITNESS, to, "--when", "safe"], more].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    async fn until_it_says(&mut self, what: &str) {
        let mut line = String::new();
        while !line.contains(what) {
            line.clear();
            assert!(self.output.read_line(&mut line).await.unwrap() > 0, "it ended, and never said {what:?}");
        }
    }

    async fn signal(&self, name: &str) {
        let process = self.child.id().unwrap().to_string();
        let mut kill = tokio::process::Command::new("kill");
        assert!(kill.args(["-s", name, &process]).status().await.unwrap().success());
    }

    /// Its exit code, and what it said at last.
    async fn ended(self) -> (Option<i32>, String) {
        // As when the terminal is gone.
        drop(self.output);
        let output = self.child.wait_with_output().await.unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// A planned switch to a node that will miss its slot, when it is on its way.
async fn doomed() -> (Net, tempfile::TempDir, Daemon, Started) {
    let (net, dir, daemon) = start_with_other_key().await;
    let mut switch = Started::new(&daemon, "second", &[]);
    switch.until_it_says("is on its way").await;
    (net, dir, daemon, switch)
}

/// The terminal goes away in the middle, and the switch is taken back all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_planned_switch_is_seen_through_when_its_terminal_is_gone() {
    let (net, _dir, _daemon, switch) = doomed().await;
    switch.signal("HUP").await;
    switch.signal("INT").await;
    let (code, said) = switch.ended().await;
    assert_eq!(code, Some(7), "{said}");
    assert!(said.contains("this goes on until it is proven or taken back"), "{said}");
    assert!(said.contains("The key is back with primary."), "{said}");
    assert_eq!((net.key_changes(), net.on_duty().as_deref()), (2, Some("primary")));
}

/// Nothing is left of the command, and the daemon takes the switch back all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_planned_switch_is_taken_back_though_the_command_was_killed() {
    let (net, _dir, _daemon, switch) = doomed().await;
    switch.signal("KILL").await;
    assert_eq!(switch.ended().await.0, None);
    until("the key is back", async || net.key_changes() == 2 && net.on_duty().as_deref() == Some("primary")).await;
}

/// Before the switch has begun a signal ends the command, and nothing was done.
#[tokio::test(flavor = "multi_thread")]
async fn a_planned_switch_that_has_not_begun_can_be_stopped() {
    let net = Net::start().await;
    let (_dir, daemon) = start(&net).await;
    let later = jiff::Timestamp::now() + std::time::Duration::from_secs(3600);
    let mut switch = Started::new(&daemon, "second", &["--at", &later.to_string()]);
    switch.until_it_says("Waiting until").await;
    switch.signal("TERM").await;
    let (code, said) = switch.ended().await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("No move of the key is under way"), "{said}");
    assert_eq!(net.key_changes(), 0);
}
