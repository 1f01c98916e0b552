//! Why a text is not the URL of an endpoint.

/// A text that is not a usable endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// Not a URL. The text may contain a token and is not repeated.
    #[error("the endpoint is not a URL ({0}): write it like https://api.example.com")]
    NotUrl(url::ParseError),
    /// Whitespace or control characters.
    #[error("the endpoint contains whitespace or control characters: write it like https://api.example.com")]
    Blank,
    /// Neither `https` nor `http`.
    #[error("endpoint {shown}: {scheme}:// is not supported; write https://")]
    Scheme {
        /// The endpoint, secrets left out.
        shown: String,
        /// What was found.
        scheme: String,
    },
    /// An `address` for a host that is an IP address already.
    #[error("endpoint {shown}: `address` replaces a DNS lookup, and this host is an IP address already; remove it")]
    Address {
        /// The endpoint, secrets left out.
        shown: String,
    },
    /// A user name or password.
    #[error("endpoint {shown}: a user name or password in the URL is not supported; remove it")]
    UserInfo {
        /// The endpoint, secrets left out.
        shown: String,
    },
    /// A fragment.
    #[error("endpoint {shown}: the part of a URL after '#' is never sent; remove it")]
    Fragment {
        /// The endpoint, secrets left out.
        shown: String,
    },
}
