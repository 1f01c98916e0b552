//! Keeps the README and the book true: runs their commands, checks their configurations, follows their links.
//!
//! `UPDATE_BOOK=1` writes the commands' current output into the pages; review the diff before you commit it. The words
//! after a block's language say what the block is for: see `configs.rs` for `toml` and `consoles.rs` for `console`.

mod blocks;
mod commands;
mod configs;
mod consoles;
mod links;
mod page;
mod plugins;
mod versions;
mod worked;
