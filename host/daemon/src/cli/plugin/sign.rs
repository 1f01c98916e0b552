//! `dogwatch plugin sign`.

use std::path::{Path, PathBuf};

use clap::Args;
use dogwatch_authoring::{NewPair, Protection, SigningError, SigningKey, put_signature, write_pair};
use dogwatch_client::Failure;
use zeroize::Zeroizing;

use crate::cli::common::say;
use crate::clock::Clock;
use crate::config::read_private;

/// Where a script puts the password: the command line shows to everybody on the machine.
const PASSWORD: &str = "DOGWATCH_SIGN_PASSWORD";

#[derive(Debug, Args)]
pub(in crate::cli) struct SignOrder {
    /// The plugin's file; the signature is written beside it, as FILE.minisig
    #[arg(required_unless_present = "new_key")]
    file: Option<PathBuf>,
    /// The file of the secret key
    #[arg(long, value_name = "SECRET_KEYFILE", required_unless_present = "new_key")]
    key: Option<PathBuf>,
    /// Make a pair of keys: the secret one goes into that file, with mode 0600, the public one beside it, as PATH.pub
    #[arg(long, value_name = "PATH", conflicts_with_all = ["file", "key"])]
    new_key: Option<PathBuf>,
    /// Make the new key without a password
    #[arg(long, requires = "new_key")]
    no_password: bool,
}

pub(super) fn run(order: &SignOrder, clock: Clock) -> Result<(), Failure> {
    match (&order.new_key, &order.file, &order.key) {
        (Some(path), _, _) => new_key(path, order.no_password),
        (None, Some(file), Some(key)) => sign(file, key, clock),
        (None, _, _) => Err(Failure::input("name a file and --key, or --new-key")),
    }
}

fn new_key(path: &Path, no_password: bool) -> Result<(), Failure> {
    // Before anybody types a password for it.
    if path.exists() {
        return Err(Failure::other(SigningError::KeyExists(path.to_owned())));
    }
    let password = if no_password { None } else { Some(new_password()?) };
    let pair = NewPair::generate(password.as_ref()).map_err(|error| Failure::other(format!("the new key {error}")))?;
    let public = write_pair(path, &pair).map_err(Failure::other)?;
    say(format!(
        "The secret key is in {}: keep it, and a copy of it, where nobody else can read it.\n\
         The public key is in {}. Operators who trust it write:\n\n[plugins]\nrequire_signature = [\"{}\"]",
        path.display(),
        public.display(),
        pair.line
    ))
}

fn sign(file: &Path, key_file: &Path, clock: Clock) -> Result<(), Failure> {
    let bad_key = |error: SigningError| Failure::input(format!("{} {error}", key_file.display()));
    let text = Zeroizing::new(read_private(key_file).map_err(Failure::input)?);
    let password = match Protection::of(&text).map_err(bad_key)? {
        Protection::None => None,
        Protection::Password => Some(password("Password: ")?),
    };
    let key = SigningKey::open(&text, password.as_ref()).map_err(bad_key)?;
    let wasm =
        std::fs::read(file).map_err(|error| Failure::input(format!("cannot read {}: {error}", file.display())))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let signature = key.sign(&wasm, &name, clock.now().as_secs()).map_err(bad_key)?;
    let path = put_signature(file, &signature).map_err(Failure::other)?;
    say(format!(
        "Wrote {}. To verify it:\n\ndogwatch plugin verify {} --key {}",
        path.display(),
        file.display(),
        key.public()
    ))
}

/// A password as it was given to a script, or as it is typed now.
fn password(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    if let Ok(given) = std::env::var(PASSWORD) {
        return Ok(Zeroizing::new(given));
    }
    let typed = rpassword::prompt_password(prompt).map_err(|error| {
        Failure::input(format!(
            "no password can be asked for here: {error}; put it into the environment variable {PASSWORD}"
        ))
    })?;
    Ok(Zeroizing::new(typed))
}

/// A new password, typed twice.
fn new_password() -> Result<Zeroizing<String>, Failure> {
    let chosen = password("Password for the new key: ")?;
    if chosen.is_empty() {
        return Err(Failure::input("the password is empty; to make a key without one: --no-password"));
    }
    if std::env::var_os(PASSWORD).is_none() && *password("The same again: ")? != *chosen {
        return Err(Failure::input("the two passwords are not the same; no key was made"));
    }
    Ok(chosen)
}
