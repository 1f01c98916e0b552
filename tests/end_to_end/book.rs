//! The README and the book say what is so: their commands are run, their configurations checked, their links followed.
//!
//! `UPDATE_BOOK=1` writes what the commands say now into the pages; look at the difference before you commit it. What a
//! block is for stands behind its language: `toml` and `console` explain theirs in `configs.rs` and `consoles.rs`.

mod blocks;
mod commands;
mod configs;
mod consoles;
mod links;
mod page;
mod plugins;
