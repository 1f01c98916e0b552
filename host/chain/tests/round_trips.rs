//! Everything that can be built can be read back, from bytes and from JSON, and everything else is refused.

#![expect(clippy::unwrap_used, reason = "tests may panic")]

use dogwatch_chain::{
    AccountName, Asset, Operation, Profile, PublicKey, SecretKey, SignedTransaction, Symbol, Time, Transaction,
    WitnessProps, WitnessSetProperties, WitnessUpdate, transaction_from_json, transaction_to_json,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

fn profiles() -> impl Strategy<Value = Profile> {
    prop::sample::select(Profile::NAMES.map(|name| Profile::by_name(name).unwrap()).to_vec())
}

fn names() -> impl Strategy<Value = AccountName> {
    "[a-z][a-z0-9-]{1,6}[a-z0-9](\\.[a-z][a-z0-9]{2,5})?".prop_map(|text| AccountName::new(text).unwrap())
}

fn keys() -> impl Strategy<Value = PublicKey> {
    prop_oneof![
        Just(PublicKey::NULL),
        prop::array::uniform32(1u8..)
            .prop_map(|bytes| SecretKey::from_bytes(bytes).map_or(PublicKey::NULL, |key| key.public_key())),
    ]
}

fn assets() -> impl Strategy<Value = Asset> {
    (0..=i64::MAX, prop::sample::select(vec![Symbol::Liquid, Symbol::Debt]))
        .prop_map(|(millis, symbol)| Asset { millis, symbol })
}

fn operations() -> impl Strategy<Value = Operation> {
    let set = (names(), btree_map("[a-z_]{1,12}", vec(any::<u8>(), 0..200), 0..6))
        .prop_map(|(owner, props)| Operation::WitnessSetProperties(WitnessSetProperties { owner, props }));
    let props = (assets(), any::<u32>(), any::<u16>()).prop_map(|(fee, size, rate)| WitnessProps {
        account_creation_fee: fee,
        maximum_block_size: size,
        interest_rate: rate,
    });
    let update = (names(), "\\PC{0,200}", keys(), props, assets()).prop_map(|(owner, url, key, props, fee)| {
        Operation::WitnessUpdate(WitnessUpdate { owner, url, block_signing_key: key, props, fee })
    });
    prop_oneof![set, update]
}

fn transactions() -> impl Strategy<Value = Transaction> {
    (any::<u16>(), any::<u32>(), any::<u32>(), vec(operations(), 0..4)).prop_map(
        |(ref_block_num, ref_block_prefix, expiration, operations)| Transaction {
            ref_block_num,
            ref_block_prefix,
            expiration: Time::from_secs(expiration),
            operations,
        },
    )
}

proptest! {
    #[test]
    fn bytes(transaction in transactions(), profile in profiles()) {
        let bytes = transaction.to_bytes(&profile);
        prop_assert_eq!(Transaction::from_bytes(&bytes, &profile).unwrap(), transaction);
    }

    #[test]
    fn json(transaction in transactions(), profile in profiles()) {
        let signed = SignedTransaction { transaction, signatures: Vec::new() };
        let json = transaction_to_json(&signed, &profile);
        prop_assert_eq!(transaction_from_json(&json, &profile).unwrap(), signed);
    }

    #[test]
    fn truncated_bytes_are_refused(transaction in transactions(), profile in profiles(), cut in any::<prop::sample::Index>()) {
        let bytes = transaction.to_bytes(&profile);
        let cut = cut.index(bytes.len());
        prop_assert!(Transaction::from_bytes(bytes.get(..cut).unwrap(), &profile).is_err());
    }

    /// Bytes that can be read are written back unchanged: there is only one form.
    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..300), profile in profiles()) {
        if let Ok(transaction) = Transaction::from_bytes(&bytes, &profile) {
            prop_assert_eq!(transaction.to_bytes(&profile), bytes);
        }
    }

    #[test]
    fn flipped_bytes(transaction in transactions(), profile in profiles(), at in any::<prop::sample::Index>(), bit in 0..8) {
        let mut bytes = transaction.to_bytes(&profile);
        let at = at.index(bytes.len());
        *bytes.get_mut(at).unwrap() ^= 1u8 << bit;
        if let Ok(read) = Transaction::from_bytes(&bytes, &profile) {
            prop_assert_ne!(&read, &transaction);
            prop_assert_eq!(read.to_bytes(&profile), bytes);
        }
    }

    #[test]
    fn public_keys(key in keys(), profile in profiles()) {
        let text = key.display(&profile.prefix).to_string();
        prop_assert_eq!(PublicKey::parse(&text, &profile.prefix), Ok(key));
    }

    #[test]
    fn a_mistyped_public_key_is_noticed(key in keys(), at in 3usize..50, letter in "[1-9A-HJ-NP-Za-km-z]") {
        let prefix = Profile::hive().prefix;
        let text = key.display(&prefix).to_string();
        let typed: String = text.chars().enumerate().map(|(i, c)| if i == at { letter.chars().next().unwrap() } else { c }).collect();
        prop_assume!(typed != text);
        prop_assert!(PublicKey::parse(&typed, &prefix).is_err());
    }

    #[test]
    fn wif(bytes in prop::array::uniform32(any::<u8>())) {
        if let Ok(key) = SecretKey::from_bytes(bytes) {
            prop_assert_eq!(SecretKey::from_wif(&key.to_wif()).unwrap().public_key(), key.public_key());
        }
    }

    #[test]
    fn assets_as_text(asset in assets(), profile in profiles()) {
        let text = asset.display(&profile).to_string();
        prop_assert_eq!(Asset::parse(&text, &profile), Ok(asset));
    }

    #[test]
    fn times(millis in 0i64..4_000_000_000_000) {
        let time = Time::from_millis(millis);
        prop_assert_eq!(Time::parse(&time.to_string()), Ok(time));
    }

    #[test]
    fn signatures(transaction in transactions(), bytes in prop::array::uniform32(1u8..0x7f)) {
        let (hive, steem) = (Profile::hive(), Profile::steem());
        let key = SecretKey::from_bytes(bytes).unwrap();
        let signed = transaction.sign(&hive, &key).unwrap();
        prop_assert_eq!(signed.signers(&hive).unwrap(), vec![key.public_key()]);
        // On another chain the same signature gives another key.
        prop_assert_ne!(signed.signers(&steem).ok(), Some(vec![key.public_key()]));
    }
}
