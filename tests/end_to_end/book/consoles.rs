//! Sessions in the pages, each run again and compared with the output it shows.
//!
//! A `console` block holds commands, each after a `$`, and their output. `...` stands for any text, or for any lines if
//! it is alone on a line. A page's blocks share a directory in place of /etc/dogwatch; a block with `as=NAME` before
//! them is a file in it. With `daemon`, a daemon runs on a devnet with everything healthy. With `examples`, this
//! repository's examples are there. With `digits`, all numbers count as equal, and so does the white space that depends
//! on them.

mod likeness;
mod session;

use futures_util::stream::{self, StreamExt as _};
use likeness::same;
use session::Session;

use super::blocks::{self, Block};
use super::page::{self, Page};

/// Whether to write the commands' current output into the pages.
fn updating() -> bool {
    std::env::var_os("UPDATE_BOOK").is_some()
}

/// A command, and the output that the page shows.
struct Step<'a> {
    command: &'a str,
    shown: Vec<&'a str>,
}

fn steps(block: &Block) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for line in block.text.lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step { command, shown: Vec::new() }),
            (None, Some(step)) => step.shown.push(line),
            (None, None) => unreachable!("{}: begins without a command", block.place),
        }
    }
    steps
}

/// Runs the sessions of a page and returns the differences.
async fn play(page: &Page) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut session = Session::new();
    let mut text = page.text.clone();
    let mut replaced = Vec::new();
    for block in blocks::of(page) {
        if let Some(name) = block.value("as") {
            session.write(name, &block.text);
        }
        if block.language != "console" {
            continue;
        }
        let mut now = String::new();
        for Step { command, shown } in steps(&block) {
            let fits = |said: &str| same(&shown, said, block.is("digits"));
            let said = session.run(&block, command, &fits).await;
            if fits(&said) {
                now += &format!("$ {command}\n{}", shown.iter().map(|line| format!("{line}\n")).collect::<String>());
            } else {
                now += &format!("$ {command}\n{}", likeness::masked(&said));
                wrong.push(format!("{}: `{command}` says:\n{said}", block.place));
            }
        }
        replaced.push((block.range, now));
    }
    if updating() {
        for (range, now) in replaced.into_iter().rev() {
            text.replace_range(range, &now);
        }
        std::fs::write(page::root().join(&page.name), text).unwrap();
        wrong.clear();
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_match_the_pages() {
    let pages = page::all();
    // Only a few at once: the daemons among them have to keep up with their slots.
    let wrong: Vec<Vec<String>> = stream::iter(&pages).map(play).buffered(3).collect().await;
    let wrong = wrong.concat();
    assert!(wrong.is_empty(), "{}\nUPDATE_BOOK=1 writes it into the pages", wrong.join("\n"));
}
