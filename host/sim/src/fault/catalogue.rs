//! Every kind of fault, one row each.

use dogwatch_engine::Force;

use crate::chain::election::Votes;
use crate::endpoint::EndpointFault as E;
use crate::fault::FaultKind;
use crate::fault::effect::{Effect, Endpoints, Orphans, SiteEffect as S, Sites, Split, Struck, WalletKey};
use crate::node::NodeFault as N;
use crate::site::Edit;
use crate::site::clock::ClockFault;
use crate::site::network::Cut;
use crate::site::store::Loss;

/// How long a fault lasts that a person must mend, in slots.
const LONG: Option<(u64, u64)> = Some((40, 220));
/// How long a fault lasts that mends itself.
const SHORT: Option<(u64, u64)> = Some((2, 40));
/// Long enough for the participation of a halted chain to fall below a third.
const HALT: Option<(u64, u64)> = Some((90, 220));
const ONCE: Option<(u64, u64)> = None;

macro_rules! kinds {
    ($($name:literal $about:literal $lasts:ident $(amount $least:literal..=$most:literal)? : $effect:expr;)+) => {
        /// Every kind of fault.
        pub const CATALOGUE: &[FaultKind] = &[$(
            FaultKind {
                name: $name,
                about: $about,
                effect: $effect,
                amounts: kinds!(@amounts $($least, $most)?),
                lasts: $lasts,
            },
        )+];
    };
    (@amounts) => { (0, 0) };
    (@amounts $least:literal, $most:literal) => { ($least, $most) };
}

const fn node(struck: Struck, fault: N) -> Effect {
    Effect::Node(struck, fault)
}

const fn one(fault: E) -> Effect {
    Effect::Endpoint(Endpoints::One, fault)
}

const fn most(fault: E) -> Effect {
    Effect::Endpoint(Endpoints::Most, fault)
}

const fn all(fault: E) -> Effect {
    Effect::Endpoint(Endpoints::All, fault)
}

const fn site(effect: S) -> Effect {
    Effect::Site(Sites::One, effect)
}

const fn sites(effect: S) -> Effect {
    Effect::Site(Sites::All, effect)
}

const fn split(witnesses: u32, endpoints: usize, holder: bool) -> Effect {
    Effect::Split(Split { witnesses, endpoints, holder })
}

const fn millis(seconds: u32) -> i64 {
    seconds as i64 * 1000
}

kinds! {
    // The operator's nodes.
    "holder-crashed" "the node that holds the key dies" LONG: |_| node(Struck::Holder, N::Crashed);
    "holder-dark" "the holder's machine has lost its power or its network" LONG: |_| node(Struck::Holder, N::Dark);
    "holder-hung" "the holder answers with the block at which it hung" LONG: |_| node(Struck::Holder, N::Hung);
    "holder-behind" "the holder syncs, far behind" LONG amount 10..=200: |n| node(Struck::Holder, N::Behind(n));
    "holder-forked" "the holder is on a branch of its own" LONG: |_| node(Struck::Holder, N::Forked);
    "holder-mute" "the holder looks well and does not produce: it has another key loaded" LONG: |_| node(Struck::Holder, N::Mute);
    "holder-skips" "the holder lets a slot or two pass and goes on" SHORT: |_| node(Struck::Holder, N::Skips);
    "holder-crash-loops" "the holder comes up and dies again and again" LONG amount 3..=30: |n| node(Struck::Holder, N::CrashLoop(n as u64));
    "holder-slow-disk" "the holder makes every second block too late" LONG: |_| node(Struck::Holder, N::SlowDisk);
    "holder-port-taken" "the holder runs on and produces, without an API" LONG: |_| node(Struck::Holder, N::PortTaken);
    "holder-thawed" "the holder is frozen, and serves its old head for a while when it thaws" LONG amount 20..=60: |n| node(Struck::Holder, N::Thawed(n as u64));
    "holder-old-version" "a hardfork leaves the holder behind at its last block" LONG: |_| node(Struck::Holder, N::OldVersion);
    "standby-crashed" "a standby dies" LONG: |_| node(Struck::Standby, N::Crashed);
    "standby-dark" "a standby's machine has lost its power or its network" LONG: |_| node(Struck::Standby, N::Dark);
    "standby-hung" "a standby answers with the block at which it hung" LONG: |_| node(Struck::Standby, N::Hung);
    "standby-behind" "a standby syncs, far behind" LONG amount 10..=200: |n| node(Struck::Standby, N::Behind(n));
    "standby-forked" "a standby is on a branch of its own" LONG: |_| node(Struck::Standby, N::Forked);
    "standby-mute" "a standby looks well and would not produce" LONG: |_| node(Struck::Standby, N::Mute);
    "standby-crash-loops" "a standby comes up and dies again and again" LONG amount 3..=30: |n| node(Struck::Standby, N::CrashLoop(n as u64));
    "standby-slow-disk" "a standby makes every second block too late, and answers some probes too late" LONG: |_| node(Struck::Standby, N::SlowDisk);
    "standby-port-taken" "a standby runs on without an API" LONG: |_| node(Struck::Standby, N::PortTaken);
    "standby-thawed" "a standby is frozen, and serves its old head for a while when it thaws" LONG amount 20..=60: |n| node(Struck::Standby, N::Thawed(n as u64));
    "standby-old-version" "a hardfork leaves a standby behind at its last block" LONG: |_| node(Struck::Standby, N::OldVersion);
    "standby-flaky-probe" "a standby answers every other probe only" LONG: |_| node(Struck::Standby, N::FlakyProbe);
    "standby-wrong-chain" "a standby runs on another chain" LONG: |_| node(Struck::Standby, N::WrongChain);
    "standbys-crashed" "all standbys die" LONG: |_| node(Struck::Standbys, N::Crashed);
    "nodes-crashed" "the holder and all standbys die together" LONG: |_| node(Struck::All, N::Crashed);
    "nodes-old-version" "a hardfork leaves all nodes behind" LONG: |_| node(Struck::All, N::OldVersion);
    // Endpoints.
    "endpoint-down" "an endpoint refuses connections" LONG: |_| one(E::Down);
    "endpoint-flaps" "an endpoint goes up and down" LONG amount 1..=12: |n| one(E::Flaps(n as u64));
    "endpoint-frozen" "an endpoint stands still at an old block" LONG: |_| one(E::Frozen);
    "endpoint-lags" "an endpoint is some blocks behind" LONG amount 1..=6: |n| one(E::Lags(n));
    "endpoint-cached" "an endpoint answers from a cache" LONG amount 2..=9: |n| one(E::Cached(n as u64));
    "endpoint-forked" "an endpoint is on a branch of its own" LONG amount 1..=3: |n| one(E::Forked(n as u8));
    "endpoint-ahead" "an endpoint shows blocks that do not exist yet" LONG amount 1..=9: |n| one(E::Ahead(n));
    "endpoint-wrong-key" "an endpoint shows a key that nobody has" LONG: |_| one(E::WrongKey);
    "endpoint-stale-key" "an endpoint shows the key from a cache" LONG amount 3..=60: |n| one(E::StaleKey(n));
    "endpoint-no-witness" "an endpoint knows no such witness" LONG: |_| one(E::NoWitness);
    "endpoint-lying-schedule" "an endpoint names the wrong producers" LONG: |_| one(E::LyingSchedule);
    "endpoint-torn-schedule" "an endpoint shows the next round as the present one" LONG: |_| one(E::TornSchedule);
    "endpoint-loses-answers" "an endpoint's answers are lost or come too late" LONG amount 10..=90: |n| one(E::Loses(n));
    "endpoint-reorders" "an endpoint's answers come in the wrong order" LONG: |_| one(E::Reorders);
    "endpoint-no-bodies" "an endpoint delivers the headers of blocks, and no blocks" LONG: |_| one(E::NoBodies);
    "endpoint-no-blocks" "an endpoint delivers heads and no blocks" LONG: |_| one(E::NoBlocks);
    "endpoint-swallows" "an endpoint takes transactions and does not pass them on" LONG: |_| one(E::Swallows);
    "endpoint-refuses" "an endpoint refuses every transaction" LONG: |_| one(E::Refuses);
    "most-endpoints-down" "more than half of the endpoints refuse connections" LONG: |_| most(E::Down);
    "most-endpoints-frozen" "more than half of the endpoints stand still" LONG: |_| most(E::Frozen);
    "most-endpoints-lag" "more than half of the endpoints are behind" LONG amount 1..=8: |n| most(E::Lags(n));
    "most-endpoints-stale-key" "more than half of the endpoints show the key from a cache" LONG amount 3..=60: |n| most(E::StaleKey(n));
    "endpoints-down" "all endpoints refuse connections" LONG: |_| all(E::Down);
    "endpoints-frozen" "all endpoints stand still at one block" LONG: |_| all(E::Frozen);
    "endpoints-lose-answers" "all endpoints lose answers" LONG amount 10..=60: |n| all(E::Loses(n));
    "endpoints-no-bodies" "all endpoints deliver the headers of blocks, and no blocks" LONG: |_| all(E::NoBodies);
    "endpoints-no-blocks" "no endpoint delivers blocks" LONG: |_| all(E::NoBlocks);
    "endpoints-swallow" "all endpoints take transactions and pass none on" LONG: |_| all(E::Swallows);
    "endpoints-refuse" "all endpoints refuse every transaction" LONG: |_| all(E::Refuses);
    // The chain.
    "halt" "the chain stands still for a while" SHORT: |_| Effect::Halt;
    "long-halt" "the chain stands still until its participation is below a third" HALT: |_| Effect::Halt;
    "thin-chain" "a part of the other witnesses is gone" LONG amount 10..=45: Effect::Gone;
    "absent-blocks" "other witnesses miss blocks at random" LONG amount 5..=50: Effect::Absent;
    "slow-gossip" "nodes show a key change only once it is in a block" LONG: |_| Effect::SlowGossip;
    "micro-fork" "the newest blocks lose to another branch" ONCE amount 1..=3: |n| Effect::DropNewest(n, Orphans::Kept);
    "deep-fork" "many blocks lose to another branch, and the switches in them" ONCE amount 3..=12: |n| Effect::DropNewest(n, Orphans::Lost);
    "fork-keeps-switch" "the block with the next switch loses; the switch is pending again" ONCE: |_| Effect::DropSwitch(Orphans::Kept);
    "fork-loses-switch" "the block with the next switch loses, and the switch with it" ONCE: |_| Effect::DropSwitch(Orphans::Lost);
    "split-one-endpoint" "the net splits: one endpoint is on the smaller side" LONG amount 10..=45: |n| split(n, 1, false);
    "split-two-endpoints" "the net splits: two endpoints are on the smaller side" LONG amount 10..=45: |n| split(n, 2, false);
    "split-all-endpoints" "the net splits: all endpoints are on the smaller side" LONG amount 10..=45: |n| split(n, 8, false);
    "split-holder" "the net splits: the holder is on the smaller side" LONG amount 10..=45: |n| split(n, 0, true);
    "split-holder-and-endpoint" "the net splits: the holder and an endpoint are on the smaller side" LONG amount 10..=45: |n| split(n, 1, true);
    "voted-down" "the witness becomes a backup witness with rare slots" LONG amount 2..=6: |n| Effect::Votes(Votes::Backup(n));
    "voted-out" "the witness is not elected any more, and comes back" LONG: |_| Effect::Votes(Votes::Out);
    // Sites.
    "site-down" "the daemon is down for less than a round" ONCE amount 1..=15: |n| site(S::Down(n as u64));
    "site-down-long" "the daemon is down for more than a round" ONCE amount 22..=120: |n| site(S::Down(n as u64));
    "site-dies-after-send" "the daemon dies right after it has sent a switch" ONCE amount 0..=40: |n| site(S::DieAfterSend(n as u64));
    "site-dies-anywhere" "the daemon dies between any two steps" LONG amount 2..=20: |n| site(S::Deadly(n));
    "site-suspended" "the machine is suspended" SHORT: |_| site(S::Suspended);
    "site-suspended-long" "the machine is suspended for rounds" LONG: |_| site(S::Suspended);
    "site-cut-off" "the machine has no network" LONG: |_| site(S::Cut(Cut::All));
    "site-cut-from-nodes" "the machine reaches the endpoints and not its nodes" LONG: |_| site(S::Cut(Cut::Nodes));
    "site-cut-from-endpoint" "the machine does not reach one endpoint" LONG: |_| site(S::CutFromEndpoint);
    "site-cannot-send" "the machine reads from the endpoints, and cannot send" LONG: |_| site(S::Cut(Cut::Sending));
    "sites-cut-off" "no site has a network" SHORT: |_| sites(S::Cut(Cut::All));
    "clock-ahead-a-little" "the clock is ahead by up to 2.9 s" LONG amount 5..=29: |n| site(S::Clock(ClockFault::Off(n as i64 * 100)));
    "clock-behind-a-little" "the clock is behind by up to 2.9 s" LONG amount 5..=29: |n| site(S::Clock(ClockFault::Off(n as i64 * -100)));
    "clock-ahead" "the clock is ahead by 3 to 15 s" LONG amount 3..=15: |n| site(S::Clock(ClockFault::Off(millis(n))));
    "clock-behind" "the clock is behind by 3 to 15 s" LONG amount 3..=15: |n| site(S::Clock(ClockFault::Off(-millis(n))));
    "clock-jumps-forward" "the clock jumps forward by minutes to hours" LONG amount 60..=9000: |n| site(S::Clock(ClockFault::Off(millis(n))));
    "clock-set-back" "the clock is set back by minutes to hours" LONG amount 60..=9000: |n| site(S::Clock(ClockFault::Off(-millis(n))));
    "clock-drifts" "the clock gains or loses with each slot" LONG amount 1..=100: |n| site(S::Clock(ClockFault::Drifts(n as i64 - 50)));
    "disk-full" "the disk takes nothing" LONG: |_| site(S::FullDisk);
    "disk-slow" "the disk is so slow that slots pass" LONG amount 2..=5: |n| site(S::SlowDisk(n as u64));
    "state-gone" "the state directory is gone" ONCE: |_| site(S::Lost(Loss::Gone));
    "state-unreadable" "the stored state cannot be read" ONCE: |_| site(S::Lost(Loss::Unreadable));
    "state-restored" "an old backup of the state is restored" ONCE: |_| site(S::Restored);
    "key-missing" "the private key of a node is not loaded" LONG: |_| site(S::KeyMissing);
    "node-unprobed" "a node has no probe, and may be switched to" LONG: |_| site(S::Unprobed);
    "nodes-reversed" "the order of the nodes is turned round" LONG: |_| site(S::Edit(Edit::Reversed));
    "mode-observe" "the daemon is restarted in mode observe" LONG: |_| site(S::Edit(Edit::Observe));
    "policy-broken" "the policy fails at each call" LONG: |_| site(S::Edit(Edit::PolicyBroken));
    "policy-wild" "the policy wants anything at any time" LONG: |_| site(S::Edit(Edit::PolicyWild));
    // The operator.
    "wallet-standby" "the operator moves the key to a standby with a wallet" ONCE: |_| Effect::Wallet(WalletKey::Standby);
    "wallet-foreign" "the operator sets a key that no configuration has" ONCE: |_| Effect::Wallet(WalletKey::Foreign);
    "wallet-null" "the operator disables the witness with a wallet" ONCE: |_| Effect::Wallet(WalletKey::Null);
    "wallet-at-switch" "the operator moves the key in the very slot in which a site does" ONCE: |_| Effect::WalletAtSwitch;
    "pause" "the operator pauses automatic switches" ONCE amount 5..=100: |n| site(S::Pause(n));
    "pause-everywhere" "the operator pauses automatic switches on all sites" ONCE amount 5..=100: |n| sites(S::Pause(n));
    "resume" "the operator ends a pause" ONCE: |_| site(S::Resume);
    "manual-switch" "the operator switches to a standby" ONCE: |_| site(S::Manual(Force::No));
    "forced-switch" "the operator forces a switch to a standby" ONCE: |_| site(S::Manual(Force::Yes));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_lines_are_lines() {
        let names: BTreeSet<&str> = CATALOGUE.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), CATALOGUE.len());
        for kind in CATALOGUE {
            assert!(!kind.about.is_empty() && !kind.about.contains('\n') && !kind.name.contains(' '), "{kind:?}");
            assert!(kind.amounts.0 <= kind.amounts.1, "{kind:?}");
        }
    }
}
