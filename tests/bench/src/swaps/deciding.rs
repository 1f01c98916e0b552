//! A thread that decides every so often, whatever else goes on.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use dogwatch::chain::policy::Policies;
use dogwatch::clock::Clock;
use dogwatch_engine::{PolicyAnswer, PolicyMemory, Situation};
use tokio::time::Instant;

use super::{Order, Policy, replace};
use crate::figures::{self, Sample};

/// What became of the decisions since the last tally.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// From when each was due to when it was there.
    took: Vec<Duration>,
    late: u32,
    /// The policy was asked and did not decide.
    pub(super) lost: u32,
}

impl Tally {
    pub(super) fn print(&self, what: &str) -> anyhow::Result<()> {
        let (count, late, lost) = (self.took.len(), self.late, self.lost);
        let took = Sample::new(self.took.clone())?;
        let [p50, p99, longest] = [50, 99, 100].map(|percent| figures::short(took.percentile(percent)));
        println!("  {what:<30}{count:>11}{late:>9}{lost:>9}{p50:>11}{p99:>11}{longest:>11}");
        Ok(())
    }
}

/// The thread. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Deciding {
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

impl Deciding {
    /// Starts it: from now on a decision is due every `tick`.
    pub(super) fn start(policies: Policies, situation: Situation, tick: Duration) -> Self {
        let (orders, inbox) = channel();
        let thread = std::thread::spawn(move || decide(policies, &situation, tick, &inbox));
        Self { orders: Some(orders), thread: Some(thread) }
    }

    /// From the next decision on, this policy decides.
    pub(super) fn replace(&self, policy: Policy) -> anyhow::Result<()> {
        self.send(Order::Replace(Box::new(policy)))
    }

    /// The decisions since the last tally.
    pub(super) fn tally(&self) -> anyhow::Result<Tally> {
        self.ask(Order::Tally)
    }

    /// How often another file decided than the time before.
    pub(super) fn files_seen(&self) -> anyhow::Result<usize> {
        self.ask(Order::Seen)
    }

    /// Returns once one more decision was made.
    pub(super) fn wait_for_a_decision(&self) -> anyhow::Result<()> {
        self.ask(Order::NextDecision)
    }

    fn ask<T>(&self, order: impl FnOnce(Sender<T>) -> Order) -> anyhow::Result<T> {
        let (reply, answer) = channel();
        self.send(order(reply))?;
        answer.recv().context("the thread that decides has ended")
    }

    fn send(&self, order: Order) -> anyhow::Result<()> {
        let orders = self.orders.as_ref().context("the thread that decides was stopped")?;
        orders.send(order).ok().context("the thread that decides has ended")
    }
}

impl Drop for Deciding {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn decide(mut policies: Policies, situation: &Situation, tick: Duration, inbox: &Receiver<Order>) {
    let (clock, mut due) = (Clock::system(), Instant::now() + tick);
    let (mut tally, mut seen, mut last, mut waiting) = (Tally::default(), 0, String::new(), Vec::new());
    loop {
        // Orders are taken in between two decisions, as the task of a chain does.
        match inbox.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(Order::Replace(policy)) => replace(&mut policies, *policy),
            Ok(Order::Tally(reply)) => drop(reply.send(std::mem::take(&mut tally))),
            Ok(Order::Seen(reply)) => drop(reply.send(seen)),
            Ok(Order::NextDecision(reply)) => waiting.push(reply),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                let answer = policies.ask(clock.now(), situation, &PolicyMemory::default());
                let took = Instant::now().saturating_duration_since(due);
                tally.took.push(took);
                tally.late += u32::from(took > tick);
                tally.lost += u32::from(!matches!(answer, PolicyAnswer::Decided(..)));
                if let Some(by) = policies.last().filter(|by| by.sha256 != last) {
                    (seen, last) = (seen + 1, by.sha256.clone());
                }
                for reply in waiting.drain(..) {
                    let _ = reply.send(());
                }
                // A decision that comes too late puts off no other one.
                due += tick;
            }
        }
    }
}
