//! The only redirect that is followed: from `http` to `https` at the same place.

use url::Url;

use crate::error::RedirectFault;

/// How a redirect is treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// To the same host and path by `https`, both at their default ports: the request is repeated there unchanged.
    ToHttps(Url),
    /// Anything else: the endpoint is misconfigured, or someone is in between.
    Refused(RedirectFault),
}

impl Redirect {
    /// Judges the answer to a POST to `from`. `location` is the `Location` header, absolute or relative.
    pub fn judge(from: &Url, status: u16, location: Option<&str>) -> Self {
        match Self::target(from, status, location) {
            Ok(to) => Self::ToHttps(to),
            Err(fault) => Self::Refused(fault),
        }
    }

    fn target(from: &Url, status: u16, location: Option<&str>) -> Result<Url, RedirectFault> {
        if !matches!(status, 301 | 302 | 307 | 308) {
            return Err(RedirectFault::Status);
        }
        let location = location.filter(|text| !text.is_empty()).ok_or(RedirectFault::NoLocation)?;
        let mut to = from.join(location).map_err(|_| RedirectFault::NoLocation)?;
        // A fragment is never sent, so it does not make a different place.
        to.set_fragment(None);
        if to == *from {
            return Err(RedirectFault::Loop);
        }
        match (from.scheme(), to.scheme()) {
            (_, "https" | "http") if to.host() != from.host() => return Err(RedirectFault::OtherHost),
            ("https", "http") => return Err(RedirectFault::Downgrade),
            ("http", "https") => {}
            ("http", "http") | ("https", "https") if to.port() != from.port() => return Err(RedirectFault::OtherPort),
            ("http", "http") | ("https", "https") => return Err(RedirectFault::OtherPath),
            _ => return Err(RedirectFault::OtherScheme),
        }
        // A URL has no port if it is its scheme's default.
        if from.port().is_some() || to.port().is_some() {
            return Err(RedirectFault::OtherPort);
        }
        if to.path() != from.path() || to.query() != from.query() {
            return Err(RedirectFault::OtherPath);
        }
        if !to.username().is_empty() || to.password().is_some() {
            return Err(RedirectFault::OtherHost);
        }
        Ok(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(from: &str, status: u16, location: &str) -> Result<String, RedirectFault> {
        match Redirect::judge(&Url::parse(from).unwrap(), status, Some(location)) {
            Redirect::ToHttps(to) => Ok(to.to_string()),
            Redirect::Refused(fault) => Err(fault),
        }
    }

    #[test]
    fn only_the_same_place_by_https() {
        use RedirectFault::*;
        let https = Ok("https://a.example/rpc?k=1".to_owned());
        for status in [301, 302, 307, 308] {
            assert_eq!(judge("http://a.example/rpc?k=1", status, "https://a.example/rpc?k=1"), https);
        }
        for location in ["https://A.EXAMPLE:443/rpc?k=1", "https://a.example/rpc?k=1#x"] {
            assert_eq!(judge("http://a.example:80/rpc?k=1", 308, location), https, "{location}");
        }
        let http = "http://a.example/";
        for (status, from, location, fault) in [
            (303, http, "https://a.example/", Status),
            (300, http, "https://a.example/", Status),
            (304, http, "https://a.example/", Status),
            (308, http, "", NoLocation),
            (308, http, "https://", NoLocation),
            (308, http, "http://a.example/", Loop),
            (308, http, "/", Loop),
            (308, http, "#", Loop),
            (308, "https://a.example/", "http://a.example/", Downgrade),
            (308, http, "https://b.example/", OtherHost),
            (308, http, "https://a.example.evil.example/", OtherHost),
            (308, http, "//b.example/", OtherHost),
            (308, http, "https://user@a.example/", OtherHost),
            (308, http, "https://a.example:8443/", OtherPort),
            (308, "http://a.example:8080/", "https://a.example/", OtherPort),
            (308, "http://a.example:443/", "https://a.example/", OtherPort),
            (308, http, "https://a.example/login", OtherPath),
            (308, http, "https://a.example/?next=1", OtherPath),
            (308, http, "/other", OtherPath),
            (308, http, "ftp://a.example/", OtherScheme),
            (308, http, "javascript:alert(1)", OtherScheme),
        ] {
            assert_eq!(judge(from, status, location), Err(fault), "{status} {from} -> {location}");
        }
        let from = Url::parse(http).unwrap();
        assert_eq!(Redirect::judge(&from, 301, None), Redirect::Refused(NoLocation));
    }
}
