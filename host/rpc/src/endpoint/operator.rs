//! Who runs an endpoint, judged by its address: two names of one domain are one voice.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use url::{Host, Url};

/// Who runs an endpoint: its registrable domain, by the public suffix list, or its IP address. On this machine the port
/// counts as well, since a local port may be a tunnel to anywhere.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operator(Arc<str>);

impl Operator {
    /// The operator of a URL; `address` is used instead of a DNS lookup.
    pub(crate) fn of(url: &Url, address: Option<SocketAddr>) -> Self {
        let port = url.port_or_known_default().unwrap_or(0);
        let at = |ip: IpAddr, port: u16| match ip.to_canonical() {
            ip if ip.is_loopback() => format!("loopback:{port}"),
            ip => ip.to_string(),
        };
        let name = match (address, url.host()) {
            // An explicit port in the URL takes precedence.
            (Some(to), _) if to.port() != 0 && url.port().is_none() => at(to.ip(), to.port()),
            (Some(to), _) => at(to.ip(), port),
            (None, Some(Host::Domain("localhost"))) => format!("loopback:{port}"),
            (None, Some(Host::Domain(name))) => {
                let name = name.trim_end_matches('.');
                psl::domain_str(name).unwrap_or(name).to_owned()
            }
            (None, Some(Host::Ipv4(ip))) => at(ip.into(), port),
            (None, Some(Host::Ipv6(ip))) => at(ip.into(), port),
            (None, None) => String::new(),
        };
        Self(name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a URL leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_domain_is_one_operator() {
        let of = |url: &str| Operator::of(&Url::parse(url).unwrap(), None).to_string();
        assert_eq!(of("https://api.hive.blog"), "hive.blog");
        assert_eq!(of("https://rpc.eu.hive.blog:8443/x"), "hive.blog");
        assert_eq!(of("https://hive.example.co.uk"), "example.co.uk");
        assert_eq!(of("https://alice.github.io/rpc"), "alice.github.io", "everyone has a name of their own there");
        assert_eq!(of("https://api.hive.blog."), "hive.blog");
        assert_eq!(of("https://node1"), "node1");
        assert_eq!(of("http://10.0.0.5:8091"), "10.0.0.5");
        assert_eq!(of("http://10.0.0.5:8092"), "10.0.0.5");
        assert_eq!(of("http://[::ffff:10.0.0.5]:1"), "10.0.0.5");
        assert_eq!(of("http://127.0.0.1:8091"), "loopback:8091");
        assert_eq!(of("http://localhost"), "loopback:80");
        assert_eq!(of("http://[::1]:8091"), of("http://127.0.0.2:8091"));
        let at = |url: &str, to: &str| Operator::of(&Url::parse(url).unwrap(), Some(to.parse().unwrap())).to_string();
        assert_eq!(at("https://a.example", "10.0.0.1:0"), at("https://b.example", "10.0.0.1:0"));
        assert_eq!(at("https://a.example", "127.0.0.1:7"), "loopback:7");
        assert_eq!(at("https://a.example:9", "127.0.0.1:7"), "loopback:9");
    }
}
