//! Foreign texts, made fit for logs and errors.

/// The longest foreign text in a message, in characters.
const LONGEST: usize = 160;

/// One line without control characters, truncated.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::new();
    let mut chars = 0_usize;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        for c in word.chars() {
            if chars >= LONGEST {
                line.push('…');
                return line;
            }
            line.push(c);
            chars = chars.saturating_add(1);
        }
        chars = chars.saturating_add(1);
    }
    line
}

/// Whether a part of a URL is more likely a token than a word.
pub(crate) fn looks_secret(part: &str) -> bool {
    let mixed = part.bytes().any(|b| b.is_ascii_digit()) && part.bytes().any(|b| b.is_ascii_alphabetic());
    part.len() > 20 || (part.len() >= 12 && mixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn becomes_one_short_line() {
        assert_eq!(one_line(" a\n\tb\u{1b}[31m  c\0"), "a b [31m c");
        let long = one_line(&"x".repeat(5000));
        assert_eq!(long.chars().count(), LONGEST + 1);
        assert!(long.ends_with('…'));
        assert!(one_line(&"ä b ".repeat(5000)).chars().count() <= LONGEST + 1);
    }
}
