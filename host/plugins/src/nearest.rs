//! Suggestions for mistyped names.

/// The known name that was probably meant, if one is similar enough.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = name.chars().count().div_ceil(3).max(1);
    known
        .into_iter()
        .map(|candidate| (strsim::levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_only_similar_names() {
        let known = ["threshold", "webhook"];
        assert_eq!(nearest("treshold", known), Some("threshold"));
        assert_eq!(nearest("web-hook", known), Some("webhook"));
        assert_eq!(nearest("pagerduty", known), None);
        assert_eq!(nearest("", known), None);
    }
}
