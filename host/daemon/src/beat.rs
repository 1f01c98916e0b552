//! `dogwatch beat`: tells the watchers how the node on this machine is.

mod addresses;
mod disk;
mod local;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use dogwatch_beat::{BeatSigner, LocalNode, ProcessError, ProcessState, ProcessWatch, Report, Seen, SentAt, seal};
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use crate::clock::Clock;
use crate::config::{BeatConfig, Disk};

/// News is sent so often: one datagram may be lost.
const NEWS_SENT: u32 = 3;

/// The time from one of them to the next.
const NEWS_APART: Duration = Duration::from_millis(150);

/// A clock that was set back by less goes on from where it was.
const CLOCK_SET: Duration = Duration::from_secs(30);

/// Why beats cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum BeatError {
    /// There is no way out of this machine.
    #[error("no datagram can be sent from this machine: {0}")]
    Socket(std::io::Error),
    /// The node cannot be asked.
    #[error("the node cannot be asked: {0}")]
    Rpc(String),
    /// The disk cannot be looked at.
    #[error("the free space of {} cannot be read: {error}. Look at path in [disk]", .path.display())]
    Disk {
        /// A path on it.
        path: std::path::PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// The process cannot be looked for.
    #[error("the node's process cannot be looked for: {0}")]
    Process(#[from] ProcessError),
}

/// Sends beats.
#[derive(Debug)]
pub struct Beater {
    clock: Clock,
    signer: Arc<BeatSigner>,
    disk: Option<Disk>,
    /// How much is left on it, if that is too little; it is looked at while beats go on.
    space: Option<watch::Receiver<Option<u64>>>,
    sockets: Sockets,
    addresses: watch::Receiver<Vec<SocketAddr>>,
    /// What the node answers; none if it is not asked.
    node: Option<watch::Receiver<LocalNode>>,
    process: ProcessWatch,
    last: SentAt,
    every: Duration,
}

#[derive(Debug)]
struct Sockets {
    v4: Option<UdpSocket>,
    v6: Option<UdpSocket>,
}

impl Sockets {
    async fn open() -> Result<Self, BeatError> {
        let v6 = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).await.ok();
        match UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await {
            Ok(v4) => Ok(Self { v4: Some(v4), v6 }),
            Err(_) if v6.is_some() => Ok(Self { v4: None, v6 }),
            Err(error) => Err(BeatError::Socket(error)),
        }
    }

    fn send(&self, packet: &[u8], to: SocketAddr) -> std::io::Result<()> {
        let socket = if to.is_ipv4() { &self.v4 } else { &self.v6 };
        let socket = socket.as_ref().ok_or(std::io::ErrorKind::AddrNotAvailable)?;
        socket.try_send_to(packet, to).map(|_| ())
    }
}

impl Beater {
    /// Gets ready: finds the watchers' addresses, and begins to ask the node.
    ///
    /// # Errors
    ///
    /// If nothing can be sent from here, or the node cannot be asked.
    pub async fn start(config: BeatConfig, clock: Clock) -> Result<Self, BeatError> {
        let BeatConfig { signer, watchers, every, process, node, disk } = config;
        let node = node.map(|node| local::ask(node, every, clock)).transpose()?;
        let addresses = addresses::find(watchers).await;
        let process = ProcessWatch::new(process);
        let (sockets, last) = (Sockets::open().await?, SentAt(0));
        Ok(Self { clock, signer, disk, space: None, sockets, addresses, node, process, last, every })
    }

    /// Tells the watchers how the node is, for ever; that its process has ended, at once.
    ///
    /// # Errors
    ///
    /// If the process cannot be looked for at the very beginning.
    pub async fn run(mut self) -> Result<std::convert::Infallible, BeatError> {
        let mut ticks = tokio::time::interval(self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.space = self.disk.take().map(|disk| disk::watch(disk, self.every));
        let mut said = self.process.look(Instant::now())?;
        self.explain(said);
        loop {
            let seen = self.process.look(Instant::now()).unwrap_or_else(|error| {
                tracing::warn!(%error, "the node's process cannot be looked for");
                Seen::NeverFound
            });
            let is_news = seen != said;
            if is_news {
                self.explain(seen);
                said = seen;
            }
            self.tell(seen);
            for _ in 1..if is_news { NEWS_SENT } else { 1 } {
                tokio::time::sleep(NEWS_APART).await;
                self.tell(seen);
            }
            tokio::select! {
                biased;
                () = self.process.ended() => {}
                _ = ticks.tick() => {}
            }
        }
    }

    /// Says that the process has ended, although nobody watched it: whoever stopped it knows.
    pub async fn say_ended(mut self) {
        for _ in 0..NEWS_SENT {
            self.tell(Seen::Process(ProcessState::Ended));
            tokio::time::sleep(NEWS_APART).await;
        }
    }

    /// What would be told now.
    ///
    /// # Errors
    ///
    /// If the process cannot be looked for, or the disk not be looked at.
    pub async fn once(mut self) -> Result<Report, BeatError> {
        let disk_low = self.disk.as_ref().map(disk::low).transpose()?.flatten();
        let seen = self.process.look(Instant::now())?;
        if let Some(node) = &mut self.node {
            let _ = node.wait_for(|answer| *answer != LocalNode::AsBefore).await;
            node.mark_changed();
        }
        Ok(Report { disk_low, ..self.report(seen) })
    }

    /// The addresses of the watchers that have one.
    pub fn watchers(&self) -> Vec<SocketAddr> {
        self.addresses.borrow().clone()
    }

    fn explain(&self, seen: Seen) {
        let place = self.process.place();
        match seen {
            Seen::NeverFound => tracing::warn!(%place, "no process is found there: watchers are told so"),
            Seen::Process(ProcessState::Running) => {
                tracing::info!(%place, pid = self.process.pid(), "the node's process runs");
            }
            Seen::Process(ProcessState::Stalled) => {
                tracing::warn!(%place, pid = self.process.pid(), "the node's process stands still");
            }
            Seen::Process(ProcessState::Ended) => tracing::warn!(%place, "the node's process has ended"),
        }
    }

    fn report(&mut self, seen: Seen) -> Report {
        let millis = u64::try_from(self.clock.now().as_millis()).unwrap_or(0);
        // Beats of a key are in order, whatever happens to the clock, and two of them may be sent within a millisecond.
        let now = SentAt(millis.saturating_mul(1000));
        // A clock that was far ahead and has been set: no watcher would believe what goes on from there.
        let follows = self.last.0.saturating_add(1);
        self.last = if follows > now.0 && self.last.distance(now) < CLOCK_SET { SentAt(follows) } else { now };
        let watched = self.process.watched(Instant::now()).as_millis();
        Report {
            sent: self.last,
            process: match seen {
                Seen::NeverFound => None,
                Seen::Process(state) => Some(state),
            },
            watched_ms: u64::try_from(watched).unwrap_or(u64::MAX),
            node: match &mut self.node {
                None => LocalNode::NotAsked,
                Some(node) if !node.has_changed().unwrap_or(false) => LocalNode::AsBefore,
                Some(node) => node.borrow_and_update().clone(),
            },
            disk_low: self.space.as_ref().and_then(|space| *space.borrow()),
        }
    }

    fn tell(&mut self, seen: Seen) {
        let report = self.report(seen);
        let packet = seal(&self.signer, &report).or_else(|_| {
            // The node's answer is too long to be carried: what matters most is the process.
            seal(&self.signer, &Report { node: LocalNode::AsBefore, ..report })
        });
        let Ok(packet) = packet else { return };
        for to in self.addresses.borrow().iter() {
            if let Err(error) = self.sockets.send(&packet, *to) {
                tracing::debug!(%to, %error, "a beat could not be sent");
            }
        }
    }
}
