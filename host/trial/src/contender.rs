//! What is compared.

use dogwatch_sim::{Beats, Policies, PolicyChoice, Rescue};

/// A policy, or what else comes to a witness's rescue, by the name that it has in tables.
#[derive(Clone)]
pub struct Contender<'a> {
    /// Its name.
    pub name: String,
    /// What it is. Where it is Dogwatch, `policies` gives the policy of that choice.
    pub rescue: Rescue,
    /// Who decides.
    pub policies: &'a (dyn Policies + Sync),
}

impl std::fmt::Debug for Contender<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contender").field("name", &self.name).field("rescue", &self.rescue).finish_non_exhaustive()
    }
}

impl<'a> Contender<'a> {
    /// A policy that decides by itself, whatever a site's setup chooses.
    pub fn policy(name: impl Into<String>, choice: PolicyChoice, policies: &'a (dyn Policies + Sync)) -> Self {
        Self { name: name.into(), rescue: Rescue::Dogwatch(choice, Beats::None), policies }
    }
}
