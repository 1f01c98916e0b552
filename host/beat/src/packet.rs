//! A beat as it travels: one datagram.
//!
//! | Bytes | |
//! |---|---|
//! | 4 | `DWB1` |
//! | 32 | the public key |
//! | 64 | the Ed25519 signature over all other bytes, in order |
//! | rest | the report, as JSON |
//!
//! A watcher never answers one.

use crate::key::{BeatKey, BeatSigner, KEY_LEN, SIGNATURE_LEN};
use crate::report::Report;

/// What a beat begins with: its kind and version.
const MAGIC: &[u8; 4] = b"DWB1";

/// No beat is longer: each way between two machines carries a datagram of that size whole.
pub const MAX_PACKET: usize = 1200;

/// Why a datagram is no beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// It has another form.
    #[error("it is not a beat")]
    NotABeat,
    /// It is signed with a key that nobody has named here.
    #[error("its key {0} is not in the configuration")]
    UnknownKey(BeatKey),
    /// The signature does not fit.
    #[error("its signature does not fit its key {0}")]
    BadSignature(BeatKey),
    /// It is well signed, and cannot be read: the sender is newer, perhaps.
    #[error("it is signed with {0} and cannot be read: install the same version of Dogwatch on both machines")]
    Unreadable(BeatKey),
    /// The report is too long.
    #[error("it would be longer than {MAX_PACKET} bytes")]
    TooLong,
}

/// Signs a report.
///
/// # Errors
///
/// [`PacketError::TooLong`].
pub fn seal(signer: &BeatSigner, report: &Report) -> Result<Vec<u8>, PacketError> {
    let body = serde_json::to_vec(report).map_err(|_| PacketError::TooLong)?;
    let key = signer.key();
    let signature = signer.sign(&signed(&key, &body));
    let packet = [MAGIC.as_slice(), key.as_bytes(), signature.as_ref(), &body].concat();
    if packet.len() > MAX_PACKET { Err(PacketError::TooLong) } else { Ok(packet) }
}

/// Reads a beat that one of these keys signed.
///
/// # Errors
///
/// If it is no beat, or none of theirs.
pub fn open(packet: &[u8], is_known: impl Fn(&BeatKey) -> bool) -> Result<(BeatKey, Report), PacketError> {
    let rest = packet.strip_prefix(MAGIC).filter(|_| packet.len() <= MAX_PACKET).ok_or(PacketError::NotABeat)?;
    let (key, rest) = rest.split_first_chunk::<KEY_LEN>().ok_or(PacketError::NotABeat)?;
    let (signature, body) = rest.split_first_chunk::<SIGNATURE_LEN>().ok_or(PacketError::NotABeat)?;
    let key = BeatKey::from_bytes(*key);
    if !is_known(&key) {
        return Err(PacketError::UnknownKey(key));
    }
    if !key.verifies(&signed(&key, body), signature) {
        return Err(PacketError::BadSignature(key));
    }
    let report = serde_json::from_slice(body).map_err(|_| PacketError::Unreadable(key))?;
    Ok((key, report))
}

fn signed(key: &BeatKey, body: &[u8]) -> Vec<u8> {
    [MAGIC.as_slice(), key.as_bytes(), body].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::{LocalNode, ProcessState, SentAt};

    fn signer(n: u8) -> BeatSigner {
        BeatSigner::from_text(&hex::encode([n; 32])).unwrap()
    }

    fn report() -> Report {
        Report {
            sent: SentAt(1_764_273_600_123_456),
            process: Some(ProcessState::Running),
            watched_ms: 3,
            node: LocalNode::Fails("nothing listens on its port".to_owned()),
            disk_low: Some(7),
        }
    }

    #[test]
    fn a_beat_is_read_as_it_was_sent() {
        let packet = seal(&signer(1), &report()).unwrap();
        assert_eq!(open(&packet, |key| *key == signer(1).key()), Ok((signer(1).key(), report())));
        let body = br#"{"sent":1764273600123456,"process":"running","watched_ms":3,"node":{"fails":"nothing listens on its port"},"disk_low":7}"#;
        assert_eq!(packet[100..], *body, "the documented form");
    }

    #[test]
    fn a_beat_of_an_unknown_key_is_not_even_verified() {
        let mut packet = seal(&signer(1), &report()).unwrap();
        packet[50] ^= 1;
        assert_eq!(open(&packet, |_| false), Err(PacketError::UnknownKey(signer(1).key())));
    }

    #[test]
    fn what_a_newer_sender_says_is_told_from_what_an_attacker_says() {
        let body = br#"{"sent":1,"process":"asleep"}"#;
        let key = signer(1).key();
        let signature = signer(1).sign(&signed(&key, body));
        let packet = [MAGIC.as_slice(), key.as_bytes(), signature.as_ref(), body].concat();
        assert_eq!(open(&packet, |_| true), Err(PacketError::Unreadable(key)));
    }

    #[test]
    fn a_report_that_no_datagram_carries_is_not_sent() {
        let long = Report { node: LocalNode::Fails("x".repeat(MAX_PACKET)), ..report() };
        assert_eq!(seal(&signer(1), &long), Err(PacketError::TooLong));
    }

    proptest! {
        #[test]
        fn a_beat_with_any_byte_changed_is_refused(place in any::<prop::sample::Index>(), bit in 0_u8..8) {
            let packet = seal(&signer(1), &report()).unwrap();
            let mut changed = packet.clone();
            let place = place.index(changed.len());
            changed[place] ^= 1 << bit;
            prop_assert!(open(&changed, |key| *key == signer(1).key()).is_err());
            prop_assert!(open(&packet[..place], |key| *key == signer(1).key()).is_err(), "cut short");
        }

        #[test]
        fn nothing_else_is_a_beat(bytes in proptest::collection::vec(any::<u8>(), 0..1500)) {
            prop_assert!(open(&bytes, |_| true).is_err());
        }
    }
}
