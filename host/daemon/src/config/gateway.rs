//! The `[gateway]` section.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use dogwatch_rpc::GatewayOptions;

use crate::config::duration::Range;
use crate::config::listen;
use crate::config::problem::Problems;
use crate::config::reader::Section;

const DEADLINE: Range<'_> =
    Range { least: Duration::from_millis(100), most: Duration::from_secs(120), why: "no client waits longer" };
const DRAIN: Range<'_> = Range {
    least: Duration::ZERO,
    most: Duration::from_secs(60),
    why: "by default systemd kills a service after 90 s",
};

/// The gateway: the pool, served to other programs.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// The address it listens on; with TLS, this port only redirects to https.
    pub listen: SocketAddr,
    /// Its certificate.
    pub tls: Option<CertificateFiles>,
    /// Its limits.
    pub options: GatewayOptions,
}

/// A certificate, and the address where https is served with it.
#[derive(Clone, Debug)]
pub struct CertificateFiles {
    /// The line its section starts in.
    pub line: usize,
    /// The address where https is served.
    pub listen: SocketAddr,
    /// The file with the certificate chain, in PEM form.
    pub certificate: PathBuf,
    /// The file with its private key, in PEM form.
    pub key: PathBuf,
}

pub(super) fn read(mut section: Section<'_>, problems: &mut Problems) -> Option<GatewayConfig> {
    let line = section.line();
    let listen = listen::address(&mut section, "listen", "\"127.0.0.1:8090\"", problems);
    let tls = section.table("tls", problems).map(|table| certificate_files(table, problems));
    let defaults = GatewayOptions::default();
    let bytes = |value: Option<u32>, default| {
        value.and_then(|kib| usize::try_from(kib).ok()?.checked_mul(1024)).unwrap_or(default)
    };
    let count = |value: Option<u32>, default| value.and_then(|n| usize::try_from(n).ok()).unwrap_or(default);
    let options = GatewayOptions {
        calls_per_second: section
            .integer("calls_per_second", 1..=1_000_000, problems)
            .unwrap_or(defaults.calls_per_second),
        max_request: bytes(section.integer("max_request_kib", 1..=32_768, problems), defaults.max_request),
        max_batch: count(section.integer("max_batch", 1..=1000, problems), defaults.max_batch),
        cache: bytes(section.integer("cache_kib", 0..=1_048_576, problems), defaults.cache),
        deadline: section.duration_within("deadline", DEADLINE, problems).unwrap_or(defaults.deadline),
        drain: section.duration_within("drain", DRAIN, problems).unwrap_or(defaults.drain),
        max_connections: count(section.integer("max_connections", 1..=100_000, problems), defaults.max_connections),
        ..defaults
    };
    if let Some(listen) = listen.as_ref().filter(|listen| !listen.ip().is_loopback() && tls.is_none()) {
        let text = format!("listen = \"{listen}\" can be reached from other machines and is not encrypted");
        section.warn(problems, line, &text, "Add [gateway.tls], or listen on 127.0.0.1.");
    }
    section.finish(problems);
    // The problems of the TLS section have been reported.
    let tls = match tls {
        Some(read) => Some(read?),
        None => None,
    };
    Some(GatewayConfig { listen: listen?, tls, options })
}

fn certificate_files(mut section: Section<'_>, problems: &mut Problems) -> Option<CertificateFiles> {
    let listen = listen::address(&mut section, "listen", "\"0.0.0.0:8443\"", problems);
    let certificate = section.required("certificate", "\"/etc/dogwatch/fullchain.pem\"", problems);
    let key = section.required("key", "\"/etc/dogwatch/privkey.pem\"", problems);
    let line = section.line();
    section.finish(problems);
    // The files themselves are checked later: a certificate that is being renewed must not keep the daemon from
    // starting.
    Some(CertificateFiles {
        line,
        listen: listen?,
        certificate: PathBuf::from(certificate?.value),
        key: PathBuf::from(key?.value),
    })
}
