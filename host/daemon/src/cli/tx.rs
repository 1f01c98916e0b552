//! `dogwatch tx`.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use dogwatch_chain::{
    ChainId, KeyPrefix, Profile, PublicKey, SecretKey, SignedTransaction, transaction_from_json, transaction_to_json,
};
use dogwatch_client::Failure;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::cli::common::say;

#[derive(Debug, Subcommand)]
pub(super) enum TxCommand {
    /// Show exactly what would be signed: bytes, digest and id of a transaction in JSON
    Inspect {
        #[command(flatten)]
        chain: ChainOptions,
        /// Sign with the private key (WIF) in this file
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
        /// The transaction, in the JSON of condenser_api; - is standard input
        #[arg(default_value = "-")]
        file: PathBuf,
    },
}

/// The chain that the transaction is for.
#[derive(Debug, Args)]
pub(super) struct ChainOptions {
    /// The chain: hive, steem, hive-mirrornet, hive-testnet; or custom, which is Hive with the changes given
    #[arg(long, default_value = "hive")]
    chain: String,
    /// Chain id, instead of the profile's
    #[arg(long, value_name = "HEX", required_if_eq("chain", "custom"))]
    chain_id: Option<String>,
    /// Prefix of public keys, instead of the profile's
    #[arg(long)]
    prefix: Option<String>,
    /// Symbol of the liquid token in JSON and bytes, instead of the profile's
    #[arg(long, value_name = "SYMBOL")]
    liquid_symbol: Option<String>,
    /// Symbol of the debt token in JSON and bytes, instead of the profile's
    #[arg(long, value_name = "SYMBOL")]
    debt_symbol: Option<String>,
}

impl ChainOptions {
    fn profile(self) -> Result<Profile, Failure> {
        let mut profile = match self.chain.as_str() {
            "custom" => Profile { name: self.chain, ..Profile::hive() },
            name => Profile::by_name(name).map_err(Failure::input)?,
        };
        if let Some(id) = self.chain_id {
            profile.chain_id = id.parse::<ChainId>().map_err(Failure::input)?;
        }
        if let Some(prefix) = self.prefix {
            profile.prefix = KeyPrefix::new(&prefix).map_err(Failure::input)?;
        }
        if let Some(symbol) = self.liquid_symbol {
            profile = Profile { liquid: symbol.clone(), wire_liquid: symbol, ..profile };
        }
        if let Some(symbol) = self.debt_symbol {
            profile = Profile { debt: symbol.clone(), wire_debt: symbol, ..profile };
        }
        profile.validated().map_err(Failure::input)
    }
}

pub(super) fn run(command: TxCommand) -> Result<(), Failure> {
    let TxCommand::Inspect { chain, key_file, file } = command;
    let profile = chain.profile()?;
    let text = read(&file)?;
    let json: Value = serde_json::from_str(&text)
        .map_err(|error| Failure::input(format!("{} is not JSON: {error}", shown(&file))))?;
    let signed =
        transaction_from_json(&json, &profile).map_err(|error| Failure::input(format!("{}: {error}", shown(&file))))?;
    let key = key_file.as_deref().map(key).transpose()?;
    say(format_args!("{:#}", inspect(&signed, &profile, key.as_ref())?))
}

fn shown(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() }
}

fn read(file: &Path) -> Result<String, Failure> {
    let cannot = |error: std::io::Error| Failure::input(format!("{} cannot be read: {error}", shown(file)));
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(cannot)?;
        Ok(text)
    } else {
        std::fs::read_to_string(file).map_err(cannot)
    }
}

fn key(path: &Path) -> Result<SecretKey, Failure> {
    let cannot = |error| Failure::input(format!("{} cannot be read: {error}", path.display()));
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(cannot)?);
    if std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
        eprintln!("dogwatch: warning: other users can read {}: set its mode to 600", path.display());
    }
    SecretKey::from_wif(text.trim()).map_err(|error| Failure::input(format!("{}: {error}", path.display())))
}

fn inspect(signed: &SignedTransaction, profile: &Profile, key: Option<&SecretKey>) -> Result<Value, Failure> {
    let transaction = &signed.transaction;
    let mut report = json!({
        "chain": profile.name,
        "chain_id": profile.chain_id,
        "transaction": transaction_to_json(signed, profile),
        "serialized_hex": hex::encode(transaction.to_bytes(profile)),
        "sig_digest_hex": hex::encode(transaction.digest(profile)),
        "transaction_id": transaction.id(profile),
    });
    let text = |key: &PublicKey| key.display(&profile.prefix).to_string();
    let mut add = |name: &str, value: Value| {
        if let Some(members) = report.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    };
    if !signed.signatures.is_empty() {
        let signers = signed.signers(profile).map_err(Failure::input)?;
        add("signers", signers.iter().map(text).collect());
    }
    if let Some(key) = key {
        let mine = transaction.clone().sign(profile, key).map_err(Failure::other)?;
        add("signature", mine.signatures.first().map(|signature| signature.to_hex()).into());
        add("signer_public", text(&key.public_key()).into());
    }
    Ok(report)
}
