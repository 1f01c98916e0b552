//! An endpoint that demands https: it speaks TLS, and answers plain HTTP with the usual 301.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context as _;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// The name of the endpoint. No resolver knows it: the configuration gives its address.
pub(super) const NAME: &str = "steemd.test";
/// The first byte of a TLS handshake.
const HANDSHAKE: u8 = 0x16;

#[derive(Debug)]
pub(super) struct Front {
    pub(super) address: SocketAddr,
    /// The authority that signed its certificate, in PEM form.
    pub(super) authority: String,
    _task: JoinSet<()>,
}

impl Front {
    /// Starts an endpoint in front of this address.
    pub(super) async fn before(upstream: &str) -> anyhow::Result<Self> {
        let (authority, config) = certificate().context("cannot make a certificate")?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("cannot open a port for the endpoint")?;
        let address = listener.local_addr()?;
        let upstream = upstream.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let mut task = JoinSet::new();
        task.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, upstream) = (acceptor.clone(), upstream.clone());
                tokio::spawn(async move {
                    // A client that hangs up does not matter here.
                    let _ = connection(stream, &acceptor, &upstream).await;
                });
            }
        });
        Ok(Self { address, authority, _task: task })
    }
}

async fn connection(mut client: TcpStream, acceptor: &TlsAcceptor, upstream: &str) -> std::io::Result<()> {
    let mut first = [0];
    client.peek(&mut first).await?;
    if first == [HANDSHAKE] {
        let mut client = acceptor.accept(client).await?;
        let mut server = TcpStream::connect(upstream).await?;
        tokio::io::copy_bidirectional(&mut client, &mut server).await?;
        return Ok(());
    }
    let mut request = [0; 4096];
    let _ = client.read(&mut request).await?;
    let answer = format!("HTTP/1.1 301 Moved Permanently\r\nLocation: https://{NAME}/\r\nContent-Length: 0\r\n\r\n");
    client.write_all(answer.as_bytes()).await
}

fn certificate() -> anyhow::Result<(String, ServerConfig)> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate()?;
    let authority = params.self_signed(&key)?.pem();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec![NAME.to_owned()])?.signed_by(&key, &issuer)?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
    let config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key)?;
    Ok((authority, config))
}
