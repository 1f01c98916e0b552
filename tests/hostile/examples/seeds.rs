//! Writes what the fuzz targets begin with, each into its folder of the corpus: `seeds CORPUS`.

use std::error::Error;
use std::path::Path;

use dogwatch_hostile::{Guest, Kind, answers, catalogue, undescribed};

/// Larger ones only slow the fuzzer down.
const SMALL: usize = 8 << 10;
/// What a core module begins with.
const MODULE: &[u8] = b"\0asm\x01";

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = std::env::args().nth(1).ok_or("the folder of the corpus")?;
    // The first byte says how the rest is wrapped: not at all, or with the description of a policy or a channel.
    let seed = |kind: u8, wasm: &[u8]| [&[kind], wasm].concat();
    let mut plugins = vec![seed(0, &Guest::policy().component()), seed(0, &Guest::channel().component())];
    plugins.extend(
        [(1, Guest::policy()), (2, Guest::channel())].map(|(kind, guest)| seed(kind, undescribed(&guest.module()))),
    );
    for entry in catalogue() {
        let wasm = entry.wasm();
        plugins.push(match entry.kind {
            Kind::Policy if wasm.starts_with(MODULE) => seed(1, undescribed(&wasm)),
            Kind::Channel if wasm.starts_with(MODULE) => seed(2, undescribed(&wasm)),
            _ => seed(0, &wasm),
        });
    }
    plugins.retain(|plugin| plugin.len() < SMALL);
    for (target, seeds) in [("plugin_bytes", plugins), ("channel_answers", answers())] {
        let folder = Path::new(&corpus).join(target);
        std::fs::create_dir_all(&folder)?;
        for (index, seed) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{index}")), seed)?;
        }
    }
    Ok(())
}
