//! Which witnesses are elected into a round, and where they sit.

use dogwatch_chain::{AccountName, BlockNum, FutureSchedule, Schedule};
use rand::rngs::SmallRng;
use rand::seq::SliceRandom as _;

use crate::chain::link::{Account, RoundSeats, VERSION};

/// How a watched witness stands with the voters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Votes {
    /// It sits in every round.
    Elected,
    /// It sits in one of so many rounds.
    Backup(u32),
    /// It sits in none.
    Out,
}

/// The elections of a chain.
#[derive(Clone, Debug)]
pub(crate) struct Elections {
    pub(crate) names: Vec<AccountName>,
    pub(crate) votes: Vec<Votes>,
    round: u32,
    published: FutureSchedule,
    held: u32,
}

impl Elections {
    pub(crate) fn new(names: Vec<AccountName>, watched: usize, round: u32, published: FutureSchedule) -> Self {
        Self { names, votes: vec![Votes::Elected; watched], round, published, held: 0 }
    }

    /// Elects a round. `enabled` tells which of the watched witnesses have a key.
    fn elect(&mut self, enabled: &[bool], rng: &mut SmallRng) -> Vec<Account> {
        self.held = self.held.wrapping_add(1);
        let round = usize::try_from(self.round).unwrap_or(usize::MAX);
        let sits = |(account, votes): (Account, &Votes)| {
            let has_a_turn = match votes {
                Votes::Elected => true,
                Votes::Backup(rounds) => self.held.is_multiple_of(*rounds),
                Votes::Out => false,
            };
            (has_a_turn && enabled.get(account).copied().unwrap_or(false)).then_some(account)
        };
        let mut seats: Vec<Account> = self.votes.iter().enumerate().filter_map(sits).collect();
        let others = self.votes.len()..self.names.len();
        seats.extend(others.take(round.saturating_sub(seats.len())));
        seats.shuffle(rng);
        seats
    }

    /// The first round and, where it is published, the one after it.
    pub(crate) fn first(&mut self, enabled: &[bool], rng: &mut SmallRng) -> RoundSeats {
        let current = self.elect(enabled, rng);
        self.seats(BlockNum(self.round), current, enabled, rng)
    }

    /// The round that begins after block `num`.
    pub(crate) fn next(&mut self, before: &RoundSeats, num: u32, enabled: &[bool], rng: &mut SmallRng) -> RoundSeats {
        let current = before.future.clone().unwrap_or_else(|| self.elect(enabled, rng));
        self.seats(BlockNum(num + self.round), current, enabled, rng)
    }

    fn seats(
        &mut self,
        next_shuffle: BlockNum,
        current: Vec<Account>,
        enabled: &[bool],
        rng: &mut SmallRng,
    ) -> RoundSeats {
        let future = match self.published {
            FutureSchedule::Published => Some(self.elect(enabled, rng)),
            _ => None,
        };
        let names =
            |seats: &Vec<Account>| seats.iter().filter_map(|account| self.names.get(*account).cloned()).collect();
        let schedule = Schedule {
            next_shuffle,
            current: names(&current),
            future: future.as_ref().map(names),
            majority_version: VERSION.parse().ok(),
        };
        RoundSeats { current, future, schedule }
    }
}
