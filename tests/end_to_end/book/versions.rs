//! The table of interfaces and hosts.

use dogwatch_plugins::KNOWN_INTERFACES;

use super::page;

#[test]
fn the_table_of_versions_is_that_of_this_host() {
    let page = page::all().into_iter().find(|page| page.name == "docs/src/authors/versions.md").unwrap();
    let mut rows = page.text.lines().filter(|line| line.starts_with("| ")).map(|line| {
        line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect::<Vec<_>>()
    });
    let (head, newest) = (rows.next().unwrap(), rows.next().unwrap());
    assert_eq!(head[0], "Dogwatch");
    let taken: Vec<_> = head.iter().zip(&newest).filter(|(_, cell)| *cell == "yes").map(|(name, _)| name).collect();
    assert_eq!(taken, KNOWN_INTERFACES.iter().collect::<Vec<_>>(), "in the first row");
    let version = env!("CARGO_PKG_VERSION");
    assert!(newest[0] == version || newest[0].starts_with(&format!("{version},")), "{}", newest[0]);
}
