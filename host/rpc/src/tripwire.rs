//! A tripwire: an idle connection to a producer node. When the node's process dies, its kernel closes it at once.

mod idle_limit;

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use url::{Host, Url};

use crate::endpoint::{Endpoint, SchemeChoice};
use crate::tripwire::idle_limit::{IdleLimit, Renewal};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long to wait before a node that refused is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// How long a wire that is of no use is left alone: the proxy in front of the node may have been set up anew by then.
const GIVEN_UP_FOR: Duration = Duration::from_mins(30);

/// When the kernel asks a machine that says nothing whether it is still there, and how often before it gives up: 8 s.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(5), Duration::from_secs(1), 3);

/// What a tripwire noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireEvent {
    /// A connection stands.
    Up,
    /// The other side closed the connection, or its machine fell silent. The next event tells more.
    Cut,
    /// The connection stands again right after it was cut: somebody closes idle connections, or the node was restarted.
    Blip,
    /// The port refuses connections: no process listens there.
    Refused,
    /// No connection comes about, and nothing says why: perhaps only the way there is cut.
    Silent,
    /// Idle connections are closed so soon that the wire is of no use; it is tried again after half an hour.
    GivenUp {
        /// How long they stand.
        after: Duration,
    },
}

/// A tripwire. It never ends by itself.
#[derive(Debug)]
pub struct Tripwire {
    endpoint: Endpoint,
    wire: Wire,
    idle_limit: IdleLimit,
}

#[derive(Debug)]
enum Wire {
    /// No connection since then, and none is tried for so long.
    None {
        since: Instant,
        wait: Duration,
    },
    /// Just cut, after this long.
    Cut {
        lasted: Duration,
    },
    Up {
        stream: TcpStream,
        since: Instant,
    },
}

impl Wire {
    fn none_for(wait: Duration) -> Self {
        Self::None { since: Instant::now(), wait }
    }
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoWire {
    Refused,
    Silent,
}

/// How a wait on a connection ended.
enum Waited {
    Cut,
    RenewalDue,
}

impl Tripwire {
    /// A tripwire to the port at which that node is probed.
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, wire: Wire::none_for(Duration::ZERO), idle_limit: IdleLimit::default() }
    }

    /// Waits until something happens to the wire. Dropped before that, it may be called again.
    pub async fn next(&mut self) -> WireEvent {
        loop {
            match &mut self.wire {
                Wire::None { since, wait } => {
                    sleep(wait.saturating_sub(since.elapsed())).await;
                    return self.up(WireEvent::Up).await;
                }
                Wire::Cut { lasted } => {
                    let lasted = *lasted;
                    return self.mend(lasted).await;
                }
                Wire::Up { stream, since } => {
                    let since = *since;
                    let renewal = self.idle_limit.renewal().map(|after| after.saturating_sub(since.elapsed()));
                    match wait(stream, renewal).await {
                        Waited::Cut => {
                            self.wire = Wire::Cut { lasted: since.elapsed() };
                            return WireEvent::Cut;
                        }
                        Waited::RenewalDue => self.renew().await,
                    }
                }
            }
        }
    }

    /// Connects, and says `event` of it.
    async fn up(&mut self, event: WireEvent) -> WireEvent {
        match self.connect().await {
            Ok(stream) => {
                self.wire = Wire::Up { stream, since: Instant::now() };
                event
            }
            Err(why) => {
                self.wire = Wire::none_for(RETRY);
                match why {
                    NoWire::Refused => WireEvent::Refused,
                    NoWire::Silent => WireEvent::Silent,
                }
            }
        }
    }

    /// After a cut: whether the port still takes connections.
    async fn mend(&mut self, lasted: Duration) -> WireEvent {
        let event = self.up(WireEvent::Blip).await;
        if event != WireEvent::Blip {
            self.idle_limit.forget();
            return event;
        }
        match self.idle_limit.note(lasted) {
            Renewal::Possible => event,
            Renewal::Useless { after } => {
                self.idle_limit.forget();
                self.wire = Wire::none_for(GIVEN_UP_FOR);
                WireEvent::GivenUp { after }
            }
        }
    }

    /// Replaces the connection before the other side closes it. If that fails, the old one still tells what there is to tell.
    async fn renew(&mut self) {
        let connected = self.connect().await;
        if let Wire::Up { stream, since } = &mut self.wire {
            *since = Instant::now();
            if let Ok(new) = connected {
                *stream = new;
            }
        }
    }

    async fn connect(&self) -> Result<TcpStream, NoWire> {
        let addresses = timeout(CONNECT_TIMEOUT, addresses(&self.endpoint)).await.unwrap_or_default();
        let mut why = NoWire::Silent;
        for address in addresses {
            match timeout(CONNECT_TIMEOUT, dial(address)).await {
                Ok(Ok(stream)) => {
                    let (idle, every, times) = KEEPALIVE;
                    let keepalive = TcpKeepalive::new().with_time(idle).with_interval(every).with_retries(times);
                    // Without it only a machine that falls silent goes unnoticed, which probes see as well.
                    if let Err(error) = SockRef::from(&stream).set_tcp_keepalive(&keepalive) {
                        tracing::debug!(node = %self.endpoint, %error, "no keep-alive on the tripwire");
                    }
                    return Ok(stream);
                }
                Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => why = NoWire::Refused,
                Ok(Err(_)) | Err(_) => {}
            }
        }
        Err(why)
    }
}

/// Connects. Who stands in the queue of a port that closes is reset, and learns only from another try that it is closed.
async fn dial(address: SocketAddr) -> std::io::Result<TcpStream> {
    match TcpStream::connect(address).await {
        Err(error) if error.kind() == ErrorKind::ConnectionReset => TcpStream::connect(address).await,
        connected => connected,
    }
}

/// Waits until the connection is cut, or its renewal is due. What the other side says unasked is thrown away.
async fn wait(stream: &TcpStream, renewal: Option<Duration>) -> Waited {
    let cut = async {
        let mut thrown_away = [0; 1024];
        loop {
            if stream.readable().await.is_err() {
                return;
            }
            match stream.try_read(&mut thrown_away) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    };
    let due = async {
        match renewal {
            Some(after) => sleep(after).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = cut => Waited::Cut,
        () = due => Waited::RenewalDue,
    }
}

/// Where the node listens.
async fn addresses(endpoint: &Endpoint) -> Vec<SocketAddr> {
    let url: &Url = match (endpoint.scheme(), endpoint.plain()) {
        (SchemeChoice::Plain, Some(plain)) => plain,
        _ => endpoint.https(),
    };
    let port = url.port_or_known_default().unwrap_or_default();
    if let Some((_, address)) = endpoint.override_of() {
        let port = if url.port().is_some() || address.port() == 0 { port } else { address.port() };
        return vec![SocketAddr::new(address.ip(), port)];
    }
    match url.host() {
        Some(Host::Ipv4(ip)) => vec![SocketAddr::new(IpAddr::V4(ip), port)],
        Some(Host::Ipv6(ip)) => vec![SocketAddr::new(IpAddr::V6(ip), port)],
        Some(Host::Domain(name)) => match tokio::net::lookup_host((name, port)).await {
            Ok(found) => found.collect(),
            Err(_) => Vec::new(),
        },
        None => Vec::new(),
    }
}
