//! The table of the catalogue in the book.

use std::path::Path;

use dogwatch_hostile::{Ends, Entry, catalogue, files};

const PAGE: &str = "docs/src/internals/hostile-plugins.md";

fn row(entry: &Entry) -> String {
    let ends = match &entry.ends {
        Ends::NotLoaded(refusal) => format!("not loaded: it {refusal}"),
        Ends::Fails(functions, failure) => {
            let names: Vec<String> = functions.iter().map(|function| format!("`{function}`")).collect();
            format!("{} fails: {failure} …", names.join(", "))
        }
        Ends::Bounded => "works; bounded".to_owned(),
    };
    format!("| `{}` | {} | {ends} |\n", entry.name, entry.does)
}

/// The tables of the catalogue stand in the book as they are here; `UPDATE_BOOK=1` writes them.
#[test]
fn the_book_lists_the_catalogue() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(PAGE);
    let text = std::fs::read_to_string(&page).unwrap();
    let plugins: String = catalogue().iter().map(row).collect();
    let files: String = files().iter().map(|file| format!("| `{}` | {} |\n", file.name, file.is)).collect();
    let mut wanted = text.clone();
    for (head, rows) in [
        ("| Plugin | What it does | How it ends |\n|---|---|---|\n", plugins),
        ("| File | What it is |\n|---|---|\n", files),
    ] {
        let start = wanted.find(head).unwrap() + head.len();
        let end = wanted.get(start..).unwrap().find("\n\n").map_or(wanted.len(), |length| start + length + 1);
        wanted.replace_range(start..end, &rows);
    }
    if std::env::var_os("UPDATE_BOOK").is_some() {
        std::fs::write(&page, &wanted).unwrap();
    }
    assert!(text == wanted || std::env::var_os("UPDATE_BOOK").is_some(), "{PAGE} differs; UPDATE_BOOK=1 rewrites it");
}
