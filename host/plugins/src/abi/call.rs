//! One call: its store and its answer.

use wasmtime::{Error, Store};

use crate::message::PluginMessage;
use crate::sandbox::limiter::StoreLimiter;

/// A store for one call.
pub(crate) type CallStore = Store<StoreLimiter>;

/// The outer error is a trap, the inner one the plugin's own words.
pub(crate) type PluginAnswer<T> = Result<Result<T, PluginMessage>, Error>;
