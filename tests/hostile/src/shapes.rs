//! Good plugins, damaged: cut off, or with some bits turned over.

use crate::guest::Guest;

/// The good policy and the good channel, cut off where each section begins and in the middle of it.
#[must_use]
pub fn cut_at_each_section() -> Vec<Vec<u8>> {
    let mut cut = Vec::new();
    for whole in wholes() {
        for (start, end) in sections(&whole) {
            for at in [start, start + 1, start + (end - start) / 2, end - 1] {
                cut.push(whole[..at].to_vec());
            }
        }
    }
    cut
}

/// So many plugins, each with one to eight bits turned over, by that seed: modules and components, policies and channels.
#[must_use]
pub fn bit_flipped(seed: u64, count: usize) -> Vec<Vec<u8>> {
    let (mut state, wholes) = (seed, wholes());
    let mut draw = |below: usize| {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(below).expect("few")).expect("less than that")
    };
    let mut flipped = Vec::new();
    for index in 0..count {
        let mut bytes = wholes[index % wholes.len()].clone();
        for _ in 0..=draw(8) {
            // Past the first bytes: without them it would be no plugin at all.
            let at = 8 + draw(bytes.len() - 8);
            bytes[at] ^= 1 << draw(8);
        }
        flipped.push(bytes);
    }
    flipped
}

fn wholes() -> [Vec<u8>; 4] {
    let (policy, channel) = (Guest::policy(), Guest::channel());
    [policy.module(), policy.component(), channel.module(), channel.component()]
}

/// A module of the catalogue without its last section: the description of the component that it is to be.
#[must_use]
pub fn undescribed(module: &[u8]) -> &[u8] {
    let end = sections(module).last().map_or(module.len(), |(start, _)| *start);
    &module[..end]
}

/// Where each of the outermost sections begins and ends.
fn sections(wasm: &[u8]) -> Vec<(usize, usize)> {
    let (mut at, mut sections) = (8, Vec::new());
    while at < wasm.len() {
        let (mut length, mut shift, mut body) = (0_usize, 0, at + 1);
        loop {
            let byte = wasm[body];
            length |= usize::from(byte & 0x7f) << shift;
            (body, shift) = (body + 1, shift + 7);
            if byte & 0x80 == 0 {
                break;
            }
        }
        sections.push((at, body + length));
        at = body + length;
    }
    sections
}
