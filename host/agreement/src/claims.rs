//! The heads that endpoints have shown: a block's id commits to all blocks before it, so that none can be unsaid.

use std::collections::{BTreeMap, VecDeque};

use dogwatch_chain::{BlockId, BlockNum, Head};

/// How many heads of each endpoint are remembered.
const REMEMBERED: usize = 64;

/// By endpoint: the heads it has shown, the lowest first.
#[derive(Clone, Debug)]
pub(crate) struct Claims<N>(BTreeMap<N, VecDeque<Head>>);

impl<N> Default for Claims<N> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<N: Ord + Clone> Claims<N> {
    /// Takes in the head that an endpoint shows. What it has shown above is taken back by that.
    pub(crate) fn note(&mut self, endpoint: &N, head: &Head) {
        let shown = self.0.entry(endpoint.clone()).or_default();
        while shown.back().is_some_and(|above| above.num() >= head.num()) {
            shown.pop_back();
        }
        shown.push_back(head.clone());
        while shown.len() > REMEMBERED {
            shown.pop_front();
        }
    }

    /// The heads that an endpoint has shown, the newest first.
    pub(crate) fn of(&self, endpoint: &N) -> impl Iterator<Item = &Head> {
        self.0.get(endpoint).into_iter().flat_map(|shown| shown.iter().rev())
    }

    /// The block that an endpoint has shown at a height.
    pub(crate) fn at(&self, endpoint: &N, height: BlockNum) -> Option<BlockId> {
        let shown = self.0.get(endpoint)?;
        let place = shown.binary_search_by_key(&height, Head::num).ok()?;
        shown.get(place).map(|head| head.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::testing::{head, id};

    #[test]
    fn a_lower_head_takes_back_what_was_above() {
        let mut claims = Claims::default();
        for num in [7, 9, 8] {
            claims.note(&"a", &head(num, 0));
        }
        claims.note(&"a", &head(8, 1));
        assert_eq!([7, 8, 9].map(|num| claims.at(&"a", BlockNum(num))), [Some(id(7, 0)), Some(id(8, 1)), None]);
        assert_eq!((claims.of(&"a").count(), claims.of(&"b").count()), (2, 0));
        for num in 100..300 {
            claims.note(&"a", &head(num, 0));
        }
        assert_eq!(claims.of(&"a").count(), REMEMBERED);
    }
}
