//! What a policy of any version can be asked.

use dogwatch_engine::{Decision, Situation};
use wasmtime::Error;

use super::call::{CallStore, PluginAnswer};
use crate::description::Description;
use crate::settings::{SettingProblem, Settings};

/// A policy of any version. A trap is an error; what the plugin itself says against a call is its answer.
pub(crate) trait PolicyAbi: Send + Sync {
    fn instantiate(&self, store: &mut CallStore) -> Result<(), Error>;

    fn describe(&self, store: &mut CallStore) -> Result<Description, Error>;

    fn check(&self, store: &mut CallStore, settings: &Settings) -> Result<Result<(), Vec<SettingProblem>>, Error>;

    fn decide(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        situation: &Situation,
        memory: &[u8],
    ) -> PluginAnswer<Decision>;
}
