//! Limits for each client: calls per second, connections and requests.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::health::RequestBudget;

/// The most clients that are tracked; beyond that, idle ones are forgotten.
const MOST: usize = 4096;
/// How long a client may save up calls.
const SAVED: Duration = Duration::from_secs(2);

/// What each client, by address, has used.
#[derive(Debug)]
pub(super) struct Clients {
    per_second: u32,
    budgets: Mutex<HashMap<IpAddr, RequestBudget>>,
    connections: Seats,
    requests: Seats,
}

/// How many places each address has taken.
type Seats = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// A place for a connection or a request; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    client: IpAddr,
    seats: Seats,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = seats.get_mut(&self.client) {
            *taken = taken.saturating_sub(1);
            if *taken == 0 {
                seats.remove(&self.client);
            }
        }
    }
}

impl Clients {
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second, budgets: Mutex::default(), connections: Seats::default(), requests: Seats::default() }
    }

    /// A place for another connection of a client that has taken fewer than `most`. This machine itself is not limited.
    pub(super) fn seat(&self, client: IpAddr, most: usize) -> Option<Seat> {
        Self::take(&self.connections, client, most)
    }

    /// The same for a request.
    pub(super) fn request_seat(&self, client: IpAddr, most: usize) -> Option<Seat> {
        Self::take(&self.requests, client, most)
    }

    fn take(all: &Seats, client: IpAddr, most: usize) -> Option<Seat> {
        let client = network(client);
        let mut seats = all.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = seats.entry(client).or_insert(0);
        if *taken >= most.max(1) && !client.is_loopback() {
            return None;
        }
        *taken = taken.saturating_add(1);
        Some(Seat { client, seats: Arc::clone(all) })
    }

    /// Admits further calls of a client after its first. A batch larger than the whole budget passes if the budget was
    /// full, and leaves a debt.
    pub(super) fn admit_rest(&self, client: IpAddr, calls: usize) -> bool {
        let now = Instant::now();
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(budget) = budgets.get_mut(&network(client)) else { return false };
        let calls = u32::try_from(calls).unwrap_or(u32::MAX);
        let full = self.per_second.saturating_mul(2).saturating_sub(1);
        let enough = budget.left(now) >= calls.min(full);
        if enough {
            budget.spend(now, calls);
        }
        enough
    }

    /// Admits a number of calls of a client.
    pub(super) fn admit(&self, client: IpAddr, calls: usize) -> bool {
        let now = Instant::now();
        let full = f64::from(self.per_second) * SAVED.as_secs_f64();
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        if budgets.len() >= MOST && !budgets.contains_key(&network(client)) {
            budgets.retain(|_, budget| !budget.is_full(now));
        }
        if budgets.len() >= MOST && !budgets.contains_key(&network(client)) {
            return false;
        }
        let budget = budgets.entry(network(client)).or_insert_with(|| RequestBudget::new(full, SAVED));
        let calls = u32::try_from(calls).unwrap_or(u32::MAX);
        budget.try_spend(now, calls)
    }
}

/// The network that counts as one client: anyone with one IPv6 address has at least 2^64 of them.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(client) => client.into(),
        IpAddr::V6(client) if client.is_loopback() => client.into(),
        IpAddr::V6(client) => Ipv6Addr::from_bits(client.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_client_has_a_budget_of_its_own() {
        let clients = Clients::new(10);
        let [one, other]: [IpAddr; 2] = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        assert_eq!((0..30).filter(|_| clients.admit(one, 1)).count(), 20);
        assert!(clients.admit(other, 1));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!((0..30).filter(|_| clients.admit(one, 1)).count(), 10);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(clients.admit(one, 1) && clients.admit_rest(one, 40), "a batch larger than the budget passes once");
        assert!(!clients.admit(one, 1), "and leaves a debt");
        assert!(clients.admit(other, 5) && !clients.admit_rest(other, 40), "but not where the budget was used");
        let [near, far]: [IpAddr; 2] = ["2001:db8::1".parse().unwrap(), "2001:db8::ffff:2".parse().unwrap()];
        assert!(clients.admit(near, 20) && !clients.admit(far, 1), "one network");
        assert_eq!(network("::ffff:10.0.0.1".parse().unwrap()), one);
    }

    #[test]
    fn one_other_machine_does_not_take_all_the_seats() {
        let clients = Clients::new(1);
        let (near, far) = ("127.0.0.1".parse().unwrap(), "10.0.0.1".parse().unwrap());
        let taken: Vec<_> = (0..10).map(|_| clients.seat(far, 3)).collect();
        assert_eq!(taken.iter().flatten().count(), 3);
        assert!((0..10).map(|_| clients.seat(near, 3)).collect::<Vec<_>>().iter().all(Option::is_some));
        drop(taken);
        assert!(clients.seat(far, 3).is_some());
        assert!(clients.connections.lock().unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn many_clients_take_no_more_room() {
        let clients = Clients::new(1);
        let client = |n: u32| IpAddr::from(std::net::Ipv4Addr::from_bits(n));
        assert_eq!((0..10_000).filter(|n| clients.admit(client(*n), 1)).count(), MOST);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(clients.admit(client(10_001), 1));
        assert_eq!(clients.budgets.lock().unwrap().len(), 1);
    }
}
