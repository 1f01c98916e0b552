//! The gateway before endpoints that are good and bad.

use std::net::SocketAddr;
use std::time::Duration;

use dogwatch_rpc::{Gateway, GatewayOptions, GatewayTls, PoolOptions};
use reqwest::header::{LOCATION, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::authority::{AUTHORITY, Certificate};
use crate::catalogue::{Shows, cases};
use crate::chain::{self, TRUTH, View};
use crate::fault::{Fault, Spoil};
use crate::scene::{Scene, options};

struct Door {
    scene: Scene,
    url: String,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Door {
    async fn new(faults: &[Fault]) -> Self {
        Self::with(faults, options(), GatewayOptions::default()).await
    }

    async fn with(faults: &[Fault], pool: PoolOptions, gateway: GatewayOptions) -> Self {
        let scene = Scene::with(faults, pool).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let gateway = Gateway::new(vec![("hive".to_owned(), scene.pool.clone())], gateway).unwrap();
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(async move { gateway.serve(listener, None, stopped).await });
        Self { scene, url, stop, serving }
    }

    async fn post(&self, body: impl Into<String>) -> Response {
        client().post(&self.url).body(body.into()).send().await.unwrap()
    }

    async fn call(&self, call: &Value) -> Value {
        self.post(call.to_string()).await.json().await.unwrap()
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        let answer = client().get(format!("{}{path}", self.url)).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// How many requests the servers have had that hold this text.
    fn asked(&self, text: &str) -> Vec<usize> {
        let count = |server: &crate::server::Server| server.bodies().iter().filter(|body| body.contains(text)).count();
        self.scene.servers.iter().map(count).collect()
    }
}

fn client() -> Client {
    let roots = reqwest::Certificate::from_pem_bundle(&AUTHORITY.pem).unwrap();
    Client::builder().redirect(redirect::Policy::none()).no_proxy().tls_certs_merge(roots).build().unwrap()
}

fn call(method: &str, params: &Value, id: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "method": format!("condenser_api.{method}"), "params": params, "id": id })
}

fn broadcast(method: &str) -> String {
    // As a client might write it, blanks and all.
    format!(
        r#"{{ "id" : "my-tx", "method":"condenser_api.{method}","params":[{{"ref_block_num":1}}],"jsonrpc":"2.0"}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_pass_as_they_are() {
    let door = Door::new(&[Fault::None]).await;
    for id in [json!(7), json!("seven"), json!(18_446_744_073_709_551_615_u64), json!(null)] {
        let call = call("get_version", &json!([]), &id);
        assert_eq!(door.call(&call).await, TRUTH.answer(&call), "{id}");
    }
    // The older form, and a call without a name of its API, are not understood here but passed on.
    let older = json!({ "jsonrpc": "2.0", "method": "call", "params": ["condenser_api", "get_version", []], "id": 1 });
    assert_eq!(door.call(&older).await, TRUTH.answer(&older), "what the node says of it");
    let unknown = call("no_such_method", &json!([]), &json!(1));
    let answer = door.post(unknown.to_string()).await;
    assert_eq!((answer.status(), answer.json::<Value>().await.unwrap()), (StatusCode::OK, TRUTH.answer(&unknown)));
    let to_name = client().post(format!("{}/hive", door.url)).body(older.to_string()).send().await.unwrap();
    assert_eq!(to_name.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_the_first_endpoint_is_hidden_from_clients() {
    use futures_util::StreamExt as _;
    let played = cases().into_iter().map(async |case| {
        let door = Door::new(&[case.fault.clone(), Fault::None, Fault::None]).await;
        for round in 0..2 {
            let asked = call("get_block", &json!([chain::height() - 1000]), &json!(round));
            let answer = door.post(asked.to_string()).await;
            assert_eq!(answer.status(), StatusCode::OK, "{}: {}", case.name, answer.text().await.unwrap());
            let answer: Value = answer.json().await.unwrap();
            let expected = TRUTH.answer(&asked);
            // A fork of its own can only be told once the endpoints were compared.
            let told = round > 0 || !matches!(case.shows, Shows::Standing(_));
            assert!(answer == expected || !told, "{}: {answer}", case.name);
            door.scene.poll().await;
            door.scene.poll().await;
        }
    });
    futures_util::stream::iter(played).buffer_unordered(12).collect::<Vec<()>>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_answered_in_one_or_one_by_one() {
    let calls: Vec<Value> = (0..20).map(|id| call("get_version", &json!([]), &json!(id))).collect();
    for (fault, requests) in [(Fault::None, 1), (Fault::Spoilt(Spoil::OneForTheBatch), 20)] {
        let door = Door::new(std::slice::from_ref(&fault)).await;
        let answers: Vec<Value> = door.post(json!(calls).to_string()).await.json().await.unwrap();
        assert_eq!(answers.len(), 20);
        for call in &calls {
            assert!(answers.contains(&TRUTH.answer(call)), "{fault:?}: {call}");
        }
        let batches = usize::from(requests > 1);
        // The chain id is asked for first.
        assert_eq!(door.scene.servers[0].requests().0, 1 + batches + requests, "{fault:?}");
    }
    // A broadcast among them goes its own way, and everything else too.
    let door = Door::new(&[Fault::None, Fault::None]).await;
    let mut mixed = calls.clone();
    mixed[3] = call("broadcast_transaction", &json!([{}]), &json!(3));
    let answers: Vec<Value> = door.post(json!(mixed).to_string()).await.json().await.unwrap();
    let ids: Vec<u64> = answers.iter().map(|answer| answer["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (0..20).collect::<Vec<_>>());
    assert_eq!(answers[3]["result"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_reaches_several_endpoints_unaltered() {
    let door = Door::new(&[Fault::None, Fault::Status(503, vec![]), Fault::None]).await;
    let body = broadcast("broadcast_transaction");
    let answer: Value = door.post(body.clone()).await.json().await.unwrap();
    assert_eq!(answer, json!({ "jsonrpc": "2.0", "result": {}, "id": "my-tx" }));
    // The first to take it answers; the others get it a moment later. One that does not tell its chain gets nothing.
    tokio::time::timeout(Duration::from_secs(10), async {
        while door.asked("my-tx") != [1, 0, 1] {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .unwrap();
    for server in [&door.scene.servers[0], &door.scene.servers[2]] {
        assert!(server.bodies().contains(&body), "the very bytes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_arrived_is_said_and_not_repeated() {
    let body = broadcast("broadcast_transaction_synchronous");
    let door = Door::new(&[Fault::Reset, Fault::None]).await;
    // The order of endpoints of which nothing is known is that of the configuration.
    let answer = door.post(body.clone()).await;
    assert_eq!(
        answer.status(),
        StatusCode::SERVICE_UNAVAILABLE,
        "the chain id could not be asked for: nothing was sent"
    );
    let door = Door::new(&[Fault::None, Fault::None]).await;
    door.scene.poll().await;
    for server in &door.scene.servers {
        server.become_other_for_new_connections(Fault::Reset);
    }
    for (method, asked) in [("broadcast_transaction", 2), ("broadcast_transaction_synchronous", 1)] {
        let before: usize = door.asked("my-tx").iter().sum();
        let answer = door.post(broadcast(method)).await;
        assert_eq!(answer.status(), StatusCode::OK, "another status would be leave to sign it anew");
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["id"], "my-tx");
        let text = answer["error"]["message"].as_str().unwrap();
        assert!(text.contains("may have arrived") && text.contains(".test: the connection broke"), "{text}");
        assert_eq!(door.asked("my-tx").iter().sum::<usize>() - before, asked, "{method}");
    }
    // Where it surely was not sent, the next one is asked.
    let door = Door::new(&[Fault::Refuse, Fault::None]).await;
    let answer: Value = door.post(body).await.json().await.unwrap();
    assert_eq!(door.asked("my-tx"), [0, 1]);
    assert_eq!(answer["id"], "my-tx");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_a_fresh_agreed_head() {
    let door = Door::new(&[Fault::None, Fault::None]).await;
    assert_eq!(door.get("/health").await.0, StatusCode::SERVICE_UNAVAILABLE, "nobody was asked yet");
    door.scene.poll_until_agreed().await;
    let (status, health) = door.get("/health").await;
    assert_eq!(
        (status, &health["status"], &health["chains"]["hive"]["verdict"]),
        (StatusCode::OK, &json!("ok"), &json!("agreed"))
    );
    assert!(health["chains"]["hive"]["head"].as_u64().unwrap().abs_diff(chain::height().into()) <= 1);
    assert_eq!(door.get("/health/hive").await.0, StatusCode::OK);
    assert_eq!(door.get("/health/steem").await.0, StatusCode::NOT_FOUND);
    for fault in
        [Fault::Other(View { branch: 5, ..TRUTH }), Fault::Other(View { off: -100, ..TRUTH }), Fault::Page(b"<html>")]
    {
        door.scene.servers[1].become_other_for_new_connections(fault.clone());
        door.scene.poll().await;
        let (status, health) = door.get("/health").await;
        assert_eq!((status, &health["status"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("unwell")), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_call_is_refused() {
    let options = GatewayOptions { max_request: 4096, max_batch: 5, ..GatewayOptions::default() };
    let door = Door::with(&[Fault::None], self::options(), options).await;
    for (body, code) in [("", -32700), ("{", -32700), ("[]", -32600), ("{}", -32600), ("7", -32600)] {
        let answer = door.post(body).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(
            (&answer["error"]["code"], &answer["id"], &answer["jsonrpc"]),
            (&json!(code), &json!(null), &json!("2.0"))
        );
    }
    assert_eq!(door.post("x".repeat(5000)).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let stream = futures_util::stream::iter((0..100).map(|_| Ok::<_, std::io::Error>("x".repeat(100))));
    let chunked = client().post(&door.url).body(reqwest::Body::wrap_stream(stream)).send().await.unwrap();
    assert_eq!(chunked.status(), StatusCode::PAYLOAD_TOO_LARGE, "also where its length is not told");
    let batch = json!(vec![call("get_version", &json!([]), &json!(1)); 6]);
    assert_eq!(door.call(&batch).await["error"]["code"], -32600);
    let (status, _) = door.get("/").await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    let nowhere = client().post(format!("{}/steem", door.url)).body("{}").send().await.unwrap();
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);
    assert_eq!(door.scene.servers[0].requests(), (0, 0), "none of it went any further");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_too_much_is_told_so() {
    let options = GatewayOptions { calls_per_second: 5, ..GatewayOptions::default() };
    let door = Door::with(&[Fault::None], self::options(), options).await;
    let mut statuses = Vec::new();
    for _ in 0..30 {
        let answer = door.post(call("get_version", &json!([]), &json!(1)).to_string()).await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            assert_eq!(answer.headers()[RETRY_AFTER], "1");
        }
        statuses.push(answer.status());
    }
    assert!(statuses.contains(&StatusCode::OK) && statuses.contains(&StatusCode::TOO_MANY_REQUESTS), "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_relays_keeps_to_the_budget() {
    let pool = options().requests_per_minute(10);
    let door = Door::with(&[Fault::None], pool, GatewayOptions::default()).await;
    let mut served = 0;
    for _ in 0..20 {
        let answer = door.post(call("get_version", &json!([]), &json!(1)).to_string()).await;
        served += usize::from(answer.status() == StatusCode::OK);
    }
    assert!((5..=10).contains(&served), "{served}");
    assert!(door.scene.poll().await[0].result.is_ok(), "what decides may overdraw it");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_answers_stream_through() {
    let door = Door::new(&[Fault::None]).await;
    let length = 8 << 20;
    let asked = call("get_account_history", &json!([length]), &json!("long"));
    assert_eq!(door.call(&asked).await, TRUTH.answer(&asked), "longer than what the pool itself would read");
}

#[tokio::test(flavor = "multi_thread")]
async fn irreversible_blocks_are_kept_and_nothing_else() {
    let door = Door::new(&[Fault::None, Fault::None]).await;
    door.scene.poll_until_agreed().await;
    let old = chain::height() - 1000;
    for id in 0..3 {
        let asked = call("get_block", &json!([old]), &json!(id));
        assert_eq!(door.call(&asked).await, TRUTH.answer(&asked));
        let version = call("get_version", &json!([]), &json!(id));
        assert_eq!(door.call(&version).await, TRUTH.answer(&version));
        let future = call("get_block", &json!([old + 5000]), &json!(id));
        assert_eq!(door.call(&future).await["result"], json!(null));
    }
    let total = |text: &str| door.asked(text).iter().sum::<usize>();
    assert_eq!(total(&format!("[{old}]")), 1);
    assert_eq!(total(&format!("[{}]", old + 5000)), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_no_endpoint_left_each_one_has_a_reason() {
    let door = Door::new(&[Fault::Refuse, Fault::Page(b"<html>"), Fault::Hang]).await;
    let answer = door.post(call("get_version", &json!([]), &json!(5)).to_string()).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["id"], 5);
    let text = answer["error"]["message"].as_str().unwrap();
    for part in ["n0.test: not reachable", "n1.test: the answer is not JSON", "n2.test"] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_it_finishes_what_has_begun() {
    let door = Door::new(&[Fault::Slow(700)]).await;
    let asked = call("get_version", &json!([]), &json!(1));
    let url = door.url.clone();
    let body = asked.to_string();
    let begun = tokio::spawn(async move { client().post(url).body(body).send().await.unwrap().json::<Value>().await });
    tokio::time::timeout(Duration::from_secs(10), async {
        while door.scene.servers[0].requests().0 == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    door.stop.send_replace(true);
    door.serving.await.unwrap();
    assert_eq!(begun.await.unwrap().unwrap(), TRUTH.answer(&asked));
    assert!(client().post(&door.url).body(asked.to_string()).send().await.is_err(), "nobody listens any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_certificate_it_serves_https_and_leads_there() {
    let scene = Scene::new(&[Fault::None]).await;
    let (certificate, key) = AUTHORITY.files(Certificate::Good);
    let tls = GatewayTls::new(certificate.as_bytes(), key.as_bytes()).unwrap();
    let listen = async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        (listener, address.port())
    };
    let ((secure, https), (plain, http)) = (listen().await, listen().await);
    let gateway = Gateway::new(vec![("hive".to_owned(), scene.pool.clone())], GatewayOptions::default()).unwrap();
    let (_stop, stopped) = watch::channel(false);
    let (serving, leading) = (gateway.clone(), gateway.clone());
    let (replace, until) = (tls.clone(), stopped.clone());
    tokio::spawn(async move { serving.serve(secure, Some(tls), until).await });
    tokio::spawn(async move { leading.redirect(plain, https, stopped).await });

    let asked = call("get_version", &json!([]), &json!(1));
    let to = |port| format!("localhost:{port}/hive?x=1");
    let posted = client().post(format!("http://{}", to(http))).body(asked.to_string()).send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::PERMANENT_REDIRECT);
    assert_eq!(posted.headers()[LOCATION], format!("https://{}", to(https)));
    let got = client().get(format!("http://{}", to(http))).send().await.unwrap();
    assert_eq!(got.status(), StatusCode::MOVED_PERMANENTLY);
    // A client that follows keeps its method and its body, and may speak HTTP/2.
    let roots = reqwest::Certificate::from_pem_bundle(&AUTHORITY.pem).unwrap();
    let following = Client::builder().no_proxy().tls_certs_merge(roots).build().unwrap();
    let answer = following.post(format!("http://localhost:{http}/hive")).body(asked.to_string()).send().await.unwrap();
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert_eq!(answer.json::<Value>().await.unwrap(), TRUTH.answer(&asked));

    // A renewed certificate counts for new connections; one that is no good changes nothing.
    assert!(replace.replace(b"nonsense", key.as_bytes()).is_err());
    assert!(client().get(format!("https://localhost:{https}/health")).send().await.is_ok());
    let (expired, key) = AUTHORITY.files(Certificate::Expired);
    replace.replace(expired.as_bytes(), key.as_bytes()).unwrap();
    assert!(client().get(format!("https://localhost:{https}/health")).send().await.is_err());
}
