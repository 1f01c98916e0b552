//! Write Dogwatch policies and alert channels in Rust.
//!
//! A plugin is a crate of the types `cdylib` and `rlib` that implements [`Policy`] or [`Channel`] and exports it. It is
//! compiled for `wasm32-unknown-unknown`; the daemon turns the result into a component and runs it without clock,
//! network, files or randomness. On the machine's own target the same crate is a library that `cargo test` tests.
//!
//! ```
//! use dogwatch_sdk::policy::{Action, Decision, Situation, Verdict};
//! use dogwatch_sdk::{Policy, Reader};
//!
//! /// Moves the key to the first fit node as soon as the host says that this witness is at fault.
//! struct Hasty;
//!
//! struct Config {
//!     spare: Option<String>,
//! }
//!
//! impl Policy for Hasty {
//!     const NAME: &'static str = "hasty";
//!     const VERSION: &'static str = env!("CARGO_PKG_VERSION");
//!     const ABOUT: &'static str = "Switches on the first doubt.";
//!     type Config = Config;
//!
//!     fn configure(read: &mut Reader<'_>) -> Config {
//!         Config { spare: read.text("spare", "A node that is never switched to.").optional() }
//!     }
//!
//!     fn decide(config: &Config, situation: &Situation, memory: &[u8]) -> Result<Decision, String> {
//!         let node = situation.nodes.iter().zip(0..).find(|(node, _)| {
//!             node.eligible && Some(&node.name) != config.spare.as_ref()
//!         });
//!         Ok(match (situation.verdict, node) {
//!             (Verdict::Me, Some((node, index))) => Decision {
//!                 action: Action::SwitchTo(index),
//!                 ..Decision::stay(format!("the chain goes on without us; {} is fit", node.name), memory)
//!             },
//!             _ => Decision::stay("nothing to do", memory),
//!         })
//!     }
//! }
//!
//! dogwatch_sdk::export_policy!(Hasty);
//!
//! let mut situation = dogwatch_sdk::testing::situation(["one", "two"]);
//! situation.verdict = Verdict::Me;
//! let decision = dogwatch_sdk::testing::decide::<Hasty>(&[], &situation).unwrap();
//! assert_eq!(decision.action, Action::SwitchTo(0));
//! ```

#[cfg(any(test, target_family = "wasm"))]
mod allocator;
mod bindings;
pub mod channel;
mod channel_types;
mod export;
pub mod http;
pub mod json;
mod panic;
pub mod policy;
mod settings;
pub mod testing;
pub mod text;
mod time;

pub use channel::Channel;
pub use policy::Policy;
pub use settings::duration::duration;
pub use settings::problem::Problem;
pub use settings::reader::{Reader, Setting, SettingDoc};
pub use settings::setting_or_secret::SettingOrSecret;
pub use settings::setting_type::{Integer, SettingType};
pub use settings::value::{Settings, Value};
pub use time::rfc3339;

/// What the export macros need; not part of the API.
#[doc(hidden)]
pub mod __private {
    #[cfg(target_family = "wasm")]
    pub use crate::allocator::OneCall;
    pub use crate::bindings::{channel_v0_1, migration_v0_1, policy_v0_2};
    pub use crate::export::{ExportedChannel, ExportedPolicy};
}

/// The book's pages for authors: the doctests run their code.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../../../docs/src/authors/policy.md")]
    mod policy {}
    #[doc = include_str!("../../../docs/src/authors/situation.md")]
    mod situation {}
    #[doc = include_str!("../../../docs/src/authors/memory.md")]
    mod memory {}
    #[doc = include_str!("../../../docs/src/authors/channel.md")]
    mod channel {}
    #[doc = include_str!("../../../docs/src/authors/worked/night-watch.md")]
    mod night_watch {}
    #[doc = include_str!("../../../docs/src/authors/worked/second-opinion.md")]
    mod second_opinion {}
    #[doc = include_str!("../../../docs/src/authors/worked/quarantine.md")]
    mod quarantine {}
    #[doc = include_str!("../../../docs/src/authors/worked/second-site.md")]
    mod second_site {}
    #[doc = include_str!("../../../docs/src/authors/worked/rare-slots.md")]
    mod rare_slots {}
}
