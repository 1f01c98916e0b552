//! Valid addresses and hosts: stricter than the standards, so that nothing can be added to a mail's headers.

/// Whether this is an address, with or without a name: `alice@example.com`, `Alice <alice@example.com>`.
pub(crate) fn is_address(text: &str) -> Result<(), String> {
    let wrong = || Err("must be an address such as \"alice@example.com\" or \"Alice <alice@example.com>\"".to_owned());
    let address = match text.strip_suffix('>').map(|rest| rest.split_once('<')) {
        None => text,
        Some(None) => return wrong(),
        Some(Some((name, address))) => {
            let name = name.strip_suffix(' ').unwrap_or(name);
            // These would end the name, or begin a comment.
            let special = |c: char| c.is_control() || "\"()<>[]:;@\\,".contains(c);
            if name.contains(special) || name != name.trim() || name.len() > 200 {
                return wrong();
            }
            address
        }
    };
    // The limits of RFC 5321, 4.5.3.1, for an address and for the part before the @.
    let Some((local, domain)) = address.split_once('@').filter(|_| address.len() <= 254) else { return wrong() };
    let right = is_dotted(local, |byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
        && local.len() <= 64
        && is_name(domain);
    if right { Ok(()) } else { wrong() }
}

/// Whether this is a host: a name or an IP address.
pub(crate) fn is_host(host: &str) -> Result<(), String> {
    let number = host.parse::<std::net::IpAddr>().is_ok();
    if number || (is_name(host) && host.len() <= 253) {
        return Ok(());
    }
    Err("must be the name of a host, such as smtp.example.com, without a port".to_owned())
}

/// Whether this host is the local machine.
pub(crate) fn is_here(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn is_name(name: &str) -> bool {
    is_dotted(name, |byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether every part between the dots consists of such bytes, and none is empty.
fn is_dotted(text: &str, right: impl Fn(u8) -> bool) -> bool {
    text.split('.').all(|part| !part.is_empty() && part.bytes().all(&right))
}
