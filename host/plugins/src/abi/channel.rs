//! What a channel of any version can be asked.

use wasmtime::Error;

use super::call::{CallStore, PluginAnswer};
use crate::delivery::heartbeat::HeartbeatMessage;
use crate::delivery::message::{AlertMessage, ChannelContext};
use crate::delivery::request::ChannelRequest;
use crate::delivery::response::{ChannelResponse, Judgement, Progress};
use crate::description::Description;
use crate::settings::{SettingProblem, Settings};

/// A channel of any version. A trap is an error; what the plugin itself says against a call is its answer.
pub(crate) trait ChannelAbi: Send + Sync {
    fn describe(&self, store: &mut CallStore) -> Result<Description, Error>;

    fn check(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        secrets: &[String],
    ) -> Result<Result<(), Vec<SettingProblem>>, Error>;

    fn compose(
        &self,
        store: &mut CallStore,
        context: ChannelContext<'_>,
        message: AlertMessage<'_>,
    ) -> PluginAnswer<Vec<ChannelRequest>>;

    fn judge(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        message: AlertMessage<'_>,
        index: u32,
        response: &ChannelResponse,
    ) -> Result<Judgement, Error>;

    fn follow(
        &self,
        store: &mut CallStore,
        context: ChannelContext<'_>,
        message: AlertMessage<'_>,
        receipt: &str,
    ) -> PluginAnswer<Option<ChannelRequest>>;

    fn judge_follow(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        message: AlertMessage<'_>,
        receipt: &str,
        response: &ChannelResponse,
    ) -> Result<Progress, Error>;

    fn self_test(&self, store: &mut CallStore, context: ChannelContext<'_>) -> PluginAnswer<Vec<ChannelRequest>>;

    fn judge_self_test(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        index: u32,
        response: &ChannelResponse,
    ) -> Result<Judgement, Error>;

    fn heartbeat(
        &self,
        store: &mut CallStore,
        context: ChannelContext<'_>,
        heartbeat: &HeartbeatMessage,
    ) -> PluginAnswer<Vec<ChannelRequest>>;

    fn judge_heartbeat(
        &self,
        store: &mut CallStore,
        settings: &Settings,
        index: u32,
        response: &ChannelResponse,
    ) -> Result<Judgement, Error>;
}
