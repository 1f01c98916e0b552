//! Sessions in the pages, each run again and compared with what it shows.
//!
//! A `console` block has commands, each behind a `$`, and what they say. `...` stands for any text, and on a line of its
//! own for any lines. A page's blocks share a directory, in the place of /etc/dogwatch; a block with `as=NAME` before
//! them is a file in it. With `daemon` a daemon runs on a devnet, with everything fit; with `digits` all numbers are
//! equal, and so is the white space, which depends on them.

mod likeness;
mod session;

use futures_util::stream::{self, StreamExt as _};
use likeness::same;
use session::Session;

use super::blocks::{self, Block};
use super::page::{self, Page};

/// Whether the pages are to say what the commands say now.
fn updating() -> bool {
    std::env::var_os("UPDATE_BOOK").is_some()
}

/// A command, and what the page shows of its output.
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

/// Runs the sessions of a page; gives what is not as shown.
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
async fn sessions_say_what_is_shown() {
    let pages = page::all();
    // A few at once: daemons among them have slots to keep up with.
    let wrong: Vec<Vec<String>> = stream::iter(&pages).map(play).buffered(3).collect().await;
    let wrong = wrong.concat();
    assert!(wrong.is_empty(), "{}\nUPDATE_BOOK=1 writes it into the pages", wrong.join("\n"));
}
