//! The code blocks of a page.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::page::Page;

/// A fenced block of code.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// The page and line, to find the block.
    pub(super) place: String,
    /// The first word after the fence.
    pub(super) language: String,
    /// The words after it, with commas between them.
    marks: Vec<String>,
    pub(super) text: String,
    /// The position of the text in the page.
    pub(super) range: Range<usize>,
}

impl Block {
    pub(super) fn is(&self, mark: &str) -> bool {
        self.marks.iter().any(|known| known == mark)
    }

    /// The value after `name=`.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.marks.iter().find_map(|mark| mark.strip_prefix(name)?.strip_prefix('='))
    }
}

/// The page's Markdown events, with their positions.
pub(super) fn parse(text: &str) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
    Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter()
}

/// The fenced blocks of a page, in order.
pub(super) fn of(page: &Page) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (event, range) in parse(&page.text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let mut words = info.split([',', ' ']).filter(|word| !word.is_empty()).map(str::to_owned);
                let line = page.text[..range.start].lines().count() + 1;
                blocks.push(Block {
                    place: format!("{}:{line}", page.name),
                    language: words.next().unwrap_or_default(),
                    marks: words.collect(),
                    text: String::new(),
                    range: 0..0,
                });
                open = true;
            }
            Event::Text(text) if open => {
                let block = blocks.last_mut().unwrap();
                let start = if block.text.is_empty() { range.start } else { block.range.start };
                block.range = start..range.end;
                block.text.push_str(&text);
            }
            Event::End(TagEnd::CodeBlock) => open = false,
            _ => {}
        }
    }
    blocks
}

#[test]
fn every_block_has_a_language() {
    for page in super::page::all() {
        for block in of(&page) {
            let known = ["console", "toml", "sh", "rust", "text", "json", "wit"].contains(&block.language.as_str());
            assert!(known, "{}: a block of {:?}, which nothing checks", block.place, block.language);
        }
    }
}

/// A block that shows a file or a part of it matches the file.
#[test]
fn shown_files_match() {
    for page in super::page::all() {
        for block in of(&page) {
            let Some(file) = block.value("file") else { continue };
            let there = std::fs::read_to_string(super::page::root().join(file)).unwrap_or_default();
            assert!(there.contains(&block.text), "{}: {file} does not say so", block.place);
        }
    }
}
