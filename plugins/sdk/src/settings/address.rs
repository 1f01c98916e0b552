//! Addresses, as far as they can be checked without a lookup.

/// Checks that this may be an address.
pub(super) fn check(url: &str, example: &str) -> Result<(), String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.starts_with(['/', '?', '#']) && !rest.is_empty() && !rest.contains(is_blank) => Ok(()),
        _ => Err(format!("must be an address such as {example}")),
    }
}

/// Checks that paths can be appended to it, too.
pub(super) fn check_base(url: &str, example: &str) -> Result<(), String> {
    check(url, example)?;
    if url.contains(['?', '#']) {
        return Err(format!("must be an address without ? and #, such as {example}"));
    }
    Ok(())
}

fn is_blank(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}
