//! Who runs an endpoint, as far as its address tells: two names of one domain are one voice.

use std::fmt;
use std::sync::Arc;

use url::{Host, Url};

/// Whoever answers for an endpoint: its registrable domain, by the public suffix list; its IP address; or, on this
/// machine, its port too, since a local port may be a tunnel to anywhere.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operator(Arc<str>);

impl Operator {
    pub(crate) fn of(url: &Url) -> Self {
        let name = match url.host() {
            Some(_) if is_loopback(url) => match (url.host_str(), url.port_or_known_default()) {
                (Some(host), Some(port)) => format!("{host}:{port}"),
                (host, _) => host.unwrap_or_default().to_owned(),
            },
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                psl::domain_str(name).unwrap_or(name).to_owned()
            }
            Some(Host::Ipv4(ip)) => ip.to_string(),
            Some(Host::Ipv6(ip)) => ip.to_canonical().to_string(),
            None => String::new(),
        };
        Self(name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a URL leads to this very machine.
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
        let of = |url: &str| Operator::of(&Url::parse(url).unwrap()).to_string();
        assert_eq!(of("https://api.hive.blog"), "hive.blog");
        assert_eq!(of("https://rpc.eu.hive.blog:8443/x"), "hive.blog");
        assert_eq!(of("https://hive.example.co.uk"), "example.co.uk");
        assert_eq!(of("https://alice.github.io/rpc"), "alice.github.io", "everyone has a name of their own there");
        assert_eq!(of("https://api.hive.blog."), "hive.blog");
        assert_eq!(of("https://node1"), "node1");
        assert_eq!(of("http://10.0.0.5:8091"), "10.0.0.5");
        assert_eq!(of("http://10.0.0.5:8092"), "10.0.0.5");
        assert_eq!(of("http://[::ffff:10.0.0.5]:1"), "10.0.0.5");
        assert_eq!(of("http://127.0.0.1:8091"), "127.0.0.1:8091");
        assert_eq!(of("http://localhost"), "localhost:80");
    }
}
