//! Counting operators: endpoints of one operator are one voice.

use std::collections::BTreeSet;

/// How many operators there are among those, each named once for each of its endpoints.
pub(crate) fn count<'a>(of: impl Iterator<Item = &'a str>) -> usize {
    of.collect::<BTreeSet<_>>().len()
}

/// The most that `need` operators have reached.
pub(crate) fn reached<'a, T: Ord>(progress: impl Iterator<Item = (T, &'a str)>, need: usize) -> Option<T> {
    let mut progress: Vec<(T, &str)> = progress.collect();
    progress.sort_unstable_by(|one, other| other.cmp(one));
    let mut seen = BTreeSet::new();
    progress.into_iter().find_map(|(reached, operator)| {
        seen.insert(operator);
        (seen.len() >= need).then_some(reached)
    })
}

#[cfg(test)]
mod tests {
    use dogwatch_chain::BlockNum;

    use super::*;

    #[test]
    fn operators_are_counted_once() {
        assert_eq!(count(["a", "b", "a"].into_iter()), 2);
        let heights = [(9, "a"), (9, "a"), (7, "b"), (5, "c")].map(|(num, operator)| (BlockNum(num), operator));
        let reached = |need| reached(heights.into_iter(), need);
        assert_eq!([1, 2, 3, 4].map(reached), [Some(BlockNum(9)), Some(BlockNum(7)), Some(BlockNum(5)), None]);
    }
}
