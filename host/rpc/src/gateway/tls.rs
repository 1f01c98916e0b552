//! The gateway's certificate, which can be replaced while it serves: most are renewed every few weeks.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// A certificate with its key. Clones share it.
#[derive(Clone, Debug)]
pub struct GatewayTls {
    shared: Arc<SharedCertificate>,
    config: Arc<ServerConfig>,
}

struct SharedCertificate(RwLock<Arc<CertifiedKey>>);

impl std::fmt::Debug for SharedCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedCertificate(…)")
    }
}

/// A certificate that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The file contains no certificate.
    #[error("the certificate file contains no PEM certificate; one begins with -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    /// The file contains no key. Its content is not repeated.
    #[error("the key file contains no PEM private key; one begins with -----BEGIN PRIVATE KEY-----")]
    NoKey,
    /// Certificate and key do not match, or are of an unknown kind.
    #[error("the certificate and the key cannot be used together: {0}")]
    Unfit(String),
}

impl GatewayTls {
    /// Takes the contents of a certificate file, with the whole chain, and of its key file.
    ///
    /// # Errors
    ///
    /// If either has no PEM block, or they cannot be used together.
    pub fn new(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let certified = certified(certificates, key)?;
        let shared = Arc::new(SharedCertificate(RwLock::new(Arc::new(certified))));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Unfit(error.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shared) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { shared, config: Arc::new(config) })
    }

    /// Uses a new certificate for new connections.
    ///
    /// # Errors
    ///
    /// If the new certificate cannot be used; the old one then stays in use.
    pub fn replace(&self, certificates: &[u8], key: &[u8]) -> Result<(), TlsError> {
        let certified = Arc::new(certified(certificates, key)?);
        *self.shared.0.write().unwrap_or_else(PoisonError::into_inner) = certified;
        Ok(())
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

fn certified(certificates: &[u8], key: &[u8]) -> Result<CertifiedKey, TlsError> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(certificates).collect::<Result<_, _>>().map_err(|_| TlsError::NoCertificate)?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate);
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey)?;
    let provider = rustls::crypto::ring::default_provider();
    CertifiedKey::from_der(chain, key, &provider).map_err(|error| TlsError::Unfit(error.to_string()))
}

impl ResolvesServerCert for SharedCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}
