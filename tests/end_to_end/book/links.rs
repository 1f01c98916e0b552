//! Links between pages, and the table of contents.

use std::collections::BTreeSet;
use std::path::Path;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::blocks::parse;
use super::page::{self, Page};

/// The targets of the page's links.
fn links(page: &Page) -> Vec<String> {
    let target = |(event, _)| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.into_string()),
        _ => None,
    };
    parse(&page.text).filter_map(target).collect()
}

/// The ids of the headings, as mdBook and GitHub make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let (mut anchors, mut heading) = (BTreeSet::new(), None::<String>);
    for (event, _) in parse(text) {
        match (event, &mut heading) {
            (Event::Start(Tag::Heading { .. }), _) => heading = Some(String::new()),
            (Event::Text(text) | Event::Code(text), Some(heading)) => heading.push_str(&text),
            (Event::End(TagEnd::Heading(_)), Some(said)) => {
                let kept = said.trim().to_lowercase().replace(' ', "-");
                anchors.insert(kept.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect());
                heading = None;
            }
            _ => {}
        }
    }
    anchors
}

#[test]
fn links_have_targets() {
    let mut dead = Vec::new();
    for page in page::all() {
        for link in links(&page).into_iter().filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let file = page::root().join(&page.name);
            let file = if path.is_empty() { file } else { file.parent().unwrap().join(path) };
            let there = file.exists();
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            if !there || !anchor.is_empty() && !anchors(&text).contains(anchor) {
                dead.push(format!("{}: {link}", page.name));
            }
            // Files outside the book are not in mdBook's output.
            let outside = !file.canonicalize().is_ok_and(|file| file.starts_with(page::root().join("docs/src")));
            if there && outside && page.name.starts_with("docs/src") {
                dead.push(format!("{}: {link} leads out of the book", page.name));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

/// The starts of paths in this repository.
const FOLDERS: [&str; 6] = ["docs/", "examples/", "host/", "plugins/", "tests/", "wit/"];

#[test]
fn paths_in_the_text_exist() {
    let mut dead = Vec::new();
    for page in page::all() {
        for (event, _) in parse(&page.text) {
            let Event::Code(code) = event else { continue };
            let path = code.split([' ', ':']).next().unwrap_or_default();
            // NAME stands for a name.
            let concrete = FOLDERS.iter().any(|folder| path.starts_with(folder)) && !path.contains("NAME");
            if concrete && !page::root().join(path).exists() {
                dead.push(format!("{}: {path}", page.name));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

#[test]
fn the_table_of_contents_has_every_page_once() {
    let summary = page::all().into_iter().find(|page| page.name == "docs/src/SUMMARY.md").unwrap();
    let listed = links(&summary);
    let distinct: BTreeSet<&String> = listed.iter().collect();
    assert_eq!(distinct.len(), listed.len(), "a page is listed twice");
    for page in page::all() {
        let Some(name) = page.name.strip_prefix("docs/src/").filter(|name| *name != "SUMMARY.md") else { continue };
        assert!(listed.iter().any(|link| Path::new(link) == Path::new(name)), "SUMMARY.md does not list {name}");
    }
}

#[test]
fn the_readme_is_short() {
    let readme = page::all().into_iter().find(|page| page.name == "README.md").unwrap();
    assert!(
        readme.text.lines().count() < 150,
        "{} lines: what is long belongs into docs/",
        readme.text.lines().count()
    );
}
