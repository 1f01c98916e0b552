//! Why a text is not the URL of an endpoint.

/// A text that is not an endpoint Dogwatch will ask.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// Not a URL at all. The text itself may hold a token and is not repeated.
    #[error("the endpoint is not a URL ({0}): write it like https://api.example.com")]
    NotUrl(url::ParseError),
    /// Blanks or control characters.
    #[error("the endpoint holds blanks or control characters: write it like https://api.example.com")]
    Blank,
    /// Neither `https` nor `http`.
    #[error("endpoint {shown}: {scheme}:// is not spoken, write https://")]
    Scheme {
        /// The endpoint, secrets left out.
        shown: String,
        /// What was found.
        scheme: String,
    },
    /// An address for what is one already.
    #[error("endpoint {shown}: address stands in for looking up a name, and this is no name; take it out")]
    Address {
        /// The endpoint, secrets left out.
        shown: String,
    },
    /// A user name or password.
    #[error("endpoint {shown}: a user name or password in the URL is not supported; take it out")]
    UserInfo {
        /// The endpoint, secrets left out.
        shown: String,
    },
    /// A fragment.
    #[error("endpoint {shown}: a URL's part after '#' is never sent; take it out")]
    Fragment {
        /// The endpoint, secrets left out.
        shown: String,
    },
}
