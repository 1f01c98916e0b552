//! What a node's own machine says about it.

use std::time::Duration;

use crate::evidence::Grade;

/// What a node's own machine says about it, or that it says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    /// The node's process.
    pub process: NodeProcess,
    /// What ails the machine.
    pub trouble: Option<MachineTrouble>,
}

/// The state of a node's process, as its own machine sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeProcess {
    /// It runs, and has been watched for so long.
    Running(Duration),
    /// It stands still, and produces nothing until it goes on.
    Stalled,
    /// It has ended.
    Ended,
    /// The machine does not find it: nobody knows whether it looks in the right place.
    NotFound,
    /// The machine has said nothing for a while: it may be down, its beats, or only the way from there.
    Silent,
}

impl NodeProcess {
    /// What that says of the node.
    pub(crate) fn grade(self) -> Grade {
        match self {
            Self::Running(_) => Grade::Good,
            Self::Stalled => Grade::Stalled,
            Self::Ended => Grade::Gone,
            Self::NotFound | Self::Silent => Grade::Silent,
        }
    }
}

/// What ails a node's machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MachineTrouble {
    /// It says nothing.
    #[error("its machine has sent no beat for {} s", .0.as_secs())]
    Silent(Duration),
    /// Nothing can be heard of it: the daemon cannot open the port for beats.
    #[error("no beats can be heard: this daemon cannot open the port for them")]
    NotHeard,
    /// It does not find the node's process.
    #[error("its machine finds no process of the node")]
    NoProcess,
    /// Its clock is off: it produces at the wrong time.
    #[error("its machine's clock is off by {} ms", .0.as_millis())]
    Clock(Duration),
    /// It sends beats that say nothing of the node's fitness, and nothing else does.
    #[error("its machine does not ask the node, and it has no probe: its fitness is unknown")]
    NotAsked,
    /// Its disk is nearly full.
    #[error("its machine's disk has {} MB left", .free / 1_000_000)]
    Disk {
        /// Free space in bytes.
        free: u64,
    },
}

impl MachineTrouble {
    /// What to do about it.
    pub(crate) fn remedy(self, node: &str) -> String {
        match self {
            Self::Silent(_) => format!(
                "Look on the machine of node {node}: systemctl status dogwatch-beat. If it runs, compare its key with beat of this \
                 node in dogwatch.toml, and look at the firewalls between the machines (UDP)."
            ),
            Self::NotHeard => {
                "Look into Dogwatch's log, and free the port of [beats], or write another one.".to_owned()
            }
            Self::NoProcess => {
                format!(
                    "On the machine of node {node}, run: dogwatch beat --check. Then mend [process] in its beat.toml."
                )
            }
            Self::NotAsked => format!(
                "Add [node] with rpc = \"http://127.0.0.1:8091\" to the beat.toml of node {node}, or its probe to dogwatch.toml."
            ),
            Self::Clock(_) => {
                format!("Set the clock on the machine of node {node}, and have NTP keep it: timedatectl status.")
            }
            Self::Disk { .. } => format!("Make room on the machine of node {node}: a node whose disk is full stops."),
        }
    }
}
