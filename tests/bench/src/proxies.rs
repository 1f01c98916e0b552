//! The compared proxies: each is a process in front of the same endpoints.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::daemon::{Daemon, PATIENCE};
use crate::server::Server;
use crate::stage::Stage;
use crate::{load, process, proxy_configs};

/// The kind of proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Make {
    Dogwatch,
    HaProxy,
    Nginx,
}

impl Make {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dogwatch => "Dogwatch",
            Self::HaProxy => "HAProxy",
            Self::Nginx => "nginx",
        }
    }

    /// Its version; `None` if it is not installed.
    pub(crate) fn version(self) -> Option<String> {
        let program = self.program()?;
        let output = std::process::Command::new(program).arg("-v").stdin(Stdio::null()).output().ok()?;
        // nginx prints it on standard error.
        let said = [output.stdout, output.stderr].concat();
        Some(String::from_utf8_lossy(&said).lines().next().unwrap_or_default().to_owned())
    }

    /// Finds its program on the path and in the directories of servers.
    fn program(self) -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let servers = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
        let name = self.name().to_ascii_lowercase();
        std::env::split_paths(&path).chain(servers).map(|directory| directory.join(&name)).find(|file| file.is_file())
    }
}

/// A running proxy.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) make: Make,
    pub(crate) address: SocketAddr,
    running: Running,
}

#[derive(Debug)]
enum Running {
    Daemon(Daemon),
    Other(Other),
}

impl Proxy {
    /// Starts the proxy and waits until it serves.
    pub(crate) async fn start(make: Make, stage: &Stage, server: &Server) -> anyhow::Result<Self> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port for a proxy")?.local_addr()?;
        let running = match make {
            Make::Dogwatch => Running::Daemon(Daemon::start(&proxy_configs::dogwatch(stage, server, address)?)?),
            Make::HaProxy => Running::Other(Other::start(make, &proxy_configs::haproxy(stage, server, address)?)?),
            Make::Nginx => Running::Other(Other::start(make, &proxy_configs::nginx(stage, server, address)?)?),
        };
        let mut proxy = Self { make, address, running };
        proxy.ready().await?;
        Ok(proxy)
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ready = match &self.running {
                // By then it has polled its endpoints, and they agree.
                Running::Daemon(_) => load::get(self.address, "/health").await.is_ok_and(|status| status == 200),
                Running::Other(_) => load::once(self.address).await.is_ok(),
            };
            if ready {
                return Ok(());
            }
            match &mut self.running {
                Running::Daemon(daemon) => daemon.check(deadline, "its gateway is in good health")?,
                Running::Other(other) => other.check(deadline, self.make)?,
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The processor time so far, including that of its workers.
    pub(crate) fn processor(&self) -> anyhow::Result<Duration> {
        let main = match &self.running {
            Running::Daemon(daemon) => daemon.process()?,
            Running::Other(other) => other.child.id().context("the proxy has ended")?,
        };
        // A process with children has one thread.
        let path = format!("/proc/{main}/task/{main}/children");
        let children = std::fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))?;
        let mut spent = process::processor(main)?;
        for child in children.split_whitespace() {
            spent += process::processor(child.parse()?)?;
        }
        Ok(spent)
    }
}

/// A proxy other than the daemon, in the foreground.
#[derive(Debug)]
struct Other {
    child: Child,
    log: PathBuf,
    /// Program and configuration of a proxy that must be told to end: nginx would leave its workers behind if killed.
    told: Option<(PathBuf, PathBuf)>,
}

impl Other {
    fn start(make: Make, config: &Path) -> anyhow::Result<Self> {
        let program = make.program().with_context(|| format!("{} is not on this machine", make.name()))?;
        let log = config.with_extension("log");
        let mut command = Command::new(&program);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(std::fs::File::create(&log)?);
        let told = if make == Make::Nginx {
            command.arg("-c");
            Some((program, config.to_owned()))
        } else {
            command.args(["-db", "-f"]).kill_on_drop(true);
            None
        };
        let child = command.arg(config).spawn().with_context(|| format!("{} could not be started", make.name()))?;
        Ok(Self { child, log, told })
    }

    /// Fails if the proxy has ended, or after too long a wait.
    fn check(&mut self, deadline: Instant, make: Make) -> anyhow::Result<()> {
        let ended = self.child.try_wait()?;
        if ended.is_none() && Instant::now() < deadline {
            return Ok(());
        }
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        bail!("waited in vain until {} serves; it ended: {ended:?}; it says:\n{log}", make.name())
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let Some((program, config)) = &self.told else { return };
        let mut stop = std::process::Command::new(program);
        stop.args(["-s", "stop", "-c"]).arg(config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let _ = stop.status();
    }
}
