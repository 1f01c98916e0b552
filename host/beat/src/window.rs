//! Which beats are new: an old one that somebody sends again is not believed.

use std::time::Duration;

use crate::report::SentAt;

/// How far a beat's clock may be from the watcher's.
const TOLERANCE: Duration = Duration::from_secs(30);

/// The beats that were admitted of one key.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    newest: Option<SentAt>,
}

/// Why a beat is not believed although its signature fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// It is not newer than those before it: two of them have overtaken each other, or somebody sends an old one again.
    #[error("it is not newer than the beat before it")]
    Old,
    /// Its clock and this machine's are too far apart.
    #[error("its machine's clock and this machine's are {} s apart", .0.as_secs())]
    Clock(Duration),
}

impl Window {
    /// Admits a beat that arrived at `now`, if it is new.
    ///
    /// # Errors
    ///
    /// Why it is not admitted.
    pub fn admit(&mut self, sent: SentAt, now: SentAt) -> Result<(), Rejected> {
        let apart = sent.distance(now);
        if apart > TOLERANCE {
            return Err(Rejected::Clock(apart));
        }
        if self.newest.is_some_and(|newest| sent <= newest) {
            return Err(Rejected::Old);
        }
        self.newest = Some(sent);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SentAt {
        SentAt(seconds.saturating_add(1_000_000).saturating_mul(1_000_000))
    }

    #[test]
    fn each_beat_is_admitted_once_and_in_order() {
        let mut window = Window::default();
        assert_eq!(window.admit(at(10), at(10)), Ok(()));
        assert_eq!(window.admit(at(10), at(11)), Err(Rejected::Old), "the same one again");
        assert_eq!(window.admit(at(12), at(12)), Ok(()));
        assert_eq!(window.admit(at(11), at(13)), Err(Rejected::Old), "overtaken");
    }

    #[test]
    fn a_beat_that_was_kept_for_later_is_not_admitted_even_after_a_restart() {
        let mut window = Window::default();
        assert_eq!(window.admit(at(10), at(41)), Err(Rejected::Clock(Duration::from_secs(31))));
        assert_eq!(
            window.admit(at(41), at(10)),
            Err(Rejected::Clock(Duration::from_secs(31))),
            "nor one from the future"
        );
        assert_eq!(window.admit(at(40), at(10)), Ok(()));
        // A clock that was set back is believed again when the newest beat is as old as the tolerance allows, at the latest.
        assert_eq!(window.admit(at(41), at(41)), Ok(()));
    }
}
