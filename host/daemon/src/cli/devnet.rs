//! `dogwatch devnet`.

use std::path::Path;

use crate::cli::Failure;

pub(super) async fn run(path: &Path) -> Result<(), Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::input(format!("{} cannot be read: {error}", path.display())))?;
    let _ = text;
    Ok(())
}
