//! Keys and signatures, and every way to mistype them.

use sha2::{Digest as _, Sha256};

use super::error::KeyError;
use super::prefix::KeyPrefix;
use super::public::PublicKey;
use super::secret::{SecretKey, base58_checksum};
use super::signature::{Signature, SignatureError};

const WIF: &str = "5JDSFzY7Kxa7XGZ5udchL2W1jVcDx9gmXe1rfW1Qs7Cfgde94gp";

#[test]
fn wif_and_public_key_round_trip() {
    let secret = SecretKey::from_wif(WIF).unwrap();
    assert_eq!(*secret.to_wif(), WIF);
    let text = secret.public_key().display(&KeyPrefix::stm()).to_string();
    assert_eq!(text, "STM6v97htZoYkmzU6dvy5xx5daoVdP6FT5AFomJZF2s7MmD7ExC1d");
    assert_eq!(PublicKey::parse(&text, &KeyPrefix::stm()), Ok(secret.public_key()));
    assert_eq!(format!("{secret:?}"), "SecretKey(…)");
}

#[test]
fn the_null_key_has_the_well_known_text() {
    let text = "STM1111111111111111111111111111111114T1Anm";
    assert_eq!(PublicKey::parse(text, &KeyPrefix::stm()), Ok(PublicKey::NULL));
    assert_eq!(PublicKey::NULL.display(&KeyPrefix::stm()).to_string(), text);
    assert!(PublicKey::NULL.is_null());
    assert_eq!(PublicKey::NULL.check_on_curve(), Err(KeyError::NotOnCurve));
}

#[test]
fn each_way_to_mistype_a_key_has_its_own_error() {
    let stm = KeyPrefix::stm();
    let good = "STM6v97htZoYkmzU6dvy5xx5daoVdP6FT5AFomJZF2s7MmD7ExC1d";
    assert!(matches!(PublicKey::parse(&good.replace("STM", "TST"), &stm), Err(KeyError::Prefix { .. })));
    assert_eq!(PublicKey::parse(&good.replace("6v97", "0v97"), &stm), Err(KeyError::Base58));
    assert_eq!(PublicKey::parse(&good.replace("6v97", "6w97"), &stm), Err(KeyError::Checksum));
    assert!(matches!(PublicKey::parse(&good[..40], &stm), Err(KeyError::Length { .. })));
    assert!(matches!(PublicKey::parse("", &stm), Err(KeyError::Prefix { .. })));
    assert_eq!(SecretKey::from_wif(&WIF.replace("JDSF", "JDSG")).unwrap_err(), KeyError::Checksum);
    assert_eq!(SecretKey::from_wif(&WIF.replace("JDSF", "JOSF")).unwrap_err(), KeyError::Base58);
    assert!(matches!(SecretKey::from_wif(&WIF[..30]).unwrap_err(), KeyError::Length { .. }));
    assert_eq!(SecretKey::from_bytes([0; 32]).unwrap_err(), KeyError::Range);
    assert_eq!(SecretKey::from_bytes([0xff; 32]).unwrap_err(), KeyError::Range);
    let wrong_version = {
        let mut bytes = vec![0x81];
        bytes.extend_from_slice(&[7; 32]);
        let sum = base58_checksum(&bytes);
        bytes.extend_from_slice(&sum);
        bs58::encode(bytes).into_string()
    };
    assert_eq!(SecretKey::from_wif(&wrong_version).unwrap_err(), KeyError::Version(0x81));
}

fn signature(bytes: [u8; 65]) -> Signature {
    Signature::from_hex(&hex::encode(bytes)).unwrap()
}

#[test]
fn signatures_are_canonical_repeatable_and_recoverable() {
    let secret = SecretKey::from_wif(WIF).unwrap();
    for byte in 0..=255 {
        let digest: [u8; 32] = Sha256::digest([byte]).into();
        let signature = secret.sign(digest).unwrap();
        assert!(signature.is_canonical());
        assert_eq!(signature, secret.sign(digest).unwrap());
        assert_eq!(signature.recover(digest), Ok(secret.public_key()));
    }
}

#[test]
fn canonical_is_what_old_nodes_accept() {
    let with = |r0: u8, r1: u8, s0: u8, s1: u8| {
        let mut bytes = [1; 65];
        (bytes[1], bytes[2], bytes[33], bytes[34]) = (r0, r1, s0, s1);
        signature(bytes).is_canonical()
    };
    assert!(with(0x7f, 0, 0x7f, 0));
    assert!(with(0, 0x80, 0, 0x80));
    assert!(!with(0x80, 0, 1, 0));
    assert!(!with(1, 0, 0x80, 0));
    assert!(!with(0, 0x7f, 1, 0));
    assert!(!with(1, 0, 0, 0x7f));
}

#[test]
fn malformed_signatures_are_refused() {
    assert!(matches!(Signature::from_hex("1f"), Err(SignatureError::Form { .. })));
    assert_eq!(signature([0; 65]).recover([1; 32]), Err(SignatureError::Header(0)));
    let mut zero = [0; 65];
    zero[0] = 31;
    assert_eq!(signature(zero).recover([1; 32]), Err(SignatureError::Unrecoverable));
}
