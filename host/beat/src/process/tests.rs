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

#[tokio::test]
async fn a_process_that_uses_no_processor_time_stands_still() {
    let sleeper = Sleeper::start();
    let mut watch = ProcessWatch::new(sleeper.place(Some("sleep")));
    let start = Instant::now();
    while watch.look(start).unwrap() == Seen::NeverFound {
        tokio::task::yield_now().await;
    }
    // `sleep` works for a moment until it sleeps; from then on its time stands.
    let mut later = start;
    while watch.look(later).unwrap() != STALLED {
        tokio::task::yield_now().await;
        later += Duration::from_millis(100);
    }
    assert!(later.duration_since(start) >= STALLED_AFTER);
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
