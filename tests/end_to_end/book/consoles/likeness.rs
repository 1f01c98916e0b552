//! Compares a command's output with the page.

/// Compares the lines on the page with the output.
pub(super) fn same(shown: &[&str], said: &str, digits: bool) -> bool {
    let tidy = |line: &str| if digits { levelled(line) } else { line.trim_end().to_owned() };
    let shown: Vec<String> = shown.iter().map(|line| tidy(line)).collect();
    let said: Vec<String> = said.trim_end().lines().map(tidy).collect();
    lines(&shown, &said)
}

/// The line with every number as 0 and every gap as one space.
fn levelled(line: &str) -> String {
    let mut level = String::new();
    for c in line.trim_end().chars() {
        let c = if c.is_ascii_digit() { '0' } else { c };
        if !(matches!(c, '0' | ' ') && level.ends_with(c)) {
            level.push(c);
        }
    }
    level
}

fn lines(shown: &[String], said: &[String]) -> bool {
    let Some((first, rest)) = shown.split_first() else { return said.is_empty() };
    if first == "..." {
        return (0..=said.len()).any(|skipped| lines(rest, &said[skipped..]));
    }
    said.split_first().is_some_and(|(line, others)| fits(first, line) && lines(rest, others))
}

fn fits(pattern: &str, line: &str) -> bool {
    let Some((start, rest)) = pattern.split_once("...") else { return pattern == line };
    let Some(line) = line.strip_prefix(start) else { return false };
    (0..=line.len()).filter(|at| line.is_char_boundary(*at)).any(|at| fits(rest, &line[at..]))
}

/// The output, with `...` for what differs in every build: sizes and checksums of plugins.
pub(super) fn masked(said: &str) -> String {
    let mut masked = String::new();
    for line in said.trim_end().lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let varies = |at: usize| {
            words.get(at + 1) == Some(&"bytes") || at.checked_sub(1).is_some_and(|before| words[before] == "sha256")
        };
        let word = |at: usize| if varies(at) { "..." } else { words[at] };
        masked += (0..words.len()).map(word).collect::<Vec<_>>().join(" ").trim_end();
        masked.push('\n');
    }
    masked
}

#[test]
fn dots_match_anything() {
    assert!(same(&["block ... of hive", "...", "end"], "block 12 of hive\na\nb\nend\n", false));
    assert!(!same(&["block ... of hive"], "block 12 of steem\n", false));
    assert!(!same(&["one"], "one\ntwo\n", false));
    assert!(same(&["at  9.5 s"], "at 12.0 s\n", true) && !same(&["at 9.5 s"], "at 12.0 s\n", false));
    assert_eq!(masked("x  80 bytes  sha256 ab…"), "x  ... bytes  sha256 ...\n");
}
