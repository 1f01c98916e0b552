//! What a fault does to the world.

use dogwatch_engine::Force;

use crate::chain::election::Votes;
use crate::endpoint::EndpointFault;
use crate::node::NodeFault;
use crate::site::Edit;
use crate::site::clock::ClockFault;
use crate::site::network::Cut;
use crate::site::store::Loss;

/// Which nodes are struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Struck {
    /// The one that holds the key.
    Holder,
    /// One that does not.
    Standby,
    /// All of them.
    All,
    /// All but the one that holds the key.
    Standbys,
}

/// Which endpoints are struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoints {
    /// One.
    One,
    /// More than half of them.
    Most,
    /// All.
    All,
}

/// Which sites are struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sites {
    /// One.
    One,
    /// All.
    All,
}

/// Whose key the operator's wallet sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WalletKey {
    /// That of a standby.
    Standby,
    /// One that no configuration has.
    Foreign,
    /// The null key.
    Null,
}

/// What becomes of the switches in blocks that lose to another branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Orphans {
    /// They are pending again.
    Kept,
    /// They are lost.
    Lost,
}

/// What happens to one site's machine or daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SiteEffect {
    /// The clock is wrong.
    Clock(ClockFault),
    /// The network is cut.
    Cut(Cut),
    /// The network to the struck endpoint is cut.
    CutFromEndpoint,
    /// The configuration is changed: the daemon is restarted for it.
    Edit(Edit),
    /// The private key of the struck node is not loaded any more.
    KeyMissing,
    /// The struck node is not probed any more, and may be switched to.
    Unprobed,
    /// The machine is suspended.
    Suspended,
    /// The disk is so slow that only each so many-th cycle comes to an end.
    SlowDisk(u64),
    /// The disk takes nothing.
    FullDisk,
    /// The daemon dies at so many of a thousand steps.
    Deadly(u32),
    /// The daemon is down for so many slots.
    Down(u64),
    /// The daemon dies as soon as it has sent something, for so many slots.
    DieAfterSend(u64),
    /// The stored state is lost, and the daemon restarted.
    Lost(Loss),
    /// An old backup is restored, and the daemon restarted.
    Restored,
    /// The operator pauses automatic switches, for so many slots.
    Pause(u32),
    /// The operator ends the pause.
    Resume,
    /// The operator switches to a standby.
    Manual(Force),
}

/// How the net splits: what is on the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Split {
    /// So many of a hundred of the other witnesses.
    pub(crate) witnesses: u32,
    /// So many of the endpoints.
    pub(crate) endpoints: usize,
    /// Whether the node that holds the key is there as well.
    pub(crate) holder: bool,
}

/// What a fault does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Node(Struck, NodeFault),
    Endpoint(Endpoints, EndpointFault),
    Site(Sites, SiteEffect),
    /// Nobody produces.
    Halt,
    /// So many of a hundred of the other witnesses are gone.
    Gone(u32),
    /// So many of a hundred slots of the other witnesses stay empty.
    Absent(u32),
    /// Nodes show a key change only once it is in a block.
    SlowGossip,
    /// The net splits in two.
    Split(Split),
    /// The newest blocks lose to another branch.
    DropNewest(u32, Orphans),
    /// The block with the next switch loses to another branch.
    DropSwitch(Orphans),
    /// The witness's votes change.
    Votes(Votes),
    /// The operator's wallet sets a key.
    Wallet(WalletKey),
    /// The operator's wallet sets a standby's key in the very slot in which a site sends the next switch.
    WalletAtSwitch,
}
