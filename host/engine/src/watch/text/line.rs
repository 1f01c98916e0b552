//! Fitting other people's text into an alert: one line, of bounded length.

/// Characters of a summary that services show in one line.
pub(super) const SUMMARY: usize = 160;

/// The text as one line of bounded length.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(SUMMARY) {
        None => line,
        Some(_) => line.chars().take(SUMMARY - 1).chain(['…']).collect(),
    }
}

/// A summary with somebody else's text in it; if that is cut short, also the sentence that quotes it in full.
pub(super) fn headline(text: &str, words: &str) -> (String, String) {
    let summary = one_line(text);
    let rest = if summary.ends_with('…') { format!("In full: {}. ", sentence(words)) } else { String::new() };
    (summary, rest)
}

/// Somebody else's sentence without its full stop, to end with our own.
pub(super) fn sentence(text: &str) -> &str {
    text.trim_end().trim_end_matches('.')
}
