//! Which known name an unknown one was meant to be.

/// The known name nearest to the given one, if it is near enough to be meant.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = name.chars().count().div_ceil(3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be put in, left out or replaced; `_` and `-` count as one letter.
fn distance(a: &str, b: &str) -> usize {
    let letters = |text: &str| -> Vec<char> {
        text.chars().map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() }).collect()
    };
    let (a, b) = (letters(a), letters(b));
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (row, left) in a.iter().enumerate() {
        let mut previous = row.saturating_add(1);
        let mut current = vec![previous];
        for ((up_left, up), right) in above.iter().zip(above.iter().skip(1)).zip(&b) {
            let replaced = up_left.saturating_add(usize::from(left != right));
            previous = replaced.min(up.saturating_add(1)).min(previous.saturating_add(1));
            current.push(previous);
        }
        above = current;
    }
    above.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_letters() {
        for (a, b, expected) in
            [("", "abc", 3), ("abc", "", 3), ("misses", "misses", 0), ("kitten", "sitting", 3), ("a_b", "A-b", 0)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn suggests_only_what_may_be_meant() {
        let known = ["misses", "window-rounds", "disable-when-exhausted"];
        assert_eq!(nearest("mises", known), Some("misses"));
        assert_eq!(nearest("window_rounds", known), Some("window-rounds"));
        assert_eq!(nearest("disable-if-exhausted", known), Some("disable-when-exhausted"));
        assert_eq!(nearest("colour", known), None);
    }
}
