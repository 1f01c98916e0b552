//! The running chain, shared between its endpoints and whatever controls it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dogwatch_chain::{AccountName, Time};
use tokio::sync::watch;

use super::clock::ServerClock;
use crate::fault::{RpcFault, RpcIndex};
use crate::network::{Devnet, DevnetCommand, DevnetCommandError, Snapshot};

/// What all handles share.
#[derive(Debug)]
struct SharedDevnet {
    devnet: Mutex<Devnet>,
    clock: ServerClock,
    /// Counts the events that may have changed an answer.
    changed: watch::Sender<u64>,
}

/// Controls a running devnet. Clones control the same devnet.
#[derive(Clone, Debug)]
pub struct DevnetHandle(Arc<SharedDevnet>);

impl DevnetHandle {
    pub(crate) fn new(devnet: Devnet, clock: ServerClock) -> Self {
        Self(Arc::new(SharedDevnet { devnet: Mutex::new(devnet), clock, changed: watch::Sender::new(0) }))
    }

    /// The chain as of the last event, without advancing it.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Devnet> {
        self.0.devnet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn changed(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    pub(crate) fn notify(&self) {
        self.0.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Produces each slot when it is due.
    pub(crate) async fn keep_producing(self) {
        loop {
            let next = self.lock().next_slot_time();
            tokio::time::sleep_until(self.0.clock.instant(next)).await;
            self.with(|_| ());
        }
    }

    /// The chain's time.
    pub fn now(&self) -> Time {
        self.0.clock.now()
    }

    /// Advances the chain to now, and runs `work` on it.
    pub fn with<T>(&self, work: impl FnOnce(&mut Devnet) -> T) -> T {
        let now = self.now();
        let result = {
            let mut devnet = self.lock();
            devnet.advance(now);
            work(&mut devnet)
        };
        self.notify();
        result
    }

    /// Waits until a condition holds, checking it after every slot, request and command. False once `limit` has passed.
    pub async fn wait_until(&self, limit: Duration, holds: impl Fn(&Devnet) -> bool) -> bool {
        let mut changed = self.changed();
        tokio::time::timeout(limit, async {
            while !holds(&self.lock()) {
                // The sender lives in `self`.
                if changed.changed().await.is_err() {
                    return;
                }
            }
        })
        .await
        .is_ok()
    }

    /// Carries out a command.
    ///
    /// # Errors
    ///
    /// There is no such node, or the share is out of range.
    pub fn apply(&self, command: DevnetCommand) -> Result<(), DevnetCommandError> {
        self.with(|devnet| devnet.apply(command)).map(drop)
    }

    /// A producing node goes down.
    ///
    /// # Errors
    ///
    /// There is no such witness or node.
    pub fn crash(&self, witness: &str, node: &str) -> Result<(), DevnetCommandError> {
        self.apply(DevnetCommand::Crash { witness: AccountName::new(witness)?, node: node.into() })
    }

    /// A producing node stops answering and producing.
    ///
    /// # Errors
    ///
    /// There is no such witness or node.
    pub fn hang(&self, witness: &str, node: &str) -> Result<(), DevnetCommandError> {
        self.apply(DevnetCommand::Hang { witness: AccountName::new(witness)?, node: node.into() })
    }

    /// A producing node runs again.
    ///
    /// # Errors
    ///
    /// There is no such witness or node.
    pub fn restart(&self, witness: &str, node: &str) -> Result<(), DevnetCommandError> {
        self.apply(DevnetCommand::Restart { witness: AccountName::new(witness)?, node: node.into() })
    }

    /// A producing node runs another version.
    ///
    /// # Errors
    ///
    /// There is no such witness or node.
    pub fn upgrade(&self, witness: &str, node: &str, version: &str) -> Result<(), DevnetCommandError> {
        let (witness, node, version) = (AccountName::new(witness)?, node.into(), version.into());
        self.apply(DevnetCommand::Upgrade { witness, node, version })
    }

    /// A producing node's head gets stuck `blocks` blocks back.
    ///
    /// # Errors
    ///
    /// There is no such witness or node.
    pub fn put_behind(&self, witness: &str, node: &str, blocks: u32) -> Result<(), DevnetCommandError> {
        self.apply(DevnetCommand::PutBehind { witness: AccountName::new(witness)?, node: node.into(), blocks })
    }

    /// A producing node is cut off from the network.
    ///
    /// # Errors
    ///
    /// There is no such witness or node.
    pub fn partition(&self, witness: &str, node: &str) -> Result<(), DevnetCommandError> {
        self.apply(DevnetCommand::Partition { witness: AccountName::new(witness)?, node: node.into() })
    }

    /// All production stops.
    pub fn halt(&self) {
        self.with(|devnet| devnet.halted = true);
    }

    /// Production starts again.
    pub fn resume(&self) {
        self.with(|devnet| devnet.halted = false);
    }

    /// A share of the fillers' slots is missed, 0 to 1.
    ///
    /// # Errors
    ///
    /// The share is out of range.
    pub fn fill_outage(&self, fraction: f64) -> Result<(), DevnetCommandError> {
        self.apply(DevnetCommand::FillOutage { fraction })
    }

    /// A public RPC node gets a fault, or recovers.
    ///
    /// # Errors
    ///
    /// There is no such node.
    pub fn rpc_fault(&self, index: usize, fault: RpcFault) -> Result<(), DevnetCommandError> {
        self.apply(DevnetCommand::RpcFault { index: RpcIndex(index), fault })
    }

    /// The whole devnet at this moment.
    pub fn snapshot(&self) -> Snapshot {
        self.with(|devnet| devnet.snapshot())
    }
}
