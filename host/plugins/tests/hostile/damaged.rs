//! Good plugins that were cut off, or in which bits turned over.

use dogwatch_hostile::{bit_flipped, cut_at_each_section};
use dogwatch_plugins::{Fault, LoadError};

use crate::calls::{faults, load};

/// What blames the host for what is in a file, or else nothing.
fn blames_the_host(wasm: &[u8]) -> Option<String> {
    match load(wasm) {
        Err(error @ (LoadError::Unreadable(_) | LoadError::NoCompiler(_) | LoadError::CompilerEnded(_))) => {
            Some(error.to_string())
        }
        Err(error) if error.to_string().contains("panicked") => Some(error.to_string()),
        Err(_) => None,
        Ok(plugin) => {
            let sandbox = |(_, fault)| matches!(fault, Some(Fault::Sandbox(_))).then(|| format!("{fault:?}"));
            faults(&plugin).into_iter().find_map(sandbox)
        }
    }
}

#[test]
fn what_is_cut_off_does_not_load_or_is_whole() {
    let cut = cut_at_each_section();
    assert!(cut.len() > 50, "{}", cut.len());
    for (index, wasm) in cut.iter().enumerate() {
        assert_eq!(blames_the_host(wasm), None, "number {index}");
        // Nothing is missing where only the sections at the end are that name its tools.
        let Ok(plugin) = load(wasm) else { continue };
        let faults = faults(&plugin);
        assert!(faults.iter().all(|(_, fault)| fault.is_none()), "number {index}: {faults:?}");
    }
}

#[test]
fn what_has_other_bits_is_to_blame_itself() {
    let seed = std::env::var("SEED").ok().map_or(1, |seed| seed.parse().unwrap());
    for (index, wasm) in bit_flipped(seed, 200).iter().enumerate() {
        assert_eq!(blames_the_host(wasm), None, "number {index} of SEED={seed}");
    }
}
