//! Requests that the gateway refuses before it has read them: a client that sends all of its request before it reads
//! gets the answer, and the connection is good for its next request.

use std::sync::Arc;
use std::time::Duration;

use dogwatch_rpc::{Gateway, GatewayOptions, GatewayTls};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsConnector;

use crate::authority::{AUTHORITY, Certificate};
use crate::fault::Fault;
use crate::http::{self, Stream};
use crate::scene::Scene;

/// More than the sockets on both sides hold.
const BODY: usize = 6 << 20;
static PIECE: [u8; 64 << 10] = [b'x'; 64 << 10];

/// How a client tells where its request ends.
#[derive(Clone, Copy, Debug)]
enum Framing {
    Length,
    Chunked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    Http,
    Https,
}

struct Refused {
    gateway: GatewayOptions,
    request: &'static str,
    status: u16,
}

fn refusals() -> Vec<Refused> {
    let usual = GatewayOptions::default;
    let refused = |gateway, request, status| Refused { gateway, request, status };
    vec![
        refused(GatewayOptions { max_request: 4096, ..usual() }, "POST /", 413),
        refused(usual(), "POST /nowhere", 404),
        refused(usual(), "PUT /", 405),
        refused(usual(), "DELETE /health", 405),
        // Nobody was polled yet.
        refused(usual(), "GET /health", 503),
        refused(GatewayOptions { calls_per_second: 0, ..usual() }, "POST /", 429),
        refused(GatewayOptions { max_requests: 0, deadline: Duration::ZERO, ..usual() }, "POST /", 503),
    ]
}

struct Serving {
    _scene: Scene,
    _stop: watch::Sender<bool>,
    address: std::net::SocketAddr,
    over: Over,
}

impl Serving {
    async fn start(options: GatewayOptions, over: Over) -> Self {
        let (scene, gateway) = gateway(options).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let (certificate, key) = AUTHORITY.files(Certificate::Good);
        let tls = GatewayTls::new(certificate.as_bytes(), key.as_bytes()).unwrap();
        let tls = Some(tls).filter(|_| over == Over::Https);
        tokio::spawn(async move { gateway.serve(listener, tls, stopped).await });
        Self { _scene: scene, _stop: stop, address, over }
    }

    async fn redirecting() -> Self {
        let (scene, gateway) = gateway(GatewayOptions::default()).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(async move { gateway.redirect(listener, 443, stopped).await });
        Self { _scene: scene, _stop: stop, address, over: Over::Http }
    }

    async fn connect(&self) -> Box<dyn Stream> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        if self.over == Over::Http {
            return Box::new(stream);
        }
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&AUTHORITY.pem).unwrap()).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        Box::new(TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap())
    }
}

async fn gateway(options: GatewayOptions) -> (Scene, Gateway) {
    let scene = Scene::new(&[Fault::None]).await;
    let gateway = Gateway::new(vec![("hive".to_owned(), scene.pool.clone())], options).unwrap();
    (scene, gateway)
}

async fn send_piece(stream: &mut dyn Stream, framing: Framing) -> std::io::Result<()> {
    if let Framing::Chunked = framing {
        stream.write_all(format!("{:x}\r\n", PIECE.len()).as_bytes()).await?;
    }
    stream.write_all(&PIECE).await?;
    if let Framing::Chunked = framing {
        stream.write_all(b"\r\n").await?;
    }
    Ok(())
}

fn head(request: &str, framing: Framing, length: usize) -> String {
    let framing = match framing {
        Framing::Length => format!("Content-Length: {length}"),
        Framing::Chunked => "Transfer-Encoding: chunked".to_owned(),
    };
    format!("{request} HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n")
}

/// Sends all of a request, and only then reads.
async fn exchange(stream: &mut dyn Stream, head: &str, framing: Framing) -> std::io::Result<String> {
    stream.write_all(head.as_bytes()).await?;
    for _ in 0..BODY / PIECE.len() {
        send_piece(stream, framing).await?;
    }
    if let Framing::Chunked = framing {
        stream.write_all(b"0\r\n\r\n").await?;
    }
    stream.flush().await?;
    let answer = http::read(stream).await.ok_or(std::io::ErrorKind::UnexpectedEof)?;
    Ok(answer.head)
}

async fn answers(serving: &Serving, head: &str, framing: Framing, status: u16) {
    for connection in 0..2 {
        let mut stream = serving.connect().await;
        for request in 0..2 {
            let answer = exchange(&mut *stream, head, framing).await;
            let shown = format!("{:?} {head:?}, request {request} of connection {connection}", serving.over);
            let answer = answer.unwrap_or_else(|error| panic!("{shown}: {error}"));
            assert!(answer.starts_with(&format!("http/1.1 {status} ")), "{shown}: {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_all_before_it_reads_gets_every_refusal() {
    for refused in refusals() {
        for over in [Over::Http, Over::Https] {
            let serving = Serving::start(refused.gateway.clone(), over).await;
            for framing in [Framing::Length, Framing::Chunked] {
                answers(&serving, &head(refused.request, framing, BODY), framing, refused.status).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_gets_the_redirect_to_https_as_well() {
    let serving = Serving::redirecting().await;
    for framing in [Framing::Length, Framing::Chunked] {
        let request = head("POST /hive", framing, BODY);
        answers(&serving, &request, framing, 308).await;
        answers(&serving, &request.replace("Host: localhost\r\n", ""), framing, 400).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_a_client_of_http_2() {
    let serving = Serving::start(GatewayOptions { max_request: 4096, ..GatewayOptions::default() }, Over::Https).await;
    let roots = reqwest::Certificate::from_pem_bundle(&AUTHORITY.pem).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_merge(roots).build().unwrap();
    for _ in 0..5 {
        let url = format!("https://localhost:{}", serving.address.port());
        let answer = client.post(url).body(vec![b'x'; BODY]).send().await.unwrap();
        assert_eq!((answer.version(), answer.status().as_u16()), (reqwest::Version::HTTP_2, 413));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_first_is_refused_without_its_request() {
    let options = GatewayOptions { max_request: 4096, ..GatewayOptions::default() };
    let serving = Serving::start(options, Over::Http).await;
    let mut stream = serving.connect().await;
    let request = head("POST /", Framing::Length, BODY).replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = http::read(&mut *stream).await.unwrap();
    assert!(answer.head.starts_with("http/1.1 413 "), "not 100: {}", answer.head);
}

/// Refused by the HTTP library, which closes the connection: such a client has nothing to say that could be understood.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_head_cannot_be_read_is_refused_all_the_same() {
    let long = format!("POST / HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n", "x".repeat(900 << 10));
    let nonsense = format!("{}\r\n\r\n", "<!nonsense> ".repeat(64 << 10));
    for over in [Over::Http, Over::Https] {
        let serving = Serving::start(GatewayOptions::default(), over).await;
        for (request, status) in [(&long, 431), (&nonsense, 400)] {
            for connection in 0..8 {
                let mut stream = serving.connect().await;
                let shown = format!("{over:?}, {status}, connection {connection}");
                let sent = async {
                    stream.write_all(request.as_bytes()).await?;
                    stream.flush().await
                };
                sent.await.unwrap_or_else(|error| panic!("{shown}: {error}"));
                let answer = http::read(&mut *stream).await.unwrap_or_else(|| panic!("{shown}: no answer"));
                assert!(answer.head.starts_with(&format!("http/1.1 {status} ")), "{shown}: {}", answer.head);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_stops_sending_is_cut() {
    let options = GatewayOptions { max_request: 4096, ..GatewayOptions::default() };
    for over in [Over::Http, Over::Https] {
        let serving = Serving::start(options.clone(), over).await;
        for framing in [Framing::Length, Framing::Chunked] {
            let mut stream = serving.connect().await;
            let endless = head("POST /", framing, 1 << 40);
            stream.write_all(endless.as_bytes()).await.unwrap();
            let mut pieces = 0_usize;
            while send_piece(&mut *stream, framing).await.is_ok() {
                pieces += 1;
                assert!(pieces < 4096, "{over:?} {framing:?}: {pieces} pieces of 64 KiB, and still not cut");
            }
        }
    }
}
