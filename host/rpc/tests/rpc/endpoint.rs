//! Which URLs are taken, and how they are shown.

use dogwatch_rpc::{AllowHttp, Endpoint, EndpointError};

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
    assert!(Endpoint::parse("http://10.1.2.3:8090", AllowHttp::Yes).is_ok());
}

#[test]
fn bad_endpoints() {
    type Expected = fn(&EndpointError) -> bool;
    let plain: Expected = |error| matches!(error, EndpointError::PlainHttp { .. });
    let scheme: Expected = |error| matches!(error, EndpointError::Scheme { .. });
    let user: Expected = |error| matches!(error, EndpointError::UserInfo { .. });
    let blank: Expected = |error| matches!(error, EndpointError::Blank);
    let not_url: Expected = |error| matches!(error, EndpointError::NotUrl(_));
    let fragment: Expected = |error| matches!(error, EndpointError::Fragment { .. });
    for (text, expected) in [
        ("", not_url),
        ("https://", not_url),
        ("https://s3cr3t:99999", not_url),
        ("http://api.hive.blog", plain),
        ("HTTP://api.hive.blog", plain),
        ("http://10.0.0.1/?key=s3cr3t", plain),
        ("http://127.0.0.1.example.com", plain),
        ("http://localhost.example.com", plain),
        ("http://[::2]", plain),
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
