//! The program itself. That it has a test makes `cargo test` build it, with all that the workspace has built already: `cargo xtask test`
//! plays its nights with it.

use std::process::Command;

use dogwatch_sim::CATALOGUE;

#[test]
fn it_lists_every_kind_of_fault() {
    let output = Command::new(env!("CARGO_BIN_EXE_simulate")).arg("--list").output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(listed.lines().count(), CATALOGUE.len());
    assert!(CATALOGUE.iter().all(|kind| listed.contains(kind.name)), "{listed}");
}
