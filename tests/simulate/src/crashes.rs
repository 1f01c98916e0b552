//! What crashes are played against.

use std::time::Duration;

use dogwatch_sim::{Beats, Natively, PolicyChoice, Rescue};
use dogwatch_trial::Contender;

/// What is compared, by name. The scripts' numbers are those that their projects publish.
const RESCUES: [(&str, Rescue); 7] = [
    ("proactive", Rescue::Dogwatch(PolicyChoice::Proactive, Beats::None)),
    ("proactive-beat", Rescue::Dogwatch(PolicyChoice::Proactive, Beats::Sent)),
    ("threshold", Rescue::Dogwatch(PolicyChoice::Threshold(2), Beats::None)),
    ("hive-witness-essentials", Rescue::Script { every: Duration::from_secs(60), misses: 2 }),
    ("conductor", Rescue::Script { every: Duration::from_secs(30), misses: 5 }),
    ("steemfailover", Rescue::Script { every: Duration::from_secs(60), misses: 5 }),
    ("none", Rescue::Nobody),
];

/// All of them.
pub(crate) fn contenders() -> Vec<Contender<'static>> {
    RESCUES.map(|(name, rescue)| Contender { name: name.to_owned(), rescue, policies: &Natively }).into()
}

#[cfg(test)]
mod tests {
    use dogwatch_sim::CRASHES;
    use dogwatch_trial::{play_crashes, table};

    use super::*;

    #[test]
    fn quiet_days_are_quiet() {
        let all = play_crashes(1, 300, &contenders()).unwrap();
        assert_eq!(all.quiet_days, 30);
        for figures in all.policies.values() {
            assert_eq!(
                (figures.false_switches_per_10000_days, figures.lost_through_switching),
                (0.0, 0),
                "{}",
                table(&all)
            );
        }
    }

    /// The goal: a killed node costs a block only if its slot is among the next two.
    #[test]
    fn a_kill_costs_next_to_nothing() {
        let all = play_crashes(1, 600, &contenders()).unwrap();
        let by = |name: &str, kind: &str| all.policies[name].mean_lost_by_crash[kind];
        assert!(by("proactive", "kill") < 0.15, "{}", table(&all));
        let (beat, probes) = (by("proactive-beat", "hang"), by("proactive", "hang"));
        assert!(
            beat < 0.15 && beat < probes && probes < 0.6,
            "its machine sees it stand still before a probe times out: {}",
            table(&all)
        );
        assert!(by("proactive", "mute") >= 2.0 && by("proactive", "dark") >= 1.0, "evidence of that needs misses");
        for kind in CRASHES {
            assert!(by("proactive", kind.name) <= by("threshold", kind.name), "{}", table(&all));
        }
        assert!(all.policies["threshold"].mean_lost < all.policies["steemfailover"].mean_lost);
    }
}
