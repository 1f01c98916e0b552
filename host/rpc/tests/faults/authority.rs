//! An authority made for the test, and what it and others sign.

use std::sync::{Arc, LazyLock};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// What a server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certificate {
    Good,
    Expired,
    OtherName,
    /// Signed by an authority that nobody trusts.
    Stranger,
}

pub(crate) struct Authority {
    /// The authority itself, in PEM form: what clients trust.
    pub(crate) pem: Vec<u8>,
    good: Signed,
    expired: Signed,
    other_name: Signed,
    stranger: Signed,
}

/// A server's configuration, and its certificate and key in PEM form.
struct Signed {
    config: Arc<ServerConfig>,
    pem: (String, String),
}

/// Made once: keys are costly.
pub(crate) static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::new);

impl Authority {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (pem, issuer) = root("The authority");
        let (_, other) = root("A stranger");
        let names = || {
            let numbered = (0..10).map(|n| format!("n{n}.test"));
            let named = ["api.test", "steemd.test", "faulty.test", "localhost", "127.0.0.1"].map(str::to_owned);
            numbered.chain(named).collect::<Vec<String>>()
        };
        let mut expired = CertificateParams::new(names()).unwrap();
        (expired.not_before, expired.not_after) = (date_time_ymd(2017, 1, 1), date_time_ymd(2018, 7, 28));
        Self {
            pem: pem.into_bytes(),
            good: sign(&CertificateParams::new(names()).unwrap(), &issuer),
            expired: sign(&expired, &issuer),
            other_name: sign(&CertificateParams::new(vec!["elsewhere.example".to_owned()]).unwrap(), &issuer),
            stranger: sign(&CertificateParams::new(names()).unwrap(), &other),
        }
    }

    pub(crate) fn server(&self, certificate: Certificate) -> Arc<ServerConfig> {
        Arc::clone(&self.signed(certificate).config)
    }

    /// Certificate and key in PEM form.
    pub(crate) fn files(&self, certificate: Certificate) -> (&str, &str) {
        let (certificate, key) = &self.signed(certificate).pem;
        (certificate, key)
    }

    fn signed(&self, certificate: Certificate) -> &Signed {
        match certificate {
            Certificate::Good => &self.good,
            Certificate::Expired => &self.expired,
            Certificate::OtherName => &self.other_name,
            Certificate::Stranger => &self.stranger,
        }
    }
}

fn root(name: &str) -> (String, Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    (pem, Issuer::new(params, key))
}

fn sign(params: &CertificateParams, issuer: &Issuer<'static, KeyPair>) -> Signed {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    let pem = (certificate.pem(), key.serialize_pem());
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    Signed { config: Arc::new(config), pem }
}
