//! What is wrong with a TLS handshake, and what an operator can do about it.

/// What is wrong with a TLS handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsFault {
    /// The certificate has expired.
    Expired,
    /// The certificate is for another name.
    WrongName,
    /// No authority that this machine trusts has signed the certificate.
    UnknownIssuer,
    /// Something else about the certificate.
    Certificate,
    /// The server does not speak TLS, or not correctly.
    Handshake,
}

impl TlsFault {
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::Expired => "its operator must renew the certificate, unless this machine's clock is wrong",
            Self::WrongName => "use the name that the certificate is for",
            Self::UnknownIssuer => "its operator's certificate or chain is wrong, or this machine lacks the authority",
            Self::Certificate => "its operator must fix the certificate",
            Self::Handshake => "there may be no TLS at that port",
        }
    }
}
