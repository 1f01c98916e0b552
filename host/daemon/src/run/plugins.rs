//! Puts plugin files into use as they appear in the plugin directory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use dogwatch_chain::AccountName;
use dogwatch_engine::PolicyMemory;
use dogwatch_plugins::{ChannelPlugin, Library, LibraryChange, Scenario, Settings, scenarios};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::alerts::condition::StandingAlert;
use crate::alerts::desk::AlertDesk;
use crate::alerts::texts::Condition;
use crate::chain::message::Message;
use crate::chain::policy::{self, Policy, PolicyRole};
use crate::channels::plugin::{self, ChannelFault};
use crate::config::{ChannelConfig, Config, WitnessConfig};
use crate::fallback::last_good;

/// How often to check the plugin directory.
pub(super) const PLUGIN_LOOK: Duration = Duration::from_secs(2);

/// How many looks pass before what does not work is loaded again, and how many at most: half a minute, and a quarter of an hour.
const FIRST_REST: u32 = 15;
const LONGEST_REST: u32 = 450;

/// How many files that no configuration names are told one by one.
const LISTED: usize = 20;

/// The senders that replace the channels' plugins, in the order of the configuration.
pub(super) type ChannelSenders = Vec<watch::Sender<Result<ChannelPlugin, ChannelFault>>>;

/// The chain of a witness, its index there, and what the policy is to it.
type Place = (String, usize, PolicyRole);

/// Follows the plugin directory.
pub(super) struct PluginFollower {
    pub(super) library: Arc<Library>,
    pub(super) config: Config,
    pub(super) chains: Vec<(String, mpsc::Sender<Message>)>,
    pub(super) channels: ChannelSenders,
    pub(super) desk: AlertDesk,
    /// Rings when the operator wants the directory looked at now.
    pub(super) look: Arc<Notify>,
}

/// What has been found out so far.
#[derive(Default)]
struct Known {
    /// Where policies work.
    ready: BTreeSet<Place>,
    /// An alert for each plugin whose new file was refused, with the file's SHA-256.
    refused: BTreeMap<String, (Option<String>, StandingAlert)>,
}

impl PluginFollower {
    /// Looks every few seconds, and when it is told to.
    pub(super) async fn run(self) {
        let mut known = Known::default();
        self.library.take_time();
        self.complete(&mut known, Tried::Never).await;
        let _ = tokio::task::spawn_blocking(crate::memory::trim).await;
        let (mut looks, mut rest) = (0_u32, FIRST_REST);
        loop {
            let _ = tokio::time::timeout(PLUGIN_LOOK, self.look.notified()).await;
            looks = looks.saturating_add(1);
            if looks >= rest {
                // What the file is not to blame for may have passed: a busy machine, its owner, its mode.
                self.library.try_again();
                self.complete(&mut known, Tried::First).await;
                (looks, rest) = (0, rest.saturating_mul(2).min(LONGEST_REST));
            }
            self.keep_last_good();
            let library = Arc::clone(&self.library);
            // Compiling takes a while and must not hold up anything.
            let Ok(changes) = tokio::task::spawn_blocking(move || library.refresh()).await else { continue };
            let changed = !changes.is_empty();
            for change in self.worth_telling(changes) {
                self.take_in(change, &mut known).await;
            }
            if changed {
                let _ = tokio::task::spawn_blocking(crate::memory::trim).await;
            }
        }
    }

    fn keep_last_good(&self) {
        let config = &self.config;
        if !last_good::is_kept(&config.state_dir)
            && let Err(error) = last_good::keep(config, &self.library)
        {
            tracing::debug!(site = config.site, %error, "could not keep the alert configuration for later starts");
        }
    }

    /// The changes without those that nobody waits for, where they are many: a line in the log for each would hide the others.
    fn worth_telling(&self, changes: Vec<LibraryChange>) -> Vec<LibraryChange> {
        let unused = |change: &LibraryChange| match change {
            LibraryChange::Available { name } | LibraryChange::Removed { name } => !self.is_used(name),
            LibraryChange::Unfit(_) => true,
            LibraryChange::Reloaded { .. } | LibraryChange::ReloadFailed(_) => false,
        };
        let (unused, mut told): (Vec<_>, Vec<_>) = changes.into_iter().partition(unused);
        if unused.len() > LISTED {
            let (site, files, first) = (&self.config.site, unused.len(), unused.first().map(ToString::to_string));
            tracing::warn!(
                site,
                files,
                first,
                "many files came into the plugin directory, or went, that no configuration names"
            );
        } else {
            told.extend(unused);
        }
        told
    }

    /// Whether the configuration names this plugin.
    fn is_used(&self, name: &str) -> bool {
        let policies = self.config.witnesses.iter().flat_map(roles).map(|(_, policy)| policy);
        policies.chain(self.config.channels.iter().map(|channel| channel.plugin.as_str())).any(|used| used == name)
    }

    async fn take_in(&self, change: LibraryChange, known: &mut Known) {
        match &change {
            LibraryChange::Unfit(_) => tracing::warn!(site = self.config.site, "{change}"),
            _ => tracing::info!(site = self.config.site, "{change}"),
        }
        match change {
            LibraryChange::Reloaded { name, .. } | LibraryChange::Available { name } => {
                match self.put_into_use(&name, known).await {
                    Ok(()) => self.accepted(&name, known).await,
                    Err(why) => self.refused(&name, &why, known).await,
                }
            }
            LibraryChange::ReloadFailed(problem) => self.refused(&problem.name, &problem.to_string(), known).await,
            LibraryChange::Removed { name } => self.accepted(&name, known).await,
            LibraryChange::Unfit(_) => {}
        }
    }

    /// A plugin's new file is not used: an alert says so until another one takes its place.
    async fn refused(&self, name: &str, why: &str, known: &mut Known) {
        let library = Arc::clone(&self.library);
        let wanted = name.to_owned();
        let sha256 = tokio::task::spawn_blocking(move || library.sha256(&wanted)).await.ok().flatten();
        let why = format!("{why} (sha256 {})", sha256.as_deref().unwrap_or("unknown: the file cannot be read"));
        tracing::error!(
            site = self.config.site,
            plugin = name,
            why,
            "the plugin's new file is refused; the old one stays in use"
        );
        let new = || (sha256.clone(), StandingAlert::new(self.desk.clone()));
        let (file, alert) = known.refused.entry(name.to_owned()).or_insert_with(new);
        // Each file is told once, even if the one before it was refused a moment ago.
        if *file != sha256 {
            file.clone_from(&sha256);
            alert.now(Condition::Holds, |texts, condition| texts.plugin_refused(name, condition)).await;
        }
        alert.now(Condition::Fails(&why), |texts, condition| texts.plugin_refused(name, condition)).await;
    }

    async fn accepted(&self, name: &str, known: &mut Known) {
        if let Some((_, mut alert)) = known.refused.remove(name) {
            alert.now(Condition::Holds, |texts, condition| texts.plugin_refused(name, condition)).await;
        }
    }

    /// Loads what does not work yet, and finds out where policies work. What was there at the start is used as it is; what comes
    /// later must have been tried.
    async fn complete(&self, known: &mut Known, tried: Tried) {
        for (chain, inbox) in &self.chains {
            for (index, witness) in self.witnesses(chain) {
                for (role, _) in roles(witness) {
                    let place = (chain.clone(), index, role);
                    if known.ready.contains(&place) {
                        continue;
                    }
                    let trial = match tried {
                        Tried::Never => Trial::none(),
                        Tried::First => self.trial(inbox, index, &witness.name).await,
                    };
                    let Some(policy @ Policy::Ready(_)) = self.load(witness, role, trial).await else { continue };
                    known.ready.insert(place);
                    let _ = inbox.send(Message::Late(index, role, Box::new(policy))).await;
                }
            }
        }
        for (configured, sender) in self.config.channels.iter().zip(&self.channels) {
            if sender.borrow().is_err() {
                let _ = sender.send(self.channel(configured).await);
            }
        }
    }

    fn witnesses(&self, chain: &str) -> Vec<(usize, &WitnessConfig)> {
        self.config.witnesses.iter().filter(|witness| witness.chain == chain).enumerate().collect()
    }

    /// The witnesses on a chain that have this policy, and what it is to each.
    fn uses(&self, chain: &str, policy: &str) -> Vec<(usize, &WitnessConfig, PolicyRole)> {
        let mut uses = Vec::new();
        for (index, witness) in self.witnesses(chain) {
            uses.extend(
                roles(witness).into_iter().filter(|(_, name)| *name == policy).map(|(role, _)| (index, witness, role)),
            );
        }
        uses
    }

    /// Loads a policy of a witness where blocking is allowed, and tries it.
    async fn load(&self, witness: &WitnessConfig, role: PolicyRole, trial: Trial) -> Option<Policy> {
        let (library, witness) = (Arc::clone(&self.library), witness.clone());
        let loaded = tokio::task::spawn_blocking(move || {
            let no_settings = Settings::default();
            let (policy, settings) = match role {
                PolicyRole::Configured => (policy::load(&library, &witness), &witness.settings),
                PolicyRole::Fallback => (policy::load_fallback(&library, &witness)?, &no_settings),
            };
            Some(policy.tried_on(settings, &trial.scenarios, &trial.memory))
        });
        loaded.await.ok().flatten()
    }

    /// Loads a channel where blocking is allowed.
    async fn channel(&self, configured: &ChannelConfig) -> Result<ChannelPlugin, ChannelFault> {
        let (library, channel) = (Arc::clone(&self.library), configured.clone());
        let loaded = tokio::task::spawn_blocking(move || plugin::load(&library, &channel)).await;
        loaded.unwrap_or_else(|error| Err(ChannelFault::new(error.to_string())))
    }

    /// What a policy is tried on before it decides for a witness: the last situation, and those that are hard.
    async fn trial(&self, inbox: &mpsc::Sender<Message>, index: usize, witness: &AccountName) -> Trial {
        let (reply, answer) = oneshot::channel();
        let _ = inbox.send(Message::LastSituation(index, reply)).await;
        let mut trial = Trial { scenarios: scenarios(witness), memory: PolicyMemory::default() };
        if let Ok(Some((situation, memory))) = answer.await {
            trial.memory = memory;
            trial.scenarios.insert(0, Scenario { name: "the present situation", situation });
        }
        trial
    }

    /// Replaces the plugin wherever it is used, but never a working one by one that does not work.
    ///
    /// # Errors
    ///
    /// Why it does not take the place of the one before, at one place at least.
    async fn put_into_use(&self, name: &str, known: &mut Known) -> Result<(), String> {
        let mut refused = Vec::new();
        for (chain, inbox) in &self.chains {
            for (index, witness, role) in self.uses(chain, name) {
                let place = (chain.clone(), index, role);
                let trial = self.trial(inbox, index, &witness.name).await;
                let Some(policy) = self.load(witness, role, trial).await else { continue };
                match &policy {
                    Policy::Ready(_) => {
                        known.ready.insert(place);
                    }
                    Policy::Broken(why) if known.ready.contains(&place) => {
                        refused.push(format!("witness {} on {chain}: {why}", witness.name));
                        continue;
                    }
                    Policy::Broken(_) => {}
                }
                let _ = inbox.send(Message::Policy(index, role, Box::new(policy))).await;
            }
        }
        let used = self.config.channels.iter().zip(&self.channels).filter(|(channel, _)| channel.plugin == name);
        for (configured, sender) in used {
            let plugin = self.channel(configured).await;
            match &plugin {
                Err(why) if sender.borrow().is_ok() => refused.push(format!("channel {}: {why}", configured.name)),
                _ => {
                    let _ = sender.send(plugin);
                }
            }
        }
        if refused.is_empty() { Ok(()) } else { Err(refused.join("; ")) }
    }
}

/// Whether a policy is tried before it is put into use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tried {
    First,
    Never,
}

/// What a policy is tried on before it is put into use.
struct Trial {
    scenarios: Vec<Scenario>,
    memory: PolicyMemory,
}

impl Trial {
    fn none() -> Self {
        Self { scenarios: Vec::new(), memory: PolicyMemory::default() }
    }
}

/// The policies of a witness, with what each is to it.
fn roles(witness: &WitnessConfig) -> Vec<(PolicyRole, &str)> {
    let mut roles = vec![(PolicyRole::Configured, witness.policy.as_str())];
    roles.extend(witness.fallback.name().map(|name| (PolicyRole::Fallback, name)));
    roles
}
