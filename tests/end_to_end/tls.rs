//! Endpoints and channels over real TLS.

use tokio::task::JoinSet;

use crate::support::{Authority, Daemon, Net, Setup, WITNESS, until};

fn address(url: &str) -> String {
    url.trim_start_matches("http://").trim_end_matches('/').to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn https_endpoints_and_channels_work_where_the_certificate_is_trusted() {
    let (net, dir, authority) = (Net::start().await, Net::directory(), Authority::new());
    let mut fronts = JoinSet::new();
    let mut endpoints = Vec::new();
    for url in net.devnet.rpc_urls() {
        // Without a scheme, https is the default.
        endpoints.push(format!("localhost:{}", authority.front(&address(&url), &mut fronts).await));
    }
    let hook = authority.front(&net.sink.address, &mut fronts).await;
    let setup = Setup { endpoints: Some(endpoints.clone()), ..Setup::default() };
    let path = net.write(dir.path(), &setup);
    let text = std::fs::read_to_string(&path)
        .unwrap()
        .replace(&format!("allow_hosts = [\"{}\"]", net.sink.address), &format!("allow_hosts = [\"localhost:{hook}\"]"))
        .replace(&format!("http://{}/hook", net.sink.address), &format!("https://localhost:{hook}/hook"));
    std::fs::write(&path, text).unwrap();

    // An authority that this machine does not trust: every endpoint reports it.
    let stranger = Daemon::start(&path);
    until("the reason is known", async || {
        stranger.status().await.is_some_and(|status| {
            let endpoints = status["chains"][0]["endpoints"].as_array().unwrap().clone();
            endpoints.iter().all(|endpoint| endpoint["trouble"].as_str().is_some_and(|why| why.contains("certificate")))
        })
    })
    .await;
    assert!(net.sink.received().is_empty(), "nothing is sent to a channel that cannot be trusted");
    drop(stranger);

    let ca = dir.path().join("ca.pem");
    authority.write(&ca);
    let daemon = Daemon::start_with(&path, |command| {
        command.env("SSL_CERT_FILE", &ca);
    });
    daemon.ready().await;
    until("what could not be said is said", async || net.sink.has("/blind", "resolved")).await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the switch is reported as over", async || net.sink.has("/switching", "resolved")).await;
    assert_eq!(net.key_changes(), 1);
}
