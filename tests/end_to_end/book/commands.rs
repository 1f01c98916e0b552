//! Commands that are shown but not run, in `sh` blocks: they exist.

use super::blocks;
use super::page;
use crate::support::dogwatch;

/// The words after `dogwatch` in a line of a script, up to the next command or comment.
fn arguments(line: &str) -> Option<Vec<String>> {
    let line = line.split(" #").next().unwrap_or(line);
    let words: Vec<&str> = line.split_whitespace().collect();
    // After an option, `dogwatch` is the name of the user or the unit.
    let command =
        |at: &usize| words[*at] == "dogwatch" && at.checked_sub(1).is_none_or(|it| !words[it].starts_with('-'));
    let arguments = &words[(0..words.len()).find(command)? + 1..];
    arguments.first()?;
    Some(arguments.iter().take_while(|word| !["&&", "|"].contains(word)).map(|word| (*word).to_owned()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_in_scripts_exist() {
    for page in page::all() {
        for block in blocks::of(&page).into_iter().filter(|block| block.language == "sh") {
            for line in block.text.lines().filter(|line| !line.starts_with('#')) {
                let Some(mut arguments) = arguments(line) else { continue };
                arguments.push("--help".to_owned());
                let output = dogwatch().args(&arguments).output().await.unwrap();
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(output.status.success(), "{}: {line}\n{said}", block.place);
            }
        }
    }
}

#[test]
fn xtasks_exist() {
    let known = std::fs::read_to_string(page::root().join("tests/xtask/src/main.rs")).unwrap();
    for page in page::all() {
        for rest in page.text.split("cargo xtask ").skip(1) {
            let chore: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
            assert!(known.contains(&format!("Some(\"{chore}\")")), "{}: cargo xtask {chore}", page.name);
        }
    }
}
