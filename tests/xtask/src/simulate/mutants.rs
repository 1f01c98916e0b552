//! Breaks the engine on purpose, one place at a time, and sees whether the simulator notices.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;

use crate::root;

/// Nights within which a break must be seen.
const NIGHTS: &str = "3000";

/// A deliberate break.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutant {
    /// What is broken, in a few words.
    name: String,
    /// The file, from the workspace's root.
    file: PathBuf,
    /// Text that occurs in it exactly once.
    find: String,
    /// What stands there instead.
    replace: String,
    /// Kinds of fault that are in each night, where those that it takes seldom meet.
    #[serde(default)]
    faults: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutants {
    mutant: Vec<Mutant>,
}

/// What became of a break.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    /// One of the drawn nights broke this rule.
    Seen(String),
    /// None of them did; this night of `host/sim/nights` broke this rule.
    SeenByNamed { night: String, rule: String },
    /// All nights passed.
    Unseen,
}

/// Tries every break, or those with these names.
pub(crate) fn run(names: &[String]) -> anyhow::Result<()> {
    let all = all()?;
    for name in names {
        ensure!(all.iter().any(|mutant| mutant.name == *name), "no mutant is called {name:?}");
    }
    let tree = root().join("target/mutants/tree");
    copy_tree(&tree)?;
    let tried: Vec<&Mutant> = all.iter().filter(|mutant| names.is_empty() || names.contains(&mutant.name)).collect();
    let (mut unseen, mut unfair, mut whole) = (Vec::new(), Vec::new(), BTreeSet::new());
    for mutant in &tried {
        let fate = fate(mutant, &tree).with_context(|| format!("mutant {:?}", mutant.name))?;
        // The nights of every run are known to break nothing; those with other faults must not either.
        if matches!(fate, Fate::Seen(_)) && !mutant.faults.is_empty() && whole.insert(&mutant.faults) {
            build(&tree)?;
            let unbroken = play(&mutant.faults)?;
            if let Fate::Seen(rule) = unbroken {
                println!("UNFAIR  nights with {:?} break {rule} without any break", mutant.faults);
                unfair.push(&mutant.faults);
            }
        }
        match fate {
            Fate::Seen(rule) => println!("seen    {:60} {rule}", mutant.name),
            Fate::SeenByNamed { night, rule } => println!("seen    {:60} {rule}, in {night}", mutant.name),
            Fate::Unseen => {
                println!("UNSEEN  {}", mutant.name);
                unseen.push(&mutant.name);
            }
        }
    }
    println!("{} breaks, {} unseen within {NIGHTS} nights", tried.len(), unseen.len());
    ensure!(unfair.is_empty(), "without any break, nights break a rule with {unfair:?}");
    if unseen.is_empty() { Ok(()) } else { bail!("the simulator does not see {unseen:?}") }
}

fn all() -> anyhow::Result<Vec<Mutant>> {
    let text = std::fs::read_to_string(root().join("host/sim/mutants.toml")).context("host/sim/mutants.toml")?;
    let Mutants { mutant } = toml::from_str(&text).context("host/sim/mutants.toml")?;
    Ok(mutant)
}

/// The file with the break in it.
fn broken(mutant: &Mutant, whole: &str) -> anyhow::Result<String> {
    let places = whole.matches(&mutant.find).count();
    ensure!(places == 1, "its text occurs {places} times in {}, and must once", mutant.file.display());
    Ok(whole.replacen(&mutant.find, &mutant.replace, 1))
}

/// Copies what git tracks, so that the breaks stay out of the workspace.
fn copy_tree(tree: &Path) -> anyhow::Result<()> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().context("git ls-files")?;
    ensure!(listed.status.success(), "git ls-files failed");
    for file in String::from_utf8(listed.stdout)?.split('\0').filter(|file| !file.is_empty()) {
        let (from, to) = (root().join(file), tree.join(file));
        let Ok(content) = std::fs::read(&from) else { continue };
        if std::fs::read(&to).is_ok_and(|there| there == content) {
            continue;
        }
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&to, content).with_context(|| format!("{} cannot be written", to.display()))?;
    }
    Ok(())
}

fn fate(mutant: &Mutant, tree: &Path) -> anyhow::Result<Fate> {
    let file = tree.join(&mutant.file);
    let whole = std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    std::fs::write(&file, broken(mutant, &whole)?)?;
    let built = build(tree);
    std::fs::write(&file, whole)?;
    built?;
    match play(&mutant.faults)? {
        Fate::Unseen => named(tree),
        fate => Ok(fate),
    }
}

fn binary() -> PathBuf {
    root().join("target/mutants/build/debug/simulate")
}

fn build(tree: &Path) -> anyhow::Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(tree).env("CARGO_TARGET_DIR", root().join("target/mutants/build"));
    cargo.args(["build", "--quiet", "--locked", "--package", "dogwatch-simulate"]);
    cargo.arg("--no-default-features");
    let built = cargo.output().context("cargo build")?;
    ensure!(built.status.success(), "it does not compile:\n{}", String::from_utf8_lossy(&built.stderr));
    Ok(())
}

/// Plays the drawn nights.
fn play(faults: &[String]) -> anyhow::Result<Fate> {
    let mut simulate = Command::new(binary());
    simulate.args(["--nights", NIGHTS, "--seed", "1", "--no-shrink"]);
    simulate.args(faults.iter().flat_map(|fault| ["--fault", fault.as_str()]));
    let output = simulate.output().context("simulate")?;
    if output.status.success() {
        return Ok(Fate::Unseen);
    }
    // A night that panics ends with an error.
    let rule = rule_after(&output.stdout, "breaks a rule: ").unwrap_or_else(|| "a panic".to_owned());
    Ok(Fate::Seen(rule))
}

/// Plays the nights that are kept as files.
fn named(tree: &Path) -> anyhow::Result<Fate> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(tree.join("host/sim/nights")).context("host/sim/nights")? {
        files.push(entry?.path());
    }
    files.sort();
    for file in files {
        let output = Command::new(binary()).arg("--replay").arg(&file).output().context("simulate")?;
        if !output.status.success() {
            let night = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let rule = rule_after(&output.stdout, "BROKEN: ").unwrap_or_else(|| "a panic".to_owned());
            return Ok(Fate::SeenByNamed { night, rule });
        }
    }
    Ok(Fate::Unseen)
}

/// The name of the rule that follows these words.
fn rule_after(output: &[u8], words: &str) -> Option<String> {
    let said = String::from_utf8_lossy(output);
    said.lines().find_map(|line| Some(line.split_once(words)?.1.split(' ').next()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_break_fits_its_file() {
        let all = all().unwrap();
        assert!(all.len() >= 30);
        for mutant in &all {
            let whole = std::fs::read_to_string(root().join(&mutant.file)).unwrap();
            assert_ne!(broken(mutant, &whole).unwrap(), whole, "{}", mutant.name);
            assert_eq!(all.iter().filter(|other| other.name == mutant.name).count(), 1, "{}", mutant.name);
        }
    }
}
