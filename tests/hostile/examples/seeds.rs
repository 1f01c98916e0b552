//! Writes what the fuzz targets begin with, each into its folder of the corpus: `seeds CORPUS`.

use std::error::Error;
use std::path::Path;

use dogwatch_hostile::{Guest, answers, catalogue};

/// Larger ones only slow the fuzzer down.
const SMALL: usize = 8 << 10;

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = std::env::args().nth(1).ok_or("the folder of the corpus")?;
    // The first byte says how the rest is wrapped: not at all.
    let whole = |wasm: Vec<u8>| [vec![0], wasm].concat();
    let wrapped = |kind: u8, wasm: Vec<u8>| [vec![kind], wasm].concat();
    let mut plugins: Vec<Vec<u8>> = catalogue().iter().map(|entry| whole(entry.wasm())).collect();
    for (kind, guest) in [(1, Guest::policy()), (2, Guest::channel())] {
        plugins.push(whole(guest.component()));
        plugins.push(wrapped(kind, wat::parse_str(guest.text())?));
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
