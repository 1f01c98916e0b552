//! `dogwatch plugin verify`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use dogwatch_client::Failure;
use dogwatch_plugins::{Checked, PluginSignature, Signatures, SignerKey};

use crate::cli::common::Format;
use crate::config::plugin_rules_of;

/// The file of a public key, in bytes: two lines.
const KEY_FILE: u64 = 16 << 10;

#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyOrder {
    /// The plugin's file; its signature is FILE.minisig
    file: PathBuf,
    /// The public key, or the file that holds it; by default those that the configuration requires
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,
    /// The configuration file
    #[arg(short, long, value_name = "FILE", env = "DOGWATCH_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

pub(super) fn run(order: &VerifyOrder) -> Result<(), Failure> {
    let file = &order.file;
    let keys = if order.key.is_empty() {
        configured(order.config.as_deref())?
    } else {
        order.key.iter().map(|key| named(key)).collect::<Result<_, _>>()?
    };
    let unreadable = |error: std::io::Error| Failure::input(format!("cannot read {}: {error}", file.display()));
    let wasm = std::fs::read(file).map_err(unreadable)?;
    let path = PluginSignature::path(file);
    let bad = |error| Failure::input(format!("{}: its signature {} {error}", file.display(), path.display()));
    let Some(signature) = PluginSignature::beside(file).map_err(bad)? else {
        return Err(Failure::input(format!("{} is not signed: there is no {}", file.display(), path.display())));
    };
    signature.verify(&wasm, &keys).map_err(bad)?;
    let info = signature.info(Checked::Verified);
    order.format.print(&info, |info| format!("{} is signed {info}", file.display()))
}

/// The keys that the configuration requires.
fn configured(config: Option<&Path>) -> Result<Vec<SignerKey>, Failure> {
    let Some(config) = config else {
        return Err(Failure::input(
            "by whom must it be signed? Name a public key with --key, or a configuration with --config",
        ));
    };
    match plugin_rules_of(config).map_err(Failure::input)?.rules.signatures {
        Signatures::RequiredBy(keys) => Ok(keys),
        Signatures::NotRequired => Err(Failure::input(format!(
            "{} requires no signature, so it names no key; name one with --key",
            config.display()
        ))),
    }
}

/// The key that is written on the command line, or in the file that is.
fn named(key: &str) -> Result<SignerKey, Failure> {
    let error = match SignerKey::parse(key) {
        Ok(key) => return Ok(key),
        Err(error) => error,
    };
    let mut text = String::new();
    let read = std::fs::File::open(key).and_then(|file| file.take(KEY_FILE).read_to_string(&mut text));
    match read {
        Ok(_) => SignerKey::parse(&text).map_err(|error| Failure::input(format!("{key} {error}"))),
        // What was given may be a secret key: it is not repeated.
        Err(_) => Err(Failure::input(format!("what --key names {error}, and no file"))),
    }
}
