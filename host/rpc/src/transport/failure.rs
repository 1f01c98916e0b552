//! Why a request got no answer: the network, DNS or TLS.

use std::error::Error as _;
use std::time::Duration;

use rustls::CertificateError;

use crate::endpoint::Endpoint;
use crate::error::{RequestPhase, RpcError, TlsFault};
use crate::text;

/// What an error of the HTTP client means. `connect` is the connect timeout.
pub(super) fn failure(error: &reqwest::Error, endpoint: &Endpoint, connect: Duration) -> RpcError {
    let what = text::one_line(&endpoint.scrub(&innermost(error)));
    if !error.is_connect() {
        return RpcError::Broken { what };
    }
    if error.is_timeout() {
        return RpcError::Timeout { phase: RequestPhase::Connecting, after: connect };
    }
    match tls_fault(error) {
        Some(fault) => RpcError::Tls { fault, what },
        None if is_lookup(error) => RpcError::Dns { what },
        None if is_refused(error) => RpcError::Refused { what },
        None => RpcError::NotReachable { what },
    }
}

/// The text of the innermost cause; those around it repeat the URL.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    let Some(mut cause) = error.source() else { return "no cause given".to_owned() };
    while let Some(below) = cause.source() {
        cause = below;
    }
    cause.to_string()
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |cause: &&(dyn std::error::Error + 'static)| (**cause).source())
}

fn is_refused(error: &reqwest::Error) -> bool {
    let refused = |io: &std::io::Error| io.kind() == std::io::ErrorKind::ConnectionRefused;
    causes(error).any(|cause| cause.downcast_ref::<std::io::Error>().is_some_and(refused))
}

fn tls_fault(error: &reqwest::Error) -> Option<TlsFault> {
    causes(error).find_map(|cause| {
        // An `io::Error` hides the error inside it from `source`, and several may be nested.
        let mut inside = cause;
        while let Some(inner) = inside.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref()) {
            inside = inner;
        }
        Some(match inside.downcast_ref::<rustls::Error>()? {
            rustls::Error::InvalidCertificate(certificate) => match certificate {
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    TlsFault::WrongName
                }
                CertificateError::UnknownIssuer => TlsFault::UnknownIssuer,
                _ => TlsFault::Certificate,
            },
            _ => TlsFault::Handshake,
        })
    })
}

/// hyper-util's connector names the failed step in its message only.
fn is_lookup(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.to_string() == "dns error")
}
