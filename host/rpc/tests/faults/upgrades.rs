//! From http to https: tried, redirected, remembered, and never a GET.

use dogwatch_chain::Profile;
use dogwatch_rpc::{AllowHttp, Endpoint, Pool, RedirectFault, RpcError, TlsFault, Upgrade};

use crate::authority::Certificate;
use crate::fault::Fault;
use crate::scene::{Scene, endpoint, options};
use crate::server::{Plain, Server};

fn scene(endpoint: Endpoint, server: Server) -> Scene {
    let pool = Pool::new(Profile::hive_testnet(), vec![endpoint], options()).unwrap();
    Scene { servers: vec![server], pool }
}

async fn polled(scene: &Scene) -> Result<(), RpcError> {
    scene.poll().await.remove(0).result.map(drop)
}

#[tokio::test]
async fn http_to_another_machine_is_never_spoken() {
    let server = Server::start(Fault::None).await;
    let scene = scene(endpoint("http://api.test", AllowHttp::No, &server), server);
    assert_eq!(polled(&scene).await, Ok(()));
    let (tls, plain) = scene.servers[0].requests();
    assert!(tls > 0 && plain == 0);
    assert_eq!(scene.pool.upgraded()[0].1, Upgrade::Rule);
    // Nor where TLS fails.
    scene.servers[0].become_other(Fault::Certificate(Certificate::Expired));
    let scene =
        self::scene(endpoint("http://api.test", AllowHttp::No, &scene.servers[0]), Server::start(Fault::None).await);
    assert!(matches!(polled(&scene).await, Err(RpcError::Tls { fault: TlsFault::Expired, .. })));
}

#[tokio::test]
async fn https_is_tried_first_where_http_is_allowed() {
    for url in ["http://api.test", "http://127.0.0.1:PORT/", "http://localhost:PORT/"] {
        let server = Server::start(Fault::None).await.plain(Plain::Refused);
        let url = url.replace("PORT", &server.address.port().to_string());
        let endpoint = match url.contains("test") {
            true => endpoint(&url, AllowHttp::Yes, &server),
            false => Endpoint::parse(&url, AllowHttp::No).unwrap(),
        };
        let scene = scene(endpoint, server);
        assert_eq!(polled(&scene).await, Ok(()), "{url}");
        assert_eq!(scene.servers[0].requests().1, 0, "{url}");
        assert_eq!(scene.pool.upgraded()[0].1, Upgrade::Found, "{url}");
    }
}

#[tokio::test]
async fn plain_http_is_spoken_where_nobody_speaks_tls_and_it_is_allowed() {
    for fault in [Fault::NotTls, Fault::Certificate(Certificate::Expired)] {
        let server = Server::start(fault).await;
        let scene = scene(endpoint("http://api.test", AllowHttp::Yes, &server), server);
        for _ in 0..2 {
            assert_eq!(polled(&scene).await, Ok(()));
        }
        let (tls, plain) = scene.servers[0].requests();
        assert!(tls == 0 && plain > 0);
        assert_eq!(scene.pool.upgraded(), []);
    }
}

#[tokio::test]
async fn a_redirect_to_https_is_obeyed_with_the_same_post() {
    for status in [301, 302, 307, 308] {
        // At the start there is no TLS, and plain HTTP is answered.
        let server = Server::start(Fault::NotTls).await;
        let scene = scene(endpoint("http://api.test/rpc?key=1", AllowHttp::Yes, &server), server);
        let server = &scene.servers[0];
        assert_eq!(polled(&scene).await, Ok(()));
        assert_eq!(scene.pool.upgraded(), []);
        let (before, bodies) = (server.requests(), server.bodies().len());
        // Then it demands https.
        server.become_other_for_new_connections(Fault::None);
        server.become_plain(Plain::Redirect(status, "https://api.test/rpc?key=1".to_owned()));
        for _ in 0..2 {
            assert_eq!(polled(&scene).await, Ok(()), "{status}");
        }
        assert_eq!(scene.pool.upgraded()[0].1, Upgrade::Redirected);
        let bodies = server.bodies().split_off(bodies);
        assert_eq!(bodies[0], bodies[1], "the request that was redirected, and the same bytes again");
        assert_ne!(bodies[1], bodies[2]);
        // The server itself would complain about a GET.
        assert_eq!(server.requests(), (2, before.1 + 1), "only one request was redirected");
    }
}

#[tokio::test]
async fn a_redirect_elsewhere_makes_the_endpoint_unwell() {
    for (to, fault) in [
        ("https://elsewhere.test/", RedirectFault::OtherHost),
        ("https://api.test:8443/", RedirectFault::OtherPort),
        ("https://api.test/login", RedirectFault::OtherPath),
        ("http://api.test/", RedirectFault::Loop),
    ] {
        let server = Server::start(Fault::NotTls).await.plain(Plain::Redirect(308, to.to_owned()));
        let scene = scene(endpoint("http://api.test/", AllowHttp::Yes, &server), server);
        assert_eq!(polled(&scene).await, Err(RpcError::Redirect { status: 308, fault }), "{to}");
        assert_eq!(scene.servers[0].requests(), (0, 1));
    }
}

#[tokio::test]
async fn an_upgrade_is_remembered_and_given_up_where_plain_http_is_all_there_is() {
    let server = Server::start(Fault::None).await;
    let first = scene(endpoint("http://api.test", AllowHttp::Yes, &server), server);
    assert_eq!(polled(&first).await, Ok(()));
    let (_, _, fingerprint) = first.pool.upgraded().remove(0);
    assert!(!fingerprint.contains("test"), "it may hold a token");

    // The next start: not one request by plain HTTP, and no second guess.
    let server = Server::start(Fault::None).await.plain(Plain::Refused);
    let again = endpoint("http://api.test", AllowHttp::Yes, &server);
    assert_eq!(again.fingerprint(), fingerprint);
    again.remember_upgrade();
    let second = scene(again, server);
    assert_eq!(second.pool.upgraded()[0].1, Upgrade::Remembered);
    assert_eq!(polled(&second).await, Ok(()));

    // TLS is gone: where plain HTTP may be used, the memory must not blind.
    let server = Server::start(Fault::NotTls).await;
    let again = endpoint("http://api.test", AllowHttp::Yes, &server);
    again.remember_upgrade();
    let third = scene(again, server);
    assert!(polled(&third).await.is_err());
    assert_eq!(polled(&third).await, Ok(()));
    assert_eq!(third.pool.upgraded(), []);
}
