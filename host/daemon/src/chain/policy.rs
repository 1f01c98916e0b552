//! The policies of a witness: the one that the configuration names, and the fallback policy that decides where it fails.

mod memory;
mod strikes;

use std::time::Duration;

use dogwatch_chain::Time;
use dogwatch_client::PolicyStatus;
use dogwatch_engine::{Decision, PolicyAnswer, PolicyFailure, PolicyFile, PolicyMemory, Situation};
use dogwatch_plugins::{Library, LibraryError, PluginError, PolicyPlugin, Scenario, Settings};

use crate::chain::policy::strikes::{Strikes, Turn};
use crate::clock::Clock;
use crate::config::WitnessConfig;
use crate::decisions::{Answer, DecisionJournal, JournalEntry, PolicyIdentity};

/// A policy, or why it does not work.
#[derive(Clone, Debug)]
pub enum Policy {
    /// It can decide.
    Ready(PolicyPlugin),
    /// It does not load or rejects its settings. Every decision fails with this reason, so that an alert stays open.
    Broken(String),
}

impl Policy {
    fn checked(found: Result<PolicyPlugin, LibraryError>, settings: &Settings) -> Self {
        let checked = found.map_err(|error| error.to_string()).and_then(|plugin| match plugin.check(settings) {
            Ok(()) => Ok(plugin),
            Err(error) => Err(error.to_string()),
        });
        checked.map_or_else(Self::Broken, Self::Ready)
    }

    /// Itself, or broken if it fails in one of these situations, or to take over the memory. Its settings are those that it was
    /// loaded with.
    #[must_use]
    pub fn tried_on(self, settings: &Settings, scenarios: &[Scenario], memory: &PolicyMemory) -> Self {
        let Self::Ready(plugin) = self else { return self };
        let tried = memory::recall(&plugin, memory)
            .map_err(|error| error.to_string())
            .and_then(|memory| plugin.try_on(settings, scenarios, &memory).map_err(|failure| failure.to_string()));
        match tried {
            Ok(()) => Self::Ready(plugin),
            Err(why) => Self::Broken(why),
        }
    }
}

/// Loads the policy of a witness and has it check the settings.
pub fn load(library: &Library, witness: &WitnessConfig) -> Policy {
    Policy::checked(library.policy(&witness.policy), &witness.settings)
}

/// Loads the fallback policy of a witness, if it has one. A bundled one is loaded from the binary, whatever file has its name.
pub fn load_fallback(library: &Library, witness: &WitnessConfig) -> Option<Policy> {
    let name = witness.fallback.name()?;
    Some(Policy::checked(library.bundled_or_file_policy(name), &Settings::default()))
}

/// What a policy is to a witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicyRole {
    /// The one that the configuration names.
    Configured,
    /// The one that decides where the configured one fails.
    Fallback,
}

/// The policies of a witness.
#[derive(Debug)]
pub struct Policies {
    main: Policy,
    settings: Settings,
    strikes: Strikes,
    fallback: Option<Policy>,
    /// What the fallback policy wants to keep. It is lost with the process.
    fallback_memory: PolicyMemory,
    clock: Clock,
    journal: DecisionJournal,
    /// The policy that decided last, and what that cost.
    last: Option<PolicyStatus>,
    /// What was last asked, and what came of it.
    asked: Option<JournalEntry>,
}

impl Policies {
    /// These, and nothing is known about them yet.
    pub fn new(
        main: Policy,
        fallback: Option<Policy>,
        settings: Settings,
        clock: Clock,
        journal: DecisionJournal,
    ) -> Self {
        let (strikes, fallback_memory) = (Strikes::default(), PolicyMemory::default());
        Self { main, settings, strikes, fallback, fallback_memory, clock, journal, last: None, asked: None }
    }

    /// Another file is the policy from now on: what the old one did does not count against it.
    pub fn replace(&mut self, role: PolicyRole, policy: Policy) {
        match role {
            PolicyRole::Configured => {
                self.main = policy;
                self.strikes = Strikes::default();
            }
            PolicyRole::Fallback => {
                self.fallback = Some(policy);
            }
        }
    }

    /// A policy is there that did not load in time for the start.
    pub fn complete(&mut self, role: PolicyRole, policy: Policy) {
        let waited_for = match role {
            PolicyRole::Configured => matches!(self.main, Policy::Broken(_)),
            PolicyRole::Fallback => matches!(self.fallback, Some(Policy::Broken(_))),
        };
        if waited_for {
            self.replace(role, policy);
        }
    }

    /// Why the configured policy does not work, if it does not.
    pub fn trouble(&self) -> Option<&str> {
        match &self.main {
            Policy::Ready(_) => self.asked.as_ref().and_then(|asked| asked.answer.failure()),
            Policy::Broken(why) => Some(why),
        }
    }

    /// Why nothing decides, if nothing does: neither the configured policy nor the fallback policy.
    pub fn undecided(&self) -> Option<&str> {
        match (&self.main, &self.fallback) {
            (Policy::Broken(why), None | Some(Policy::Broken(_))) => Some(why),
            _ => match &self.asked.as_ref()?.answer {
                Answer::Failed(why) => Some(why),
                Answer::Decided(_) | Answer::Replaced(..) => None,
            },
        }
    }

    /// The policy that made the last decision, and what that cost.
    pub fn last(&self) -> Option<&PolicyStatus> {
        self.last.as_ref()
    }

    /// The situation that a policy was last asked about.
    pub fn last_situation(&self) -> Option<&Situation> {
        self.asked.as_ref().map(|asked| &asked.situation)
    }

    /// Asks the configured policy, and if that fails the fallback policy.
    pub fn ask(&mut self, now: Time, situation: &Situation, memory: &PolicyMemory) -> PolicyAnswer {
        let mut used = Vec::new();
        let answer = match self.ask_main(now, situation, memory, &mut used) {
            Ok((file, decision)) => PolicyAnswer::Decided(file, decision),
            Err(failure) => self.ask_fallback(situation, failure),
        };
        let identity =
            |status: &PolicyStatus| PolicyIdentity { name: status.name.clone(), sha256: status.sha256.clone() };
        let decided = !matches!(answer, PolicyAnswer::Failed(_));
        let entry = JournalEntry {
            policy: self.last.as_ref().filter(|_| decided).map(identity),
            memory: hex::encode(used),
            situation: situation.clone(),
            answer: Answer::from(&answer),
        };
        self.journal.note(entry.clone());
        self.asked = Some(entry);
        answer
    }

    /// Asks the configured policy; `used` becomes the memory that it decides with.
    fn ask_main(
        &mut self,
        now: Time,
        situation: &Situation,
        memory: &PolicyMemory,
        used: &mut Vec<u8>,
    ) -> Result<(PolicyFile, Decision), PolicyFailure> {
        let plugin = match &self.main {
            Policy::Ready(plugin) => plugin.clone(),
            Policy::Broken(why) => return Err(PolicyFailure::new(why)),
        };
        let rest = match self.strikes.turn(now) {
            Turn::Ask => None,
            Turn::Wait(until) => Some(format!("it is asked again after {until} UTC")),
            Turn::Aside => Some("it is not asked again until its file is replaced".to_owned()),
        };
        if let Some(rest) = rest {
            let why = self.strikes.last().unwrap_or("it failed");
            return Err(PolicyFailure::new(format!("{why}; {rest}")));
        }
        let settings = self.settings.clone();
        let decided = memory::recall(&plugin, memory).and_then(|memory| {
            used.clone_from(&memory);
            self.call(&plugin, &settings, situation, &memory)
        });
        decided.map(|decision| (memory::file(&plugin), decision)).map_err(|error| {
            self.strikes.note(now, &error, situation.block_interval);
            PolicyFailure::new(error.to_string())
        })
    }

    fn ask_fallback(&mut self, situation: &Situation, failure: PolicyFailure) -> PolicyAnswer {
        let plugin = match &self.fallback {
            None => return PolicyAnswer::Failed(failure),
            Some(Policy::Broken(why)) => return both_fail(&failure, why),
            Some(Policy::Ready(plugin)) => plugin.clone(),
        };
        let decided = memory::recall(&plugin, &self.fallback_memory)
            .and_then(|memory| self.call(&plugin, &Settings::default(), situation, &memory));
        match decided {
            Ok(decision) => {
                self.fallback_memory.keep(memory::file(&plugin), decision.memory.clone());
                PolicyAnswer::Replaced { failure, by: plugin.name().to_owned(), decision }
            }
            Err(error) => both_fail(&failure, &error.to_string()),
        }
    }

    fn call(
        &mut self,
        plugin: &PolicyPlugin,
        settings: &Settings,
        situation: &Situation,
        memory: &[u8],
    ) -> Result<Decision, PluginError> {
        let began = self.clock.uptime();
        let called = plugin.decide(settings, situation, memory);
        let took = self.clock.uptime().since(began);
        let (name, sha256) = (plugin.name().to_owned(), plugin.sha256().to_owned());
        let fuel = called.as_ref().map_or(0, |called| called.fuel);
        tracing::trace!(policy = name, sha256, fuel, micros = micros(took), "the policy was asked");
        let called = called?;
        self.last = Some(PolicyStatus { name, sha256, fuel, micros: micros(took) });
        Ok(called.value)
    }
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

fn both_fail(failure: &PolicyFailure, why: &str) -> PolicyAnswer {
    PolicyAnswer::Failed(PolicyFailure::new(format!("{}; and the fallback policy: {why}", failure.as_str())))
}
