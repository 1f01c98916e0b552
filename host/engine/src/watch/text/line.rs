//! Somebody else's words in a line of bounded length.

/// As many characters of a summary as services show in one line.
pub(super) const SUMMARY: usize = 160;

/// One line of bounded length, whatever nodes and endpoints said in it.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(SUMMARY) {
        None => line,
        Some(_) => line.chars().take(SUMMARY - 1).chain(['…']).collect(),
    }
}

/// A summary of somebody else's words, and what of them it had to leave out: all, to be read below.
pub(super) fn headline(text: &str, words: &str) -> (String, String) {
    let summary = one_line(text);
    let rest = if summary.ends_with('…') { format!("In full: {}. ", sentence(words)) } else { String::new() };
    (summary, rest)
}

/// A sentence of somebody else's, to end with our own full stop.
pub(super) fn sentence(text: &str) -> &str {
    text.trim_end().trim_end_matches('.')
}
