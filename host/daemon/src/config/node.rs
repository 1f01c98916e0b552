//! `[[witness.node]]` sections.

use dogwatch_beat::BeatKey;
use dogwatch_chain::{Profile, PublicKey, SecretKey};
use dogwatch_engine::{Mode, Sharing, Unprobed};
use dogwatch_rpc::Endpoint;

use crate::config::endpoint;
use crate::config::problem::Problems;
use crate::config::reader::{Item, Section};
use crate::config::secret::SecretSource;
use crate::config::shared_node::SharedNames;

/// A node that can produce for a witness.
#[derive(Clone, Debug)]
pub struct NodeSettings {
    /// The operator's name for it.
    pub name: String,
    /// The signing key it produces with.
    pub public_key: PublicKey,
    /// Its private key, if the operator has configured it.
    pub key: Option<SecretKey>,
    /// The endpoint that is probed for its fitness.
    pub probe: Option<Endpoint>,
    /// The key that its own machine signs beats with, if it sends any.
    pub beat: Option<BeatKey>,
    /// Whether it may be switched to without a probe.
    pub unprobed: Unprobed,
    /// Whether it has a `[[node]]` section, which other witnesses may have in common with this one.
    pub sharing: Sharing,
}

/// How a node is seen: what is the node's own, whoever produces on it.
#[derive(Clone, Debug)]
pub(super) struct Sight {
    pub(super) probe: Option<Endpoint>,
    pub(super) beat: Option<BeatKey>,
    pub(super) unprobed: Unprobed,
}

/// The keys of [`Sight`].
pub(super) const SIGHT: [&str; 3] = ["probe", "beat", "switch_unprobed"];

impl Sight {
    /// Reads them from the section of a node.
    pub(super) fn read(section: &mut Section<'_>, problems: &mut Problems) -> Self {
        let probe = section.item("probe", problems).and_then(|item| endpoint::read(item, section.what(), problems));
        let beat = section.text("beat", problems).and_then(|text| match text.value.parse() {
            Ok(key) => Some(key),
            Err(error) => {
                let remedy = "On the node's machine, dogwatch beat --new-key FILE prints it.";
                section.error(problems, text.line, &format!("beat: {error}"), remedy);
                None
            }
        });
        let unprobed = match section.flag("switch_unprobed", problems) {
            Some(true) => Unprobed::Allowed,
            Some(false) | None => Unprobed::Refused,
        };
        Self { probe, beat, unprobed }
    }
}

/// Reads one node of a witness.
pub(super) fn read(
    mut section: Section<'_>,
    witness: &str,
    mode: Mode,
    profile: &Profile,
    shared: &SharedNames<'_>,
    problems: &mut Problems,
) -> Option<NodeSettings> {
    let name = section.required("name", "\"primary\"", problems);
    let label = name.as_ref().map_or("?", |name| name.value.as_str());
    section.call(format!("{witness}, node {label:?}"));
    if let Some(name) = &name {
        section.check_name("name", name, problems);
    }
    let text = section.required("public_key", &format!("\"{}…\"", profile.prefix.as_str()), problems);
    let public_key = text.and_then(|text| {
        let parsed = PublicKey::parse(&text.value, &profile.prefix);
        match parsed.and_then(|key| key.check_on_curve().map(|()| key)) {
            Ok(key) => Some(key),
            Err(error) => {
                let remedy = "Copy the node's public signing key again.";
                section.error(problems, text.line, &format!("public_key: {error}"), remedy);
                None
            }
        }
    });
    let line = section.line();
    let key = match section.item("key", problems) {
        Some(item) => private_key(item, section.what(), problems),
        None => {
            no_private_key(&section, mode, problems);
            None
        }
    };
    if let (Some(secret), Some(public)) = (&key, public_key)
        && secret.public_key() != public
    {
        let text = format!(
            "key does not belong to public_key: it belongs to {}",
            secret.public_key().display(&profile.prefix)
        );
        section.error(problems, line, &text, "Give each node its own key pair: a mix-up is dangerous.");
    }
    let (sight, sharing) = match name.as_ref().and_then(|name| shared.find(&mut section, name, problems)) {
        Some(sight) => (sight, Sharing::Shared),
        None => (Sight::read(&mut section, problems), Sharing::Own),
    };
    section.finish(problems);
    let Sight { probe, beat, unprobed } = sight;
    Some(NodeSettings { name: name?.value, public_key: public_key?, key, probe, beat, unprobed, sharing })
}

fn private_key(item: Item<'_>, node: &str, problems: &mut Problems) -> Option<SecretKey> {
    let line = item.line();
    let source = SecretSource::read(item, problems)?;
    let secret = source.fetch_or_report(&format!("{node}: key"), line, problems)?;
    match SecretKey::from_wif(secret.reveal()) {
        Ok(key) => Some(key),
        Err(error) => {
            let remedy = "Put the node's private signing key there, in WIF (it starts with 5).";
            problems.error(Some(line), format!("{node}: key: {error}"), remedy);
            None
        }
    }
}

fn no_private_key(section: &Section<'_>, mode: Mode, problems: &mut Problems) {
    let remedy = "Add key = { file = \"…\" } with the node's private signing key.";
    let text = "there is no private key: Dogwatch cannot switch away from this node";
    match mode {
        Mode::Armed => section.error(problems, section.line(), &format!("{text}, and mode is \"armed\""), remedy),
        Mode::Observe => section.warn(problems, section.line(), text, remedy),
    }
}
