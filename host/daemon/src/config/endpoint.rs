//! Endpoints: in `endpoints` of a chain, and as `probe` of a node.

use std::net::{IpAddr, SocketAddr};

use dogwatch_rpc::{AllowHttp, Endpoint, Upgrade};

use crate::config::problem::Problems;
use crate::config::reader::{At, Item};

/// Reads an endpoint: a URL, or a table with `url`, `allow_http` and `address`.
pub(super) fn read(item: Item<'_>, what: &str, problems: &mut Problems) -> Option<Endpoint> {
    let (url, allow, address) = match item {
        Item::Text(url) => (url, AllowHttp::No, None),
        Item::Table(mut section) => {
            let url = section.required("url", "\"https://…\"", problems);
            let allow = section.flag("allow_http", problems).unwrap_or(false);
            let address = section.text("address", problems);
            section.finish(problems);
            (url?, if allow { AllowHttp::Yes } else { AllowHttp::No }, address)
        }
    };
    let parsed = Endpoint::parse(&url.value, allow).map_err(|error| {
        let remedy =
            "Write https://host/path. For plain http to another machine: { url = \"http://…\", allow_http = true }.";
        problems.error(Some(url.line), format!("{what}: {error}"), remedy);
    });
    let mut endpoint = parsed.ok()?;
    if let Some(At { value, line }) = address {
        let Some(to) = socket_address(&value) else {
            let text = format!("{what}: address = {value:?} is not an IP address");
            problems.error(Some(line), text, "Write it like \"10.0.0.5\" or \"[fd00::5]:8443\".");
            return None;
        };
        let placed = endpoint.at(to).map_err(|error| {
            problems.error(Some(line), format!("{what}: {error}"), "Write a host name in the URL, or remove address.");
        });
        endpoint = placed.ok()?;
    }
    if endpoint.upgrade() == Some(Upgrade::Rule) {
        let text = format!(
            "{what}: endpoint {} is asked over https, although the configuration says http://",
            endpoint.name()
        );
        let remedy =
            "Write https://. Set allow_http = true only if that machine has no TLS and the network is your own.";
        problems.warn(Some(url.line), text, remedy);
    }
    Some(endpoint)
}

/// An IP address, with or without a port; port 0 means that none is given.
fn socket_address(text: &str) -> Option<SocketAddr> {
    text.parse().ok().or_else(|| Some(SocketAddr::new(text.parse::<IpAddr>().ok()?, 0)))
}
