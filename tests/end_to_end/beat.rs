//! Beats: what a node's own machine says of it.

use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Daemon, Net, Setup, WITNESS, until};

/// A process that only its own machine can see, and the command that watches it there. Both end with it.
struct Machine {
    process: Child,
    beat: Child,
}

impl Machine {
    /// Runs beside that node's process.
    fn start(folder: &Path) -> Self {
        // It does something now and then, as a node does.
        let process = quiet("sh").args(["-c", "while :; do sleep 0.1; done"]).spawn().unwrap();
        std::fs::write(folder.join("node.pid"), process.id().to_string()).unwrap();
        let beat = dogwatch().arg("beat").arg("--config").arg(folder.join("beat.toml")).spawn().unwrap();
        Self { process, beat }
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        for child in [&mut self.beat, &mut self.process] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn quiet(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn dogwatch() -> Command {
    quiet(env!("CARGO_BIN_EXE_dogwatch"))
}

/// A daemon that hears the machine of that node.
struct Watched {
    dir: TempDir,
    config: PathBuf,
}

impl Watched {
    fn new(net: &Net, node: &str, setup: Setup, edit: impl Fn(String) -> String) -> Self {
        let dir = Net::directory();
        let key = dir.path().join("beat.key");
        let made = Command::new(env!("CARGO_BIN_EXE_dogwatch")).args(["beat", "--new-key"]).arg(&key).output().unwrap();
        let told = String::from_utf8(made.stdout).unwrap();
        let line = told.lines().last().unwrap();
        let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let top = format!("{}[beats]\nlisten = \"127.0.0.1:{port}\"\n", setup.top);
        let config = net.write(dir.path(), &Setup { top, ..setup });
        let text = std::fs::read_to_string(&config).unwrap();
        let name = format!("name = \"{node}\"\n");
        assert!(text.contains(&name));
        std::fs::write(&config, edit(text.replace(&name, &format!("{name}{line}\n")))).unwrap();
        let rpc = net.devnet.node_url(WITNESS, node).unwrap();
        let beat = format!(
            "key = {{ file = {key:?} }}\nwatchers = [\"127.0.0.1:{port}\"]\nevery = \"200ms\"\n\
             [process]\npid_file = {:?}\nname = \"sh\"\n[node]\nrpc = \"{rpc}\"\n",
            dir.path().join("node.pid")
        );
        std::fs::write(dir.path().join("beat.toml"), beat).unwrap();
        Self { dir, config }
    }
}

async fn node(daemon: &Daemon, place: usize) -> Value {
    daemon.witness().await.map_or(Value::Null, |witness| witness["nodes"][place].clone())
}

/// All nodes are fit, and the machine of the one on duty is heard.
async fn start(net: &Net) -> (Watched, Daemon, Machine) {
    let setup = Setup { witness: "policy = \"proactive\"\n".to_owned(), ..Setup::default() };
    let watched = Watched::new(net, "primary", setup, |text| text);
    let daemon = Daemon::start(&watched.config);
    daemon.ready().await;
    let machine = Machine::start(watched.dir.path());
    until("beats are heard", async || node(&daemon, 0).await["beat"]["state"] == "running").await;
    (watched, daemon, machine)
}

/// Its port goes on answering, as that of a proxy does: nobody but its own machine knows.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ended_behind_a_proxy_is_replaced() {
    let net = Net::start().await;
    let (_watched, daemon, machine) = start(&net).await;
    machine.signal("-KILL");
    until("the second node produces", async || net.blocks_by("second") > 0).await;
    assert_eq!((net.key_changes(), net.on_duty().as_deref()), (1, Some("second")));
    until("the switch is told", async || net.sink.has("/switching", "opened")).await;
    let told = &net.sink.alerts("/switching", "opened")[0];
    let why = told.text("details");
    assert!(why.contains("and its process has ended; second is the next fit node"), "{why}");
    until("the node is told", async || net.sink.has("/node/primary", "opened")).await;
    let told = &net.sink.alerts("/node/primary", "opened")[0];
    assert_eq!(told.text("summary"), "alice: node primary is not fit: its process has ended, as its own machine says");
    assert_eq!(node(&daemon, 0).await["beat"]["state"], "ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_stopped_is_replaced() {
    let net = Net::start().await;
    let (_watched, daemon, machine) = start(&net).await;
    machine.signal("-STOP");
    until("the second node produces", async || net.blocks_by("second") > 0).await;
    assert_eq!(node(&daemon, 0).await["beat"]["state"], "stalled");
}

/// Nobody reaches the standby: its machine asks it, and that is as good as a probe.
#[tokio::test(flavor = "multi_thread")]
async fn a_standby_behind_a_firewall_takes_over() {
    let net = Net::start().await;
    let setup = Setup { witness: "policy = \"threshold\"\n".to_owned(), ..Setup::default() };
    let probe = format!("probe = \"{}\"\n", net.devnet.node_url(WITNESS, "second").unwrap());
    let watched = Watched::new(&net, "second", setup, |text| text.replace(&probe, ""));
    let daemon = Daemon::start(&watched.config);
    until("the others are fit", async || node(&daemon, 2).await["health"] == "healthy").await;
    assert_eq!(node(&daemon, 1).await["health"], "unknown");
    let machine = Machine::start(watched.dir.path());
    daemon.ready().await;
    assert_eq!(node(&daemon, 1).await["health"], "healthy");
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the second node produces", async || net.blocks_by("second") > 0).await;
    assert_eq!((net.key_changes(), net.on_duty().as_deref()), (1, Some("second")));
    drop(machine);
}
