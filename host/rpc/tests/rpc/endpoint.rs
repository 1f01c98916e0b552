//! Which URLs are taken, and how they are shown.

use dogwatch_rpc::{AllowHttp, Endpoint, EndpointError, Upgrade};

#[test]
fn good_endpoints_and_how_they_are_shown() {
    for (text, shown) in [
        ("api.hive.blog", "https://api.hive.blog"),
        (" https://API.hive.blog/ ", "https://api.hive.blog"),
        ("https://api.hive.blog:443", "https://api.hive.blog"),
        ("api.example.com:8090/rpc", "https://api.example.com:8090/rpc"),
        ("http://127.0.0.1:8090", "http://127.0.0.1:8090"),
        ("http://127.8.9.1", "http://127.8.9.1"),
        ("http://[::1]:8090", "http://[::1]:8090"),
        ("http://[::ffff:127.0.0.1]:8090", "http://[::ffff:7f00:1]:8090"),
        ("http://localhost:8090", "http://localhost:8090"),
        ("localhost:8090", "https://localhost:8090"),
        ("https://a.example/v1/?token=s3cr3t&x=1&bare", "https://a.example/v1?token=…&x=…&…"),
        ("https://a.example/v2/0123456789abcdef0123456789abcdef", "https://a.example/v2/…"),
        ("https://a.example/v2/shortkey1234567/hive", "https://a.example/v2/…/hive"),
        ("https://a.example/?u=http://b.example", "https://a.example?u=…"),
        ("a.example/?u=http://b.example", "https://a.example?u=…"),
        ("https://a.example/?0123456789abcdef0123456789abcdef=1", "https://a.example?…"),
    ] {
        let endpoint = Endpoint::parse(text, AllowHttp::No).unwrap();
        assert_eq!(endpoint.to_string(), shown, "{text}");
        assert_eq!(format!("{endpoint:?}"), format!("Endpoint({shown})"));
        assert!(shown.ends_with(endpoint.name().as_str()));
    }
    let allowed = Endpoint::parse("http://10.1.2.3:8090", AllowHttp::Yes).unwrap();
    assert_eq!((allowed.to_string().as_str(), allowed.upgrade()), ("http://10.1.2.3:8090", None));
}

#[test]
fn http_to_other_machines_becomes_https() {
    for (text, shown) in [
        ("http://api.hive.blog", "https://api.hive.blog"),
        ("HTTP://api.hive.blog:80/rpc", "https://api.hive.blog/rpc"),
        ("http://api.hive.blog:8090", "https://api.hive.blog:8090"),
        ("http://10.0.0.1/?key=s3cr3t", "https://10.0.0.1?key=…"),
        ("http://127.0.0.1.example.com", "https://127.0.0.1.example.com"),
        ("http://localhost.example.com", "https://localhost.example.com"),
        ("http://[::2]", "https://[::2]"),
    ] {
        let endpoint = Endpoint::parse(text, AllowHttp::No).unwrap();
        assert_eq!((endpoint.to_string().as_str(), endpoint.upgrade()), (shown, Some(Upgrade::Rule)), "{text}");
    }
}

#[test]
fn an_address_stands_in_for_a_lookup() {
    let address = "127.0.0.1:8090".parse().unwrap();
    let named = Endpoint::parse("https://api.hive.blog", AllowHttp::No).unwrap();
    assert_eq!(named.clone().at(address).unwrap(), named);
    let bare = Endpoint::parse("https://10.0.0.1", AllowHttp::No).unwrap();
    assert!(matches!(bare.at(address), Err(EndpointError::Address { .. })));
}

#[test]
fn bad_endpoints() {
    type Expected = fn(&EndpointError) -> bool;
    let scheme: Expected = |error| matches!(error, EndpointError::Scheme { .. });
    let user: Expected = |error| matches!(error, EndpointError::UserInfo { .. });
    let blank: Expected = |error| matches!(error, EndpointError::Blank);
    let not_url: Expected = |error| matches!(error, EndpointError::NotUrl(_));
    let fragment: Expected = |error| matches!(error, EndpointError::Fragment { .. });
    for (text, expected) in [
        ("", not_url),
        ("https://", not_url),
        ("https://s3cr3t:99999", not_url),
        ("ftp://api.hive.blog/?key=s3cr3t", scheme),
        ("wss://api.hive.blog", scheme),
        ("https://user:s3cr3t@api.hive.blog", user),
        ("https://s3cr3t@api.hive.blog", user),
        ("s3cr3t:s3cr3t@api.hive.blog", user),
        ("https://api.hive.blog/#s3cr3t", fragment),
        ("https://api.hive.blog/a\tb", blank),
        ("https://api.hive.blog https://b.example", blank),
    ] {
        let error = Endpoint::parse(text, AllowHttp::No).unwrap_err();
        assert!(expected(&error), "{text}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error}");
    }
}
