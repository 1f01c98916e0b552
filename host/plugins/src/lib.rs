//! The sandbox for policies and alert channels: WebAssembly components without any import. Each call runs in a fresh
//! instance, with its fuel, time and memory counted. The only crate that names wasmtime.
//!
//! A plugin takes values and returns values. It has no clock, network, files or randomness. A call that fails says why,
//! and leaves nothing behind for the next one.
//!
//! ```
//! use dogwatch_plugins::{Library, Sandbox, Settings};
//!
//! let (library, problems) = Library::open(Sandbox::new()?, None);
//! assert!(problems.is_empty());
//! let threshold = library.policy("threshold")?;
//! assert_eq!(threshold.describe()?.name, "threshold");
//! threshold.check(&Settings::default())?;
//! assert!(library.policy("treshold").unwrap_err().to_string().contains("did you mean threshold?"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod abi;
mod channel;
mod compile;
mod delivery;
mod description;
mod diagnostics;
mod error;
mod handle;
mod inspect;
mod library;
mod limits;
mod load;
mod message;
mod metered;
mod nearest;
mod policy;
mod sandbox;
mod scenario;
mod settings;
mod signature;
mod text;
mod wasi;
mod world;

pub use channel::ChannelPlugin;
pub use compile::Compiler;
pub use compile::outside::compile_stdin;
pub use compile::refusal::CompilerEnd;
pub use delivery::heartbeat::{HeartbeatMessage, HeartbeatStatus};
pub use delivery::http::{Header, HttpRequest, Method};
pub use delivery::mail::{Mail, MailLogin, MailSecurity};
pub use delivery::message::{AlertMessage, ChannelContext, MessageMetadata};
pub use delivery::part::{DigestEncoding, Encoding, Part};
pub use delivery::request::ChannelRequest;
pub use delivery::response::{ChannelResponse, FollowUp, Judgement, Progress, Reached};
pub use description::{Description, Roles, SettingDoc};
pub use error::call::{Fault, PluginError, PluginFunction};
pub use error::check::CheckError;
pub use error::load::LoadError;
pub use inspect::{Inspection, Tool, inspect};
pub use library::any_plugin::AnyPlugin;
pub use library::catalog::Library;
pub use library::error::{LibraryError, LoadProblem};
pub use library::in_use::PluginInUse;
pub use library::info::PluginInfo;
pub use library::origin::PluginOrigin;
pub use library::refresh::LibraryChange;
pub use library::rules::{FileOwners, FileRules, Signatures};
pub use limits::{CallBudget, CompileBudget, Limits};
pub use message::PluginMessage;
pub use metered::Metered;
pub use nearest::nearest;
pub use policy::PolicyPlugin;
pub use policy::trial::TrialFailure;
pub use sandbox::{Sandbox, SandboxError};
pub use scenario::{Scenario, scenarios};
pub use settings::{SettingProblem, Settings, Value};
pub use signature::error::{SignatureError, SignerKeyError};
pub use signature::file::{Checked, PluginSignature, SignatureInfo};
pub use signature::key::{KeyId, SignerKey};
pub use world::{KNOWN_INTERFACES, World};
