//! Watching real processes.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::*;

/// A process that sleeps, and a pid file for it.
struct Sleeper {
    child: Child,
    folder: tempfile::TempDir,
}

impl Sleeper {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let child = Self::spawn(folder.path());
        Self { child, folder }
    }

    fn spawn(folder: &Path) -> Child {
        let child = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap();
        std::fs::write(folder.join("pid"), child.id().to_string()).unwrap();
        child
    }

    fn place(&self, process: Option<&str>) -> Place {
        Place::PidFile { file: self.folder.path().join("pid"), process: process.map(str::to_owned) }
    }

    fn end(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const RUNNING: Seen = Seen::Process(ProcessState::Running);
const ENDED: Seen = Seen::Process(ProcessState::Ended);
const STALLED: Seen = Seen::Process(ProcessState::Stalled);

#[tokio::test]
async fn the_end_of_a_process_is_noticed_and_its_next_start() {
    let mut sleeper = Sleeper::start();
    let mut watch = ProcessWatch::new(sleeper.place(Some("sleep")));
    let now = Instant::now();
    assert_eq!(watch.look(now).unwrap(), RUNNING);
    sleeper.end();
    watch.ended().await;
    assert_eq!(watch.look(now).unwrap(), ENDED, "the pid file still has its number");
    sleeper.child = Sleeper::spawn(sleeper.folder.path());
    // Until it has become `sleep`, it is a copy of this process.
    while watch.look(now).unwrap() != RUNNING {
        tokio::task::yield_now().await;
    }
}

/// Its parent need not take notice of its end.
#[tokio::test]
async fn a_zombie_is_no_process() {
    let mut sleeper = Sleeper::start();
    let mut watch = ProcessWatch::new(sleeper.place(None));
    let now = Instant::now();
    assert_eq!(watch.look(now).unwrap(), RUNNING);
    sleeper.child.kill().unwrap();
    watch.ended().await;
    assert_eq!(watch.look(now).unwrap(), ENDED);
}

#[tokio::test]
async fn a_process_of_another_name_is_none_and_no_proof() {
    let sleeper = Sleeper::start();
    let mut watch = ProcessWatch::new(sleeper.place(Some("hived")));
    assert_eq!(watch.look(Instant::now()).unwrap(), Seen::NeverFound);
    let mut watch = ProcessWatch::new(Place::Unit { unit: "no-such-unit.service".to_owned(), process: None });
    assert_eq!(watch.look(Instant::now()).unwrap(), Seen::NeverFound);
}

#[test]
fn only_a_process_that_never_rested_stands_still_when_it_rests() {
    let start = Instant::now();
    let at = |seconds| start.checked_add(Duration::from_secs(seconds)).unwrap();
    let mut node = Rest::new(start);
    assert!((1..=40).all(|second| !node.stands_still(at(second), true)));
    assert!(!node.stands_still(at(41), false));
    assert!(node.stands_still(at(42), false));
    assert!(!node.stands_still(at(43), true), "it goes on");
    assert!((44..=60).all(|second| !node.stands_still(at(second), false)), "it is known to rest now");
    let mut script = Rest::new(start);
    assert!((1..=600).all(|second| !script.stands_still(at(second), second.is_multiple_of(5))));
}

/// A container's folder goes with it, and the next container has another one.
#[tokio::test]
async fn a_folder_that_is_gone_is_proof_for_a_while() {
    let mut sleeper = Sleeper::start();
    let scope = sleeper.folder.path().join("docker-1.scope");
    std::fs::create_dir(&scope).unwrap();
    std::fs::copy(sleeper.folder.path().join("pid"), scope.join("cgroup.procs")).unwrap();
    let mut watch = ProcessWatch::new(Place::Cgroup { folder: scope.clone(), process: None });
    let now = Instant::now();
    assert_eq!(watch.look(now).unwrap(), RUNNING);
    sleeper.end();
    watch.ended().await;
    std::fs::remove_dir_all(&scope).unwrap();
    assert_eq!(watch.look(now).unwrap(), ENDED);
    assert_eq!(watch.look(now.checked_add(ENDED_FOR).unwrap()).unwrap(), Seen::NeverFound);
}

#[tokio::test]
async fn a_stopped_process_stands_still_at_once() {
    let sleeper = Sleeper::start();
    let mut watch = ProcessWatch::new(sleeper.place(None));
    let now = Instant::now();
    assert_eq!(watch.look(now).unwrap(), RUNNING);
    let pid = Pid::from_raw(i32::try_from(sleeper.child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    while watch.look(now).unwrap() != STALLED {
        tokio::task::yield_now().await;
    }
    rustix::process::kill_process(pid, rustix::process::Signal::CONT).unwrap();
    while watch.look(now).unwrap() != RUNNING {
        tokio::task::yield_now().await;
    }
}
