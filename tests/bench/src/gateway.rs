//! The gateway compared with HAProxy and nginx: what each costs, and which requests are lost while an endpoint fails.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;

use crate::Effort;
use crate::load::Clients;
use crate::measured::{self, Measured};
use crate::proxies::{Make, Proxy};
use crate::server::{Behaviour, Server};
use crate::stage::Stage;

const SLOT: Duration = Duration::from_secs(3);
const ROUND: u32 = 21;
const ENDPOINTS: usize = 3;
/// The endpoint that fails.
const FIRST: usize = 0;
/// The numbers of clients, each with a connection of its own.
const CLIENTS: [u64; 3] = [1, FAULT_CLIENTS, 128];
const FAULT_CLIENTS: u64 = 16;
/// Warm-up before each measurement: connections open, and proxies get to know their endpoints.
const WARM_UP: Duration = Duration::from_secs(1);
/// A fault is measured this many times longer, since health checks take seconds to notice it.
const FAULT_SPANS: u32 = 3;

const FAULTS: [(Behaviour, &str); 3] = [
    (Behaviour::Refuses, "refuses connections"),
    (Behaviour::Hangs, "takes requests and answers none"),
    (Behaviour::AnswersLate, "takes 1 s to answer"),
];

pub(crate) async fn run(effort: Effort) -> anyhow::Result<()> {
    let span = match effort {
        Effort::Full => Duration::from_secs(4),
        Effort::Quick => Duration::from_secs(1),
    };
    let seconds = span.as_secs();
    println!(
        "\n4. The gateway beside other proxies: reads from {ENDPOINTS} endpoints on loopback, {seconds} s for each line"
    );
    println!("  Cores: how many the proxy keeps busy; clients and endpoints take theirs from the same machine.");
    println!("  Per core: answers for each second of processor time. Lost: an error, a wrong answer, or none in 5 s.");
    let makes = makes();
    let sound = sound(&makes, span).await?;
    let span = span * FAULT_SPANS;
    for (behaviour, what) in FAULTS {
        let seconds = span.as_secs();
        measured::heading(&format!(
            "{FAULT_CLIENTS} clients for {seconds} s; from its beginning, the first endpoint {what}"
        ));
        for make in &makes {
            let (share, measured) = failing(*make, behaviour, span).await?;
            let before = sound.iter().find(|(other, _)| other == make).map(|(_, measured)| measured.rate);
            let name = format!("{} ({share:.0} % had gone to the first)", make.name());
            measured.print(&name, before.map(|rate| (rate, "sound")));
        }
    }
    Ok(())
}

/// The proxies on this machine.
fn makes() -> Vec<Make> {
    let mut makes = vec![Make::Dogwatch];
    for make in [Make::HaProxy, Make::Nginx] {
        match make.version() {
            Some(version) => {
                println!("  {version}");
                makes.push(make);
            }
            None => println!("  {} is not on this machine, and is left out.", make.name()),
        }
    }
    makes
}

/// Measures all proxies without a fault, in front of the same endpoints. Returns what was measured with as many clients
/// as under a fault.
async fn sound(makes: &[Make], span: Duration) -> anyhow::Result<Vec<(Make, Measured)>> {
    let stage = Stage::set(SLOT, ROUND).await?;
    let server = Server::start_counting(&stage.devnet.handle(), ENDPOINTS).await?;
    let endpoint = *server.addresses().get(FIRST).context("no endpoint")?;
    let mut proxies = Vec::new();
    for make in makes {
        proxies.push(Proxy::start(*make, &stage, &server).await?);
    }
    let mut kept = Vec::new();
    for clients in CLIENTS {
        measured::heading(&format!("{clients} {}", if clients == 1 { "client" } else { "clients" }));
        let direct = one(endpoint, None, clients, span).await?;
        direct.print("no proxy: straight to one endpoint", None);
        let mut seen = Vec::new();
        for proxy in &proxies {
            let measured = one(proxy.address, Some(proxy), clients, span).await?;
            measured.print(proxy.make.name(), Some((direct.rate, "straight")));
            seen.push((proxy.make, measured));
        }
        measured::compare(&seen);
        if clients == FAULT_CLIENTS {
            kept = seen;
        }
    }
    Ok(kept)
}

async fn one(to: SocketAddr, proxy: Option<&Proxy>, clients: u64, span: Duration) -> anyhow::Result<Measured> {
    let mut clients = Clients::new(to, clients);
    clients.load(WARM_UP).await?;
    Measured::take(&mut clients, proxy, span).await
}

/// Measures a proxy from the moment its first endpoint fails. Each proxy gets new endpoints, so that it does not know
/// that one. Also prints the endpoint's share of the requests, in percent, while it was healthy.
async fn failing(make: Make, behaviour: Behaviour, span: Duration) -> anyhow::Result<(f64, Measured)> {
    let stage = Stage::set(SLOT, ROUND).await?;
    let server = Server::start_counting(&stage.devnet.handle(), ENDPOINTS).await?;
    let proxy = Proxy::start(make, &stage, &server).await?;
    let mut clients = Clients::new(proxy.address, FAULT_CLIENTS);
    let before = server.answered();
    clients.load(WARM_UP).await?;
    let answered: Vec<u64> = server.answered().iter().zip(&before).map(|(after, before)| after - before).collect();
    let share = answered.get(FIRST).copied().unwrap_or_default() as f64 / answered.iter().sum::<u64>().max(1) as f64;
    server.behave(FIRST, behaviour)?;
    let measured = Measured::take(&mut clients, Some(&proxy), span).await?;
    Ok((share * 100.0, measured))
}
