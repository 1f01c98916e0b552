//! The running chain, shared between its endpoints and whoever controls it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dogwatch_chain::{AccountName, Time};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::control::{Command, ControlError};
use crate::devnet::Devnet;
use crate::fault::{RpcFault, RpcIndex};
use crate::snapshot::Snapshot;

#[derive(Debug)]
struct Shared {
    devnet: Mutex<Devnet>,
    clock: Clock,
    /// Counts what may have changed an answer.
    changed: watch::Sender<u64>,
}

/// Controls a running devnet. Clones control the same one.
#[derive(Clone, Debug)]
pub struct DevnetHandle(Arc<Shared>);

impl DevnetHandle {
    pub(crate) fn new(devnet: Devnet, clock: Clock) -> Self {
        Self(Arc::new(Shared { devnet: Mutex::new(devnet), clock, changed: watch::Sender::new(0) }))
    }

    /// The chain as it was left.
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

    /// What time it is for the chain.
    pub fn now(&self) -> Time {
        self.0.clock.now()
    }

    /// Works on the chain as of now.
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

    /// Waits until something holds, checked after every slot, request and order; false when `limit` has passed.
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

    /// Carries out an order.
    pub fn order(&self, command: Command) -> Result<(), ControlError> {
        self.with(|devnet| devnet.apply(command)).map(drop)
    }

    /// A producing node goes down.
    pub fn crash(&self, witness: &str, node: &str) -> Result<(), ControlError> {
        self.order(Command::Crash { witness: AccountName::new(witness)?, node: node.into() })
    }

    /// A producing node stops answering and producing.
    pub fn hang(&self, witness: &str, node: &str) -> Result<(), ControlError> {
        self.order(Command::Hang { witness: AccountName::new(witness)?, node: node.into() })
    }

    /// A producing node runs again.
    pub fn restart(&self, witness: &str, node: &str) -> Result<(), ControlError> {
        self.order(Command::Restart { witness: AccountName::new(witness)?, node: node.into() })
    }

    /// A producing node stands still at a head of so many blocks ago.
    pub fn put_behind(&self, witness: &str, node: &str, blocks: u32) -> Result<(), ControlError> {
        self.order(Command::PutBehind { witness: AccountName::new(witness)?, node: node.into(), blocks })
    }

    /// A producing node is cut off.
    pub fn partition(&self, witness: &str, node: &str) -> Result<(), ControlError> {
        self.order(Command::Partition { witness: AccountName::new(witness)?, node: node.into() })
    }

    /// Nobody produces any more.
    pub fn halt(&self) {
        self.with(|devnet| devnet.halted = true);
    }

    /// Everybody produces again.
    pub fn resume(&self) {
        self.with(|devnet| devnet.halted = false);
    }

    /// That share of the fillers' slots is missed.
    pub fn fill_outage(&self, fraction: f64) -> Result<(), ControlError> {
        self.order(Command::FillOutage { fraction })
    }

    /// Something is wrong with a public RPC node, or right again.
    pub fn rpc_fault(&self, index: usize, fault: RpcFault) -> Result<(), ControlError> {
        self.order(Command::RpcFault { index: RpcIndex(index), fault })
    }

    /// Everything worth knowing about this moment.
    pub fn snapshot(&self) -> Snapshot {
        self.with(|devnet| devnet.snapshot())
    }
}
