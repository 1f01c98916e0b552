//! Breaks the engine on purpose, one place at a time, and sees whether the simulator notices.

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
    /// The night that was drawn from this seed broke this rule.
    Seen { seed: String, rule: String },
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
    let (mut unseen, mut witnesses) = (Vec::new(), Vec::new());
    for mutant in &tried {
        match fate(mutant, &tree).with_context(|| format!("mutant {:?}", mutant.name))? {
            Fate::Seen { seed, rule } => {
                println!("seen    {:60} {rule}, in night {seed}", mutant.name);
                witnesses.push((mutant, seed));
            }
            Fate::SeenByNamed { night, rule } => println!("seen    {:60} {rule}, in {night}", mutant.name),
            Fate::Unseen => {
                println!("UNSEEN  {}", mutant.name);
                unseen.push(&mutant.name);
            }
        }
    }
    println!("{} breaks, {} unseen within {NIGHTS} nights", tried.len(), unseen.len());
    // A night that breaks a rule by itself has seen nothing.
    build(&tree)?;
    let mut unfair = Vec::new();
    for (mutant, seed) in witnesses {
        if let Fate::Seen { rule, .. } = play(&mutant.faults, "1", &seed)? {
            println!("UNFAIR  {:60} night {seed} breaks {rule} without it", mutant.name);
            unfair.push(&mutant.name);
        }
    }
    ensure!(unfair.is_empty(), "nights break a rule without {unfair:?}, too");
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
    match play(&mutant.faults, NIGHTS, "1")? {
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

/// Plays so many drawn nights from that seed on.
fn play(faults: &[String], nights: &str, seed: &str) -> anyhow::Result<Fate> {
    let mut simulate = Command::new(binary());
    simulate.args(["--nights", nights, "--seed", seed, "--no-shrink"]);
    simulate.args(faults.iter().flat_map(|fault| ["--fault", fault.as_str()]));
    let output = simulate.output().context("simulate")?;
    if output.status.success() {
        return Ok(Fate::Unseen);
    }
    let rule = word_after(&output.stdout, "breaks a rule: ");
    // A night that panics ends with an error.
    let seed = word_after(&output.stdout, "Night ").or_else(|| word_after(&output.stderr, "night "));
    let seed = seed.context("simulate has failed, and names no night")?;
    Ok(Fate::Seen { seed, rule: rule.unwrap_or_else(|| "a panic".to_owned()) })
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
            let rule = word_after(&output.stdout, "BROKEN: ").unwrap_or_else(|| "a panic".to_owned());
            return Ok(Fate::SeenByNamed { night, rule });
        }
    }
    Ok(Fate::Unseen)
}

/// The word that follows these words.
fn word_after(output: &[u8], words: &str) -> Option<String> {
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
