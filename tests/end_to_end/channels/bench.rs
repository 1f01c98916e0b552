//! What every channel's tests need: a channel wired to a fake, messages to send, and a search for secrets.

mod alerts;
pub(crate) mod alike;
pub(crate) mod beats;
mod texts;
mod watched;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use dogwatch::channels::client::ChannelClient;
use dogwatch::channels::egress::{self, Egress};
use dogwatch::channels::plugin;
use dogwatch::config::{ChannelConfig, Secret};
use dogwatch_alerts::Severity;
use dogwatch_plugins::{Library, Sandbox, Settings, Value};
use dogwatch_services::{Authority, Fake, Service};
use tokio::sync::watch;

pub(crate) use alerts::{COMMAND, DETAILS, HOSTILE, KEY, OPENED_AT, REMEDY, SUMMARY, hostile, message, overlong};
pub(crate) use alike::{Alerting, SelfTest, like_every_channel, run_tests};
pub(crate) use beats::{Beating, like_every_heartbeat};
pub(crate) use texts::{assert_plain, assert_safe, strings};
pub(crate) use watched::Watched;

pub(crate) use super::secrets;

/// The authority that signs the fakes' certificates.
pub(crate) static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    dogwatch::install_tls_provider();
    Authority::new().unwrap()
});

/// The bundled plugins, each compiled once.
static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let (library, problems) = Library::open(Sandbox::new().unwrap(), None);
    assert!(problems.is_empty(), "{problems:?}");
    library
});

/// The site of the tests' daemon.
pub(crate) const SITE: &str = "fsn1";

/// A channel that can be wired to a fake of its service.
pub(crate) trait Wired {
    /// The fake service.
    type Service: Service;

    /// An empty service.
    fn service() -> Self::Service;

    /// The channel's set-up for a service at that address.
    fn wiring(url: &str) -> Wiring;

    /// Names of secrets, each with a value that the service rejects.
    fn wrong(url: &str) -> Vec<(&'static str, String)>;
}

/// How a channel is set up.
#[derive(Clone)]
pub(crate) struct Wiring {
    plugin: &'static str,
    hosts: Vec<String>,
    authorities: Vec<Vec<u8>>,
    settings: BTreeMap<String, Value>,
    secrets: BTreeMap<String, String>,
}

impl Wiring {
    /// A channel that may only send to that address and trusts the fakes' authority.
    pub(crate) fn new(plugin: &'static str, address: &str) -> Self {
        Self {
            plugin,
            hosts: vec![address.trim_start_matches("https://").to_owned()],
            authorities: vec![AUTHORITY.pem().into()],
            settings: BTreeMap::new(),
            secrets: BTreeMap::new(),
        }
    }

    /// Adds a setting.
    pub(crate) fn set(mut self, name: &str, value: Value) -> Self {
        self.settings.insert(name.to_owned(), value);
        self
    }

    /// Adds a setting that is a text.
    pub(crate) fn text(self, name: &str, text: &str) -> Self {
        self.set(name, Value::Text(text.to_owned()))
    }

    /// Adds a setting that is a list of texts.
    pub(crate) fn texts(self, name: &str, texts: &[&str]) -> Self {
        self.set(name, Value::Texts(texts.iter().map(|text| (*text).to_owned()).collect()))
    }

    /// Adds a secret.
    pub(crate) fn secret(mut self, name: &str, secret: &str) -> Self {
        self.secrets.insert(name.to_owned(), secret.to_owned());
        self
    }

    /// A channel that may not send anywhere.
    pub(crate) fn confined(self) -> Self {
        Self { hosts: Vec::new(), ..self }
    }

    /// A channel that trusts only this machine's authorities.
    pub(crate) fn distrustful(self) -> Self {
        Self { authorities: Vec::new(), ..self }
    }

    /// The channel, ready for use.
    pub(crate) fn client(&self) -> Watched {
        dogwatch::install_tls_provider();
        let secret = |(name, secret): (&String, &String)| (name.clone(), Secret::new(secret.clone()));
        let config = ChannelConfig {
            line: 1,
            name: "night".to_owned(),
            plugin: self.plugin.to_owned(),
            min_severity: Severity::Info,
            allow_hosts: self.hosts.clone(),
            allow_http: false,
            authorities: self.authorities.clone(),
            heartbeat: Duration::from_secs(60),
            settings: Settings(self.settings.clone()),
            secrets: self.secrets.iter().map(secret).collect(),
            sources: BTreeMap::new(),
        };
        let plugin = plugin::load(&LIBRARY, &config);
        assert!(plugin.is_ok(), "{plugin:?}");
        let client = ChannelClient {
            name: config.name.clone(),
            site: SITE.to_owned(),
            plugin: watch::channel(plugin).1,
            settings: config.settings.clone(),
            egress: Egress::new(&config, &egress::http_client().unwrap()).unwrap(),
        };
        Watched::new(client, self.secrets.values().cloned().collect())
    }
}

/// A channel and the fake that it is wired to.
pub(crate) struct Rig<C: Wired> {
    pub(crate) fake: Fake<C::Service>,
    pub(crate) wiring: Wiring,
    pub(crate) client: Watched,
}

impl<C: Wired> Rig<C> {
    pub(crate) async fn start() -> Self {
        let fake = Fake::start(C::service(), &AUTHORITY).await.unwrap();
        let wiring = C::wiring(&fake.url());
        let client = wiring.client();
        Self { fake, wiring, client }
    }
}

impl<C: Alerting> Rig<C> {
    /// How many notifications went out.
    pub(crate) fn heard(&self) -> usize {
        self.fake.with(|service| C::heard(service))
    }

    /// What can be read at the service, oldest first.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.fake.with(|service| C::texts(service))
    }
}
