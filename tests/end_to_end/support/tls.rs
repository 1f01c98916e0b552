//! A real TLS server in front of a plain one, with a certificate of an authority made for the test.

use std::path::Path;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// The name of the endpoint that demands https.
pub(crate) const STEEMD: &str = "steemd.test";

/// An authority with certificates for `localhost` and [`STEEMD`].
pub(crate) struct Authority {
    pem: String,
    server: Arc<ServerConfig>,
    plain: Arc<Mutex<Vec<String>>>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        dogwatch::install_tls_provider();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        let server_key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), STEEMD.to_owned()];
        let certificate = CertificateParams::new(names).unwrap().signed_by(&server_key, &issuer).unwrap();
        let server_key = PrivateKeyDer::try_from(server_key.serialize_der()).unwrap();
        let server = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], server_key)
            .unwrap();
        Self { pem, server: Arc::new(server), plain: Arc::default() }
    }

    /// Writes the authority's certificate to a file that a process can trust.
    pub(crate) fn write(&self, path: &Path) {
        std::fs::write(path, &self.pem).unwrap();
    }

    /// What was posted over plain HTTP to an endpoint that demands https.
    pub(crate) fn plain_posts(&self) -> Vec<String> {
        self.plain.lock().unwrap().clone()
    }

    /// Puts a server in front of that URL that speaks TLS and redirects plain HTTP on the same port. Returns the port.
    pub(crate) async fn demanding_https(&self, upstream: &str, tasks: &mut JoinSet<()>) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let upstream = upstream.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let (acceptor, plain) = (TlsAcceptor::from(Arc::clone(&self.server)), Arc::clone(&self.plain));
        tasks.spawn(async move {
            loop {
                let Ok((mut client, _)) = listener.accept().await else { return };
                let (acceptor, upstream, plain) = (acceptor.clone(), upstream.clone(), Arc::clone(&plain));
                tokio::spawn(async move {
                    let mut first = [0];
                    if client.peek(&mut first).await.is_ok_and(|read| read > 0) && first != [0x16] {
                        let mut request = [0; 8192];
                        let read = client.read(&mut request).await.unwrap_or(0);
                        plain.lock().unwrap().push(String::from_utf8_lossy(&request[..read]).into_owned());
                        let to = format!("Location: https://{STEEMD}/");
                        let answer = format!("HTTP/1.1 301 Moved Permanently\r\n{to}\r\nContent-Length: 0\r\n\r\n");
                        let _ = client.write_all(answer.as_bytes()).await;
                        return;
                    }
                    let Ok(mut client) = acceptor.accept(client).await else { return };
                    let Ok(mut server) = TcpStream::connect(upstream).await else { return };
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        port
    }

    /// Puts a TLS server in front of that address. Returns the port.
    pub(crate) async fn front(&self, upstream: &str, tasks: &mut JoinSet<()>) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (acceptor, upstream) = (TlsAcceptor::from(Arc::clone(&self.server)), upstream.to_owned());
        tasks.spawn(async move {
            loop {
                let Ok((client, _)) = listener.accept().await else { return };
                let (acceptor, upstream) = (acceptor.clone(), upstream.clone());
                tokio::spawn(async move {
                    // A client that does not trust us hangs up here.
                    let Ok(mut client) = acceptor.accept(client).await else { return };
                    let Ok(mut server) = TcpStream::connect(upstream).await else { return };
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        port
    }
}
