//! Redirects: whatever a server says, the request goes to the same place over https, or nowhere.

#![no_main]

use dogwatch_rpc::Redirect;
use libfuzzer_sys::fuzz_target;
use url::Url;

const FROM: [&str; 6] = [
    "http://api.example.com/",
    "http://api.example.com/rpc?key=1",
    "http://api.example.com:8090/",
    "https://api.example.com/",
    "http://[::1]/",
    "http://10.0.0.1/a/../b",
];

fuzz_target!(|input: (u8, u16, &str)| {
    let (from, status, location) = input;
    let from = Url::parse(FROM[usize::from(from) % FROM.len()]).expect("a good URL");
    for location in [Some(location), None] {
        if let Redirect::ToHttps(to) = Redirect::judge(&from, status, location) {
            assert!(matches!(status, 301 | 302 | 307 | 308));
            assert_eq!((from.scheme(), to.scheme()), ("http", "https"));
            assert_eq!((from.port(), to.port()), (None, None));
            assert_eq!((from.host(), from.path(), from.query()), (to.host(), to.path(), to.query()));
            assert!(to.username().is_empty() && to.password().is_none() && to.fragment().is_none());
        }
    }
});
