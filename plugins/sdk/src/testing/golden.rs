//! Golden files.

/// Compares a text with a golden file below the crate's directory; `UPDATE_GOLDEN=1` writes it instead.
///
/// # Panics
///
/// The text differs from the file, or the file cannot be written.
#[expect(clippy::panic, reason = "only for tests")]
pub fn golden(directory: &str, name: &str, text: &str) {
    let path = std::path::Path::new(directory).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let written = path.parent().map(std::fs::create_dir_all).transpose().and_then(|_| std::fs::write(&path, text));
        if let Err(error) = written {
            panic!("{} cannot be written: {error}", path.display());
        }
        return;
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    if known != text {
        panic!("{} differs; it would be:\n{text}", path.display());
    }
}
