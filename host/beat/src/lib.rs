//! Beats: what a producer node's own machine says about the node.
//!
//! `dogwatch beat` runs beside the node. It watches the node's process, and tells each watcher once a second, and at once
//! when the process ends, by signed datagrams. A watcher admits a beat if a key that its operator has named signed it, and if it
//! is newer than all before it. The key has no power over anything but that: it is not a key of the chain.

mod key;
mod packet;
mod process;
mod report;
mod window;

pub use key::{BeatKey, BeatKeyError, BeatSigner};
pub use packet::{MAX_PACKET, PacketError, open, seal};
pub use process::{Place, ProcessError, ProcessWatch, Seen};
pub use report::{LocalNode, ProcessState, Report, SentAt};
pub use window::{Rejected, Window};
