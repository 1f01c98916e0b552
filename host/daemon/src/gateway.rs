//! The gateway in the daemon: it starts as soon as its ports are free, follows renewed certificates and stops last.
//!
//! The watch does not depend on it: a failure here raises an alert and is retried.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use dogwatch_rpc::{Gateway, GatewayTls, Pool, Stop, TlsError};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::alerts::condition::{StandingAlert, Stored};
use crate::alerts::desk::AlertDesk;
use crate::alerts::texts::Condition;
use crate::config::{CertificateFiles, GatewayConfig, SecretError, read_private};

/// How long to wait before trying a port or a certificate again.
const AGAIN: Duration = Duration::from_secs(5);
/// How often to check a certificate for changes.
const LOOK: Duration = Duration::from_secs(60);

/// Why the gateway cannot serve.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GatewayError {
    /// Its port cannot be opened.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        source: std::io::Error,
    },
    /// The certificate's file cannot be read.
    #[error("the certificate {path} cannot be read: {source}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The key's file cannot be read, or other users can read it.
    #[error("the key: {0}")]
    Key(#[from] SecretError),
    /// The certificate and key do not work.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl CertificateFiles {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, other users can read the key, or the two do not work together.
    pub(crate) fn load(&self) -> Result<GatewayTls, GatewayError> {
        let (certificate, key) = self.read()?;
        Ok(GatewayTls::new(&certificate, key.as_bytes())?)
    }

    fn read(&self) -> Result<(Vec<u8>, String), GatewayError> {
        let path = &self.certificate;
        let unreadable = |source| GatewayError::Certificate { path: path.clone(), source };
        let certificate = std::fs::read(path).map_err(unreadable)?;
        let key = read_private(&self.key)?;
        Ok((certificate, key))
    }

    fn changed_at(&self) -> Vec<Option<SystemTime>> {
        [&self.certificate, &self.key].map(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok()).into()
    }
}

/// Serves until `stop` is set, and then until the last request is answered. Raises an alert while it cannot serve.
pub(crate) async fn run(site: String, config: GatewayConfig, pools: Vec<(String, Pool)>, stop: Stop, desk: AlertDesk) {
    let reporter = Reporter { site: site.clone(), alert: StandingAlert::new(desk.clone()) };
    let mut stopped = stop.clone();
    let (ended, end) = oneshot::channel();
    let work = serve(config, pools, stop, Reporter { site, alert: StandingAlert::new(desk) });
    // Clients can only load this thread; the watch has the others. Relaying on a single thread also wakes no other.
    let thread = std::thread::Builder::new().name("gateway".to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Ok(runtime) = runtime {
            runtime.block_on(work);
            let _ = ended.send(());
        }
    });
    // If the thread dies, the watch goes on and raises an alert.
    if thread.is_err() || end.await.is_err() {
        let insisting = reporter.insist_that_it_is_dead("its thread has died; restart dogwatch, and report this");
        tokio::select! {
            () = insisting => {}
            _ = stopped.wait_for(|stop| *stop) => {}
        }
    }
}

async fn serve(config: GatewayConfig, pools: Vec<(String, Pool)>, stop: Stop, mut reporter: Reporter) {
    let gateway = match Gateway::new(pools, config.options.clone()) {
        Ok(gateway) => gateway,
        Err(error) => return reporter.insist_that_it_is_dead(&error.to_string()).await,
    };
    let mut stopped = stop.clone();
    let told = async move { stopped.wait_for(|stop| *stop).await.map(drop) };
    let opened = tokio::select! {
        _ = told => None,
        opened = open(&config, &mut reporter) => Some(opened),
    };
    let Some(Opened { plain, tls }) = opened else { return };
    let site = reporter.site.clone();
    // Beside serving: the gateway waits for no disk.
    tokio::spawn(reporter.insist_that_it_serves());
    let Some((listener, tls, files)) = tls else {
        tracing::info!(site, address = %config.listen, "the gateway is serving");
        return gateway.serve(plain, None, stop).await;
    };
    let port = files.listen.port();
    tracing::info!(site, address = %files.listen, redirects = %config.listen, "the gateway is serving over https");
    let following = tokio::spawn(follow(site, tls.clone(), files));
    tokio::join!(gateway.serve(listener, Some(tls), stop.clone()), gateway.redirect(plain, port, stop));
    following.abort();
}

struct Opened {
    plain: TcpListener,
    tls: Option<(TcpListener, GatewayTls, CertificateFiles)>,
}

/// Tells the operator whether the gateway serves.
struct Reporter {
    site: String,
    alert: StandingAlert,
}

impl Reporter {
    async fn fails(&mut self, why: &str) -> Stored {
        tracing::error!(site = self.site, why, "the gateway cannot serve yet");
        self.alert.now(Condition::Fails(why), |texts, condition| texts.gateway(condition)).await
    }

    async fn serves(&mut self) -> Stored {
        self.alert.now(Condition::Holds, |texts, condition| texts.gateway(condition)).await
    }

    /// Says that the gateway serves, however long the disk takes to hear it.
    async fn insist_that_it_serves(mut self) {
        while self.serves().await == Stored::No {
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Says that the gateway is dead, however long the disk takes to hear it.
    async fn insist_that_it_is_dead(mut self, why: &str) {
        while self.fails(why).await == Stored::No {
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Opens the ports, however long it takes: the previous instance may still hold them.
async fn open(config: &GatewayConfig, reporter: &mut Reporter) -> Opened {
    loop {
        match try_open(config).await {
            Ok(opened) => return opened,
            // It is tried again, and so is what could not be stored.
            Err(error) => _ = reporter.fails(&error.to_string()).await,
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn try_open(config: &GatewayConfig) -> Result<Opened, GatewayError> {
    let bind =
        async |address| TcpListener::bind(address).await.map_err(|source| GatewayError::Listen { address, source });
    let plain = bind(config.listen).await?;
    let tls = match &config.tls {
        None => None,
        Some(files) => Some((bind(files.listen).await?, files.load()?, files.clone())),
    };
    Ok(Opened { plain, tls })
}

/// Puts a renewed certificate into use.
async fn follow(site: String, tls: GatewayTls, files: CertificateFiles) {
    let mut known = files.changed_at();
    loop {
        tokio::time::sleep(LOOK).await;
        let changed = files.changed_at();
        if changed == known {
            continue;
        }
        let replaced = files.read().and_then(|(certificate, key)| Ok(tls.replace(&certificate, key.as_bytes())?));
        match replaced {
            Ok(()) => {
                tracing::info!(site, certificate = %files.certificate.display(), "the gateway's new certificate is in use");
                known = changed;
            }
            // It may be half written: check again in a minute.
            Err(error) => {
                tracing::error!(site, %error, "the gateway's new certificate is refused; the old one stays in use")
            }
        }
    }
}
