//! A cache of irreversible blocks, and of nothing else.

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache as QuickCache;
use serde::Deserialize;

use dogwatch_chain::{BlockId, BlockNum};

use crate::gateway::request::BlockForm;

/// Chain, form and number of a block.
type Key = (usize, BlockForm, u32);

/// The results of `get_block`, as nodes wrote them.
#[derive(Debug)]
pub(super) struct Blocks {
    cache: QuickCache<Key, Bytes, BySize>,
    largest: usize,
}

#[derive(Clone, Copy, Debug)]
struct BySize;

impl Weighter<Key, Bytes> for BySize {
    fn weight(&self, _: &Key, result: &Bytes) -> u64 {
        u64::try_from(result.len()).unwrap_or(u64::MAX).max(1)
    }
}

impl Blocks {
    /// A cache of this size in bytes; 0 caches nothing.
    pub(super) fn new(bytes: usize) -> Self {
        let weight = u64::try_from(bytes).unwrap_or(u64::MAX);
        // Most blocks have a few kilobytes.
        Self { cache: QuickCache::with_weighter(bytes / 4096, weight, BySize), largest: bytes / 8 }
    }

    pub(super) fn get(&self, key: &Key) -> Option<Bytes> {
        self.cache.get(key)
    }

    /// Keeps a result if it is that block, and irreversible.
    pub(super) fn keep(&self, key: Key, irreversible: BlockNum, result: &str) {
        let (_, form, number) = key;
        if number <= irreversible.0 && result.len() <= self.largest && names(form, result) == Some(BlockNum(number)) {
            self.cache.insert(key, Bytes::copy_from_slice(result.as_bytes()));
        }
    }
}

/// The number of the block in a result.
fn names(form: BlockForm, result: &str) -> Option<BlockNum> {
    #[derive(Deserialize)]
    struct NamedBlock {
        block_id: String,
    }
    #[derive(Deserialize)]
    struct Wrapped {
        block: NamedBlock,
    }
    let block = match form {
        BlockForm::Condenser => serde_json::from_str::<NamedBlock>(result).ok()?,
        BlockForm::BlockApi => serde_json::from_str::<Wrapped>(result).ok()?.block,
    };
    Some(block.block_id.parse::<BlockId>().ok()?.num())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_change_is_kept() {
        let block = |number: u32| format!(r#"{{"block_id":"{number:08x}{:032x}","witness":"a"}}"#, 7);
        let blocks = Blocks::new(100_000);
        let key = |number| (0, BlockForm::Condenser, number);
        blocks.keep(key(5), BlockNum(5), &block(5));
        assert_eq!(blocks.get(&key(5)).as_deref(), Some(block(5).as_bytes()));
        for (number, irreversible, result) in
            [(6, 5, block(6)), (4, 9, block(3)), (4, 9, "null".to_owned()), (4, 9, "{}".to_owned())]
        {
            blocks.keep(key(number), BlockNum(irreversible), &result);
            assert_eq!(blocks.get(&key(number)), None);
        }
        blocks.keep((0, BlockForm::BlockApi, 5), BlockNum(5), &format!(r#"{{"block":{}}}"#, block(5)));
        assert!(blocks.get(&(0, BlockForm::BlockApi, 5)).is_some());
        let none = Blocks::new(0);
        none.keep(key(5), BlockNum(5), &block(5));
        assert_eq!(none.get(&key(5)), None);
    }
}
