//! A desk and a channel in virtual time, for unit tests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use dogwatch_alerts::{AlertKey, AlertReport, Cause, Change, Notice, Recipient, Rules, Scope, Severity, Subject};
use dogwatch_chain::Time;
use dogwatch_plugins::Settings;
use tempfile::TempDir;
use tokio::sync::{Notify, watch};

use crate::alerts::desk::AlertDesk;
use crate::channels::client::ChannelClient;
use crate::channels::egress::{Egress, http_client};
use crate::channels::plugin::ChannelFault;
use crate::clock::Clock;
use crate::config::ChannelConfig;
use crate::store::Store;

/// When virtual time begins.
pub(crate) const START: Time = Time::from_secs(1_795_436_256);

/// A desk on a store of its own, which repeats every five minutes and has one channel, `pager`. Tokio's clock is its clock.
pub(crate) fn desk() -> (AlertDesk, TempDir) {
    let directory = TempDir::new().unwrap();
    let pager = Recipient { name: "pager".to_owned(), min_severity: Severity::Info };
    let mut rules = Rules::plain("home", vec![pager], Duration::from_mins(5));
    rules.gather = Duration::ZERO;
    let desk = AlertDesk {
        store: Store::open(directory.path()).unwrap(),
        rules: Arc::new(rules),
        bell: Arc::new(Notify::new()),
        clock: Clock::starting_at(START),
    };
    (desk, directory)
}

/// A channel without a plugin that works.
pub(crate) fn broken_channel(name: &str) -> ChannelClient {
    crate::install_tls_provider();
    let config = ChannelConfig {
        line: 1,
        name: name.to_owned(),
        plugin: "webhook".to_owned(),
        min_severity: Severity::Info,
        allow_hosts: Vec::new(),
        allow_http: false,
        authorities: Vec::new(),
        heartbeat: Duration::from_secs(60),
        settings: Settings::default(),
        secrets: BTreeMap::new(),
        sources: BTreeMap::new(),
    };
    ChannelClient {
        name: name.to_owned(),
        site: "home".to_owned(),
        plugin: watch::channel(Err(ChannelFault::new("there is no such plugin"))).1,
        settings: Settings::default(),
        egress: Egress::shared(&config, &http_client().unwrap()),
    }
}

/// A page about a witness that misses blocks.
pub(crate) fn page(at: Time) -> AlertReport {
    let notice = Notice {
        key: AlertKey::new(Scope::witness("hive", "alice"), Cause::Missing),
        severity: Severity::Page,
        subject: Subject::Daemon,
        summary: "alice misses blocks".to_owned(),
        details: String::new(),
        remedy: String::new(),
        command: String::new(),
    };
    AlertReport { change: Change::Raised, notice, at }
}
