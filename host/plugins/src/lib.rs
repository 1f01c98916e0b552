//! The sandbox for policies and alert channels: WebAssembly components without any import, each call in an instance of
//! its own, with its fuel, time and memory counted. The only crate that names wasmtime.
//!
//! A plugin gets values and gives values. It has no clock, network, file or randomness, and a call that goes wrong says
//! how, and leaves nothing behind for the next.
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

mod channel;
mod clock;
mod error;
mod http;
mod library;
mod limits;
mod load;
mod plugin;
mod policy;
mod sandbox;
mod settings;
mod text;
mod world;

pub use channel::{Beat, ChannelPlugin, Envelope, Given};
pub use error::{Call, Called, CheckError, Fault, LoadError, PluginError};
pub use http::{
    DigestEncoding, Encoding, Following, Header, HttpRequest, Judgement, Mail, MailLogin, MailSecurity, Method, Part,
    Progress, Pulse, Reached, Request, Response,
};
pub use library::{Change, Library, LibraryError, LoadProblem, Origin, PluginInfo};
pub use limits::{Budget, Limits};
pub use policy::PolicyPlugin;
pub use sandbox::{Sandbox, SandboxError};
pub use settings::{Description, Problem, Roles, SettingDoc, Settings, Value};
pub use text::nearest;
pub use world::{KNOWN_INTERFACES, World};
