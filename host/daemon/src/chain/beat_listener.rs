//! Listens for beats, admits those that are new and signed with a key of the configuration, and tells the chains' tasks.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use dogwatch_beat::{BeatKey, LocalNode, MAX_PACKET, PacketError, Rejected, Report, SentAt, Window, open};
use dogwatch_chain::Time;
use dogwatch_engine::{NodeIndex, Probe, ProbeFailure, ProbeFault};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::chain::beats::{Fitness, Heard};
use crate::chain::message::Message;
use crate::clock::Clock;

/// A machine that has sent no beat for so long is silent.
const SILENT_AFTER: Duration = Duration::from_secs(30);

/// How often to look for silence, and to try again to open the port.
const EVERY: Duration = Duration::from_secs(5);

/// A reason that a machine gives is cut after so many characters.
const REASON: usize = 200;

/// A node of which a machine tells.
#[derive(Clone, Debug)]
pub struct BeatPlace {
    /// The key that its machine signs with.
    pub key: BeatKey,
    /// The inbox of its chain's task.
    pub inbox: mpsc::Sender<Message>,
    /// Its witness's index there.
    pub witness: usize,
    /// Its own.
    pub node: NodeIndex,
    /// Whether what the machine says is all that is known of the node.
    pub probes: BeatProbes,
}

/// Whether a machine's own questions to the node stand for probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeatProbes {
    /// They do: nobody else reaches the node.
    Count,
    /// The node is probed from here.
    AreNotNeeded,
}

/// Hears beats.
#[derive(Debug)]
pub struct BeatListener {
    site: String,
    clock: Clock,
    machines: BTreeMap<BeatKey, Machine>,
}

/// A machine that beats.
#[derive(Debug)]
struct Machine {
    window: Window,
    last: Instant,
    /// How far its clock was off in a beat that was refused for it since the last look: an old one that somebody sends again
    /// looks the same, so only a machine of which nothing else is heard is told to have that clock.
    wrong_clock: Option<Duration>,
    /// Whether it asks the node.
    asks: bool,
    places: Vec<BeatPlace>,
}

impl BeatListener {
    /// For these nodes.
    pub fn new(site: String, clock: Clock, places: Vec<BeatPlace>) -> Self {
        let mut machines = BTreeMap::new();
        for place in places {
            let machine = || Machine {
                window: Window::default(),
                last: Instant::now(),
                wrong_clock: None,
                asks: false,
                places: Vec::new(),
            };
            machines.entry(place.key).or_insert_with(machine).places.push(place);
        }
        Self { site, clock, machines }
    }

    /// Listens for as long as the daemon runs.
    pub async fn run(mut self, listen: SocketAddr) {
        loop {
            match UdpSocket::bind(listen).await {
                Ok(socket) => self.hear(&socket).await,
                Err(error) => {
                    let site = &self.site;
                    tracing::error!(site, %listen, %error, "beats cannot be heard: the port cannot be opened");
                    for machine in self.machines.values() {
                        machine.tell(|_| Heard::Deaf).await;
                    }
                }
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Hears beats until the socket breaks.
    async fn hear(&mut self, socket: &UdpSocket) {
        let mut buffer = [0; MAX_PACKET + 1];
        let mut ticks = tokio::time::interval(EVERY);
        loop {
            tokio::select! {
                received = socket.recv_from(&mut buffer) => match received {
                    Ok((length, from)) => self.take(buffer.get(..length).unwrap_or_default(), from).await,
                    Err(error) => return tracing::error!(site = self.site, %error, "beats cannot be heard"),
                },
                _ = ticks.tick() => self.look_for_silence().await,
            }
        }
    }

    async fn take(&mut self, packet: &[u8], from: SocketAddr) {
        let (key, report) = match open(packet, |key| self.machines.contains_key(key)) {
            Ok(opened) => opened,
            // Anybody can send those: they are not worth a line each.
            Err(error @ (PacketError::NotABeat | PacketError::UnknownKey(_) | PacketError::BadSignature(_))) => {
                return tracing::debug!(site = self.site, %from, %error, "a datagram was dropped");
            }
            Err(error) => return tracing::warn!(site = self.site, %from, %error, "a beat was dropped"),
        };
        let Some(machine) = self.machines.get_mut(&key) else { return };
        let now = self.clock.now();
        match machine.window.admit(report.sent, sent_at(now)) {
            Ok(()) => {
                machine.last = Instant::now();
                machine.pass_on(report, now).await;
            }
            Err(Rejected::Old) => tracing::debug!(site = self.site, %from, %key, "an old beat was dropped"),
            Err(error @ Rejected::Clock(apart)) => {
                machine.wrong_clock = Some(apart);
                tracing::debug!(site = self.site, %from, %key, %error, "a beat was dropped");
            }
        }
    }

    async fn look_for_silence(&mut self) {
        for machine in self.machines.values_mut() {
            let wrong_clock = machine.wrong_clock.take();
            let lasts = machine.last.elapsed();
            if lasts >= SILENT_AFTER {
                machine.tell(|_| wrong_clock.map_or(Heard::Silence(lasts), Heard::WrongClock)).await;
                if !machine.asks {
                    continue;
                }
                machine.probed(&Err(ProbeFailure::new(ProbeFault::Silent, "its machine sends no beats"))).await;
            }
        }
    }
}

impl Machine {
    async fn pass_on(&mut self, report: Report, now: Time) {
        let sent = i64::try_from(report.sent.0 / 1000).map_or(Time::from_millis(i64::MAX), Time::from_millis);
        self.asks |= report.node != LocalNode::NotAsked;
        let asks = self.asks;
        let heard = |place: &BeatPlace| Heard::Beat {
            process: report.process,
            watched: Duration::from_millis(report.watched_ms),
            sent,
            arrived: now,
            disk_low: report.disk_low,
            fitness: if asks || place.probes == BeatProbes::AreNotNeeded { Fitness::Told } else { Fitness::NotTold },
        };
        self.tell(heard).await;
        match report.node {
            LocalNode::NotAsked | LocalNode::AsBefore => {}
            LocalNode::Fails(why) => {
                let why: String = why.chars().filter(|c| !c.is_control()).take(REASON).collect();
                let why = format!("on its own machine it does not answer: {why}");
                self.probed(&Err(ProbeFailure::new(ProbeFault::Unusable, why))).await;
            }
            LocalNode::Shows { head, chain_id, version } => {
                let version = version.chars().filter(|c| !c.is_control()).take(REASON).collect();
                self.probed(&Ok(Probe { head, chain_id, version })).await;
            }
        }
    }

    async fn tell(&self, heard: impl Fn(&BeatPlace) -> Heard) {
        for place in &self.places {
            let BeatPlace { inbox, witness, node, .. } = place;
            let _ = inbox.send(Message::Beat(*witness, *node, heard(place))).await;
        }
    }

    async fn probed(&self, result: &Result<Probe, ProbeFailure>) {
        for BeatPlace { inbox, witness, node, .. } in
            self.places.iter().filter(|place| place.probes == BeatProbes::Count)
        {
            let _ = inbox.send(Message::Probed(*witness, *node, result.clone())).await;
        }
    }
}

fn sent_at(now: Time) -> SentAt {
    SentAt(u64::try_from(now.as_millis()).unwrap_or(0).saturating_mul(1000))
}

#[cfg(test)]
mod tests;
