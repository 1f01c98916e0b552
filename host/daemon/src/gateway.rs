//! The gateway in the daemon: it comes up as soon as its ports are free, follows renewed certificates, and ends last.
//!
//! Nothing of the watch depends on it: what goes wrong here is an alert, and tried again.

use std::time::{Duration, SystemTime};

use dogwatch_rpc::{Gateway, GatewayTls, Pool, Stop};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::chain_task::Message;
use crate::config::{CertificateFiles, GatewayConfig, read_private};

/// How long until a port or a certificate that could not be had is tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// How often a certificate is looked at.
const LOOK: Duration = Duration::from_secs(60);

impl CertificateFiles {
    /// Reads the files, or says what is wrong with them.
    pub fn load(&self) -> Result<GatewayTls, String> {
        let (certificate, key) = self.read()?;
        GatewayTls::new(&certificate, key.as_bytes()).map_err(|error| error.to_string())
    }

    fn read(&self) -> Result<(Vec<u8>, String), String> {
        let path = &self.certificate;
        let certificate = std::fs::read(path)
            .map_err(|error| format!("the certificate {} cannot be read: {error}", path.display()))?;
        let key = read_private(&self.key).map_err(|error| format!("the key: {error}"))?;
        Ok((certificate, key))
    }

    fn changed_at(&self) -> Vec<Option<SystemTime>> {
        [&self.certificate, &self.key].map(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok()).into()
    }
}

/// Serves until it is told to stop, and then until the last request is answered. What stands in the way is told to
/// `alerts`, and that it is over too.
pub(crate) async fn run(
    site: String,
    config: GatewayConfig,
    pools: Vec<(String, Pool)>,
    stop: Stop,
    alerts: Option<mpsc::Sender<Message>>,
) {
    let teller = Teller { site: site.clone(), alerts: alerts.clone() };
    let (ended, end) = oneshot::channel();
    let work = serve(config, pools, stop, Teller { site, alerts });
    // A thread of its own: whatever clients do, the watch has the others; and who relays on one thread wakes no other.
    let thread = std::thread::Builder::new().name("gateway".to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Ok(runtime) = runtime {
            runtime.block_on(work);
            let _ = ended.send(());
        }
    });
    // Should it die, the watch goes on and says so.
    if thread.is_err() || end.await.is_err() {
        teller.tell(Some("its thread has died; restart dogwatch, and report this".to_owned())).await;
    }
}

async fn serve(config: GatewayConfig, pools: Vec<(String, Pool)>, stop: Stop, teller: Teller) {
    let gateway = match Gateway::new(pools, config.options.clone()) {
        Ok(gateway) => gateway,
        Err(error) => return teller.tell(Some(error.to_string())).await,
    };
    let mut stopped = stop.clone();
    let told = async move { stopped.wait_for(|stop| *stop).await.map(drop) };
    let opened = tokio::select! {
        _ = told => None,
        opened = open(&config, &teller) => Some(opened),
    };
    let Some(Opened { plain, tls }) = opened else { return };
    let site = &teller.site;
    let Some((listener, tls, files)) = tls else {
        tracing::info!(site, address = %config.listen, "the gateway serves");
        return gateway.serve(plain, None, stop).await;
    };
    let port = files.listen.port();
    tracing::info!(site, address = %files.listen, redirects = %config.listen, "the gateway serves by https");
    let following = tokio::spawn(follow(teller.site.clone(), tls.clone(), files));
    tokio::join!(gateway.serve(listener, Some(tls), stop.clone()), gateway.redirect(plain, port, stop));
    following.abort();
}

struct Opened {
    plain: TcpListener,
    tls: Option<(TcpListener, GatewayTls, CertificateFiles)>,
}

struct Teller {
    site: String,
    alerts: Option<mpsc::Sender<Message>>,
}

impl Teller {
    async fn tell(&self, trouble: Option<String>) {
        if let Some(trouble) = &trouble {
            tracing::error!(site = self.site, trouble, "the gateway cannot serve yet");
        }
        if let Some(alerts) = &self.alerts {
            let _ = alerts.send(Message::Gateway(trouble)).await;
        }
    }
}

/// Opens the ports, however long that takes: what holds them may be the instance before this one.
async fn open(config: &GatewayConfig, teller: &Teller) -> Opened {
    loop {
        match try_open(config).await {
            Ok(opened) => {
                teller.tell(None).await;
                return opened;
            }
            Err(trouble) => teller.tell(Some(trouble)).await,
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn try_open(config: &GatewayConfig) -> Result<Opened, String> {
    let bind = async |address| {
        TcpListener::bind(address).await.map_err(|error| format!("{address} cannot be listened on: {error}"))
    };
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
        let replaced = files.read().and_then(|(certificate, key)| {
            tls.replace(&certificate, key.as_bytes()).map_err(|error| error.to_string())
        });
        match replaced {
            Ok(()) => {
                tracing::info!(site, certificate = %files.certificate.display(), "the gateway's new certificate is in use");
                known = changed;
            }
            // It may be half written: it is looked at again in a minute.
            Err(why) => {
                tracing::error!(site, why, "the gateway's new certificate is refused, and the old one stays in use")
            }
        }
    }
}
