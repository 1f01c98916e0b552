//! The data types of a Graphene chain (Steem, Hive and their test networks): keys, names, assets, times, transactions
//! and their bytes. No I/O, no clock, no randomness: the same input gives the same bytes.
//!
//! The rules come from the public sources of `hived` and `steemd`. The byte layouts are checked against transactions
//! that several independent clients encode alike.
//!
//! ```
//! use dogwatch_chain::{AccountName, BlockId, Profile, PublicKey, SecretKey, Time, Transaction};
//!
//! let hive = Profile::hive();
//! let current = SecretKey::from_wif("5JDSFzY7Kxa7XGZ5udchL2W1jVcDx9gmXe1rfW1Qs7Cfgde94gp")?;
//! let next = PublicKey::parse("STM6CvqS9nUvGJnvSX5DVc7mrF6ePiavJGByVTt2fqT1h35SRpbjN", &hive.prefix)?;
//! let reference: BlockId = "000001f198e1b1c001e983588e93db76537027a2".parse()?;
//!
//! let switch = Transaction::switch_signing_key(
//!     AccountName::new("alice")?, current.public_key(), next, reference, Time::parse("2026-11-23T12:17:36")?,
//! );
//! let signed = switch.sign(&hive, &current)?;
//! assert_eq!(signed.signers(&hive)?, [current.public_key()]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod asset;
mod block;
mod chain_id;
mod codec;
mod facts;
mod json;
mod key;
mod name;
mod operation;
mod profile;
mod time;
mod transaction;
mod version;

pub use asset::{Asset, AssetError, Symbol};
pub use block::{BlockId, BlockIdError, BlockNum, Slot};
pub use chain_id::{ChainId, ChainIdError};
pub use codec::DecodeError;
pub use facts::{Block, Head, KeyChange, Schedule, WitnessState};
pub use json::{TransactionJsonError, key_change_from_json, transaction_from_json, transaction_to_json};
pub use key::{KeyError, KeyPrefix, PublicKey, SecretKey, Signature, SignatureError};
pub use name::{AccountName, NameError};
pub use operation::{Operation, WitnessProps, WitnessSetProperties, WitnessUpdate};
pub use profile::{FutureSchedule, InterestField, Profile, ProfileError};
pub use time::{Time, TimeError};
pub use transaction::{SignError, SignedTransaction, Transaction, TransactionId};
pub use version::{ChainVersion, VersionError};
