//! Hedged requests: the next endpoint is asked while a slow one is waited for, never more than two at once.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

/// Concurrent requests.
const AT_ONCE: usize = 2;

/// Whom to ask, and how long to wait for the answer before the next one is asked as well.
#[derive(Clone, Debug)]
pub(crate) struct Entrant<C> {
    pub(crate) who: C,
    pub(crate) patience: Duration,
}

/// Asks the entrants in their order until one succeeds.
///
/// The next is asked when one fails, or when the patience with the last one asked is over. If two requests are under
/// way already, the older one is given up (`late` is called) and asked again only after all others have failed. If all
/// fail, their errors are returned in the order of the failures.
pub(crate) async fn race<C, T, E, F>(
    entrants: impl IntoIterator<Item = Entrant<C>>,
    mut ask: impl FnMut(C) -> F,
    mut late: impl FnMut(C, Duration),
) -> Result<(C, T), Vec<(C, E)>>
where
    C: Clone,
    F: Future<Output = Result<T, E>>,
{
    let mut waiting: VecDeque<Entrant<C>> = entrants.into_iter().collect();
    let mut given_up: VecDeque<Entrant<C>> = VecDeque::new();
    let mut running: VecDeque<RunningRequest<C, F>> = VecDeque::new();
    let mut errors = Vec::new();
    loop {
        if running.is_empty() {
            if waiting.is_empty() {
                waiting.append(&mut given_up);
            }
            let Some(next) = waiting.pop_front() else { return Err(errors) };
            running.push_back(RunningRequest::start(next, &mut ask));
        }
        let due = running.back().filter(|_| !waiting.is_empty()).and_then(|last| last.due);
        let finished = tokio::select! {
            biased;
            finished = first(&mut running) => finished,
            () = until(due) => None,
        };
        match finished {
            Some((entrant, Ok(answer))) => {
                // The requests still under way are at least as slow as this.
                for slow in &running {
                    late(slow.entrant.who.clone(), slow.began.elapsed());
                }
                return Ok((entrant.who, answer));
            }
            Some((entrant, Err(error))) => errors.push((entrant.who, error)),
            None if running.len() >= AT_ONCE => {
                if let Some(oldest) = running.pop_front() {
                    late(oldest.entrant.who.clone(), oldest.began.elapsed());
                    given_up.push_back(oldest.entrant);
                }
            }
            None => {}
        }
        if let Some(next) = waiting.pop_front() {
            running.push_back(RunningRequest::start(next, &mut ask));
        }
    }
}

struct RunningRequest<C, F> {
    entrant: Entrant<C>,
    began: Instant,
    due: Option<Instant>,
    request: Pin<Box<F>>,
}

impl<C: Clone, F> RunningRequest<C, F> {
    fn start(entrant: Entrant<C>, ask: &mut impl FnMut(C) -> F) -> Self {
        let began = Instant::now();
        let request = Box::pin(ask(entrant.who.clone()));
        let due = began.checked_add(entrant.patience);
        Self { entrant, began, due, request }
    }
}

/// The first of the requests to be finished.
async fn first<C: Clone, T, E, F: Future<Output = Result<T, E>>>(
    running: &mut VecDeque<RunningRequest<C, F>>,
) -> Option<(Entrant<C>, Result<T, E>)> {
    poll_fn(|context| {
        for index in 0..running.len() {
            let Some(one) = running.get_mut(index) else { break };
            if let Poll::Ready(result) = one.request.as_mut().poll(context) {
                let finished = running.remove(index).map(|one| (one.entrant, result));
                return Poll::Ready(finished);
            }
        }
        Poll::Pending
    })
    .await
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "test code")]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    /// What entrant `n` does: answers or fails after so many milliseconds, the second time it is asked after others.
    struct Story(Vec<Vec<(u64, bool)>>);

    #[derive(Debug, PartialEq, Eq)]
    struct RaceRecord {
        outcome: Result<usize, Vec<usize>>,
        at: u64,
        asked: Vec<(usize, u64)>,
        late: Vec<usize>,
        most: usize,
    }

    async fn tell(Story(story): Story) -> RaceRecord {
        let start = Instant::now();
        let ms = || u64::try_from(start.elapsed().as_millis()).unwrap();
        let (asked, late) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
        let (now, most) = (Cell::new(0_usize), Cell::new(0));
        struct CountedRequest<'a>(&'a Cell<usize>);
        impl Drop for CountedRequest<'_> {
            fn drop(&mut self) {
                self.0.set(self.0.get() - 1);
            }
        }
        let entrants = (0..story.len()).map(|who| Entrant { who, patience: Duration::from_millis(100) });
        let outcome = race(
            entrants,
            |who| {
                let times = asked.borrow().iter().filter(|(known, _)| *known == who).count();
                asked.borrow_mut().push((who, ms()));
                now.set(now.get() + 1);
                most.set(most.get().max(now.get()));
                let guard = CountedRequest(&now);
                let (after, well) = story[who][times.min(story[who].len() - 1)];
                async move {
                    let _guard = guard;
                    tokio::time::sleep(Duration::from_millis(after)).await;
                    if well { Ok(who) } else { Err(who) }
                }
            },
            |who, _| late.borrow_mut().push(who),
        )
        .await
        .map(|(who, answer)| {
            assert_eq!(who, answer);
            who
        })
        .map_err(|errors| errors.into_iter().map(|(who, _)| who).collect());
        RaceRecord { outcome, at: ms(), asked: asked.into_inner(), late: late.into_inner(), most: most.get() }
    }

    const NEVER: u64 = 1_000_000;

    #[tokio::test(start_paused = true)]
    async fn the_quick_one_alone_is_asked() {
        let told = tell(Story(vec![vec![(50, true)], vec![(1, true)]])).await;
        assert_eq!(told, RaceRecord { outcome: Ok(0), at: 50, asked: vec![(0, 0)], late: vec![], most: 1 });
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_one_gets_a_rival_and_may_still_win() {
        let told = tell(Story(vec![vec![(150, true)], vec![(80, true)]])).await;
        assert_eq!(told, RaceRecord { outcome: Ok(0), at: 150, asked: vec![(0, 0), (1, 100)], late: vec![1], most: 2 });
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_followed_at_once() {
        let told = tell(Story(vec![vec![(10, false)], vec![(20, false)], vec![(5, true)]])).await;
        assert_eq!((told.outcome, told.at), (Ok(2), 35));
        assert_eq!(told.asked, [(0, 0), (1, 10), (2, 30)]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_hanging_are_given_up_two_by_two() {
        let told = tell(Story(vec![vec![(NEVER, true)], vec![(NEVER, true)], vec![(NEVER, true)], vec![(30, true)]]));
        let told = told.await;
        assert_eq!((told.outcome, told.at, told.most), (Ok(3), 330, 2));
        assert_eq!(told.late, [0, 1, 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_was_given_up_gets_a_second_chance_without_hurry() {
        let slow = || vec![(250, true)];
        let told = tell(Story(vec![slow(), slow(), vec![(10, false)]])).await;
        // Entrant 0 is given up at 200 for entrant 2; that fails, and entrant 1, on the way since 100, answers.
        assert_eq!((told.outcome, told.at), (Ok(1), 350));
        let told = tell(Story(vec![vec![(250, true)], vec![(NEVER, false), (1, false)], vec![(10, false)]])).await;
        assert_eq!(told.most, 2);
        assert_eq!(told.asked[..3], [(0, 0), (1, 100), (2, 200)]);
    }

    #[tokio::test(start_paused = true)]
    async fn all_errors_come_back() {
        let told = tell(Story(vec![vec![(150, false)], vec![(10, false)], vec![(70, false)]])).await;
        assert_eq!((told.outcome, told.at), (Err(vec![1, 0, 2]), 180));
        let told = tell(Story(vec![])).await;
        assert_eq!(told.outcome, Err(vec![]));
    }
}
