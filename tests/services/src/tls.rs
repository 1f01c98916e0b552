//! A certificate authority for the test, and the server certificate that it signs.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

/// A certificate authority, with a certificate for `localhost`.
#[derive(Clone)]
pub struct Authority {
    pem: String,
    server: Arc<ServerConfig>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

/// Why no authority could be made.
type Failed = Box<dyn std::error::Error>;

impl Authority {
    /// A new authority with new keys.
    ///
    /// # Errors
    ///
    /// The keys or the certificate cannot be made.
    pub fn new() -> Result<Self, Failed> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        let issuer = Issuer::new(params, key);
        let server_key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec!["localhost".to_owned()])?.signed_by(&server_key, &issuer)?;
        let server_key = PrivateKeyDer::try_from(server_key.serialize_der())?;
        let server = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], server_key)?;
        Ok(Self { pem, server: Arc::new(server) })
    }

    /// Its certificate, in PEM form.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The server side of TLS.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.server))
    }
}
