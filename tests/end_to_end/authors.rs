//! A new author's way, from the binary alone: a project, its tests, its file, and the daemon that uses it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dogwatch_sdk::testing::night_by;
use policy_threshold::Threshold;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::support::{Daemon, Net, Setup, WITNESS, build_project, said, until};

const DOGWATCH: &str = env!("CARGO_BIN_EXE_dogwatch");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn dogwatch(folder: &Path, arguments: &[&str]) -> String {
    said(Command::new(DOGWATCH).args(arguments).current_dir(folder).env_remove("DOGWATCH_CONFIG"))
}

/// Tells how long each step of the way takes: `cargo test … -- authors:: --nocapture` shows it.
struct Way {
    folder: PathBuf,
    began: Instant,
}

impl Way {
    fn step(&self, arguments: &[&str]) -> String {
        let told = dogwatch(&self.folder, arguments);
        eprintln!("{:6.1} s  dogwatch {}", self.began.elapsed().as_secs_f64(), arguments.join(" "));
        told
    }
}

/// A new project, in a folder of its own.
fn project(name: &str, options: &[&str]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let told = dogwatch(folder.path(), &[&["plugin", "new", name], options].concat());
    let project = folder.path().join(name.replace('_', "-"));
    assert!(told.contains("dogwatch plugin build"), "{told}");
    (folder, project)
}

#[tokio::test(flavor = "multi_thread")]
async fn from_an_empty_folder_to_a_policy_in_force() {
    let (net, dir) = (Net::start().await, Net::directory());
    let began = Instant::now();
    let (_folder, project) = project("night_owl", &[]);
    let built = build_project(&project, &[]);
    let way = Way { folder: project.clone(), began };
    assert!(built.contains("Built night-owl.wasm ("), "{built}");
    let checked = way.step(&["plugin", "check", "night-owl.wasm"]);
    assert!(
        checked.contains("ok    all slots are missed, and no standby is fit: stay: no node can take over from alice"),
        "{checked}"
    );
    assert!(checked.ends_with("night-owl.wasm works.\n"), "{checked}");
    let inspected = dogwatch(&project, &["plugin", "inspect", "night-owl.wasm"]);
    for part in ["policy    dogwatch:policy/policy@0.2.0", "setting   misses: ", "imports   nothing"] {
        assert!(inspected.contains(part), "{part} is not in: {inspected}");
    }
    let tested = way.step(&["plugin", "test", "night-owl.wasm", "nights/crash.toml", "nights/blind.toml"]);
    assert!(tested.ends_with("All nights came as expected: 2.\n"), "{tested}");
    let simulated = way.step(&["simulate", "--policy", "night-owl.wasm", "--nights", "6"]);
    assert!(simulated.contains("night-owl was asked"), "{simulated}");
    let costs = way.step(&["plugin", "bench", "night-owl.wasm", "--times", "3", "--json"]);
    let costs: serde_json::Value = serde_json::from_str(&costs).unwrap();
    let quiet = costs.as_array().unwrap().iter().find(|cost| cost["situation"] == "a quiet night").unwrap();
    assert!(quiet["fuel"].as_u64().unwrap() > 0 && quiet["problem"].is_null(), "{quiet}");
    // The small stack of the project's manifest keeps a call in one page.
    assert_eq!(quiet["memory_bytes"], 64 << 10);

    let top = format!("plugins_dir = {project:?}");
    let daemon = Daemon::start(
        &net.write(dir.path(), &Setup { top, witness: "policy = \"night-owl\"".into(), ..Setup::default() }),
    );
    daemon.ready().await;
    net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || net.blocks_by("second") > 0).await;
    assert_eq!(daemon.witness().await.unwrap()["policy"]["name"], "night-owl");
    eprintln!("{:6.1} s  the daemon has switched by it", began.elapsed().as_secs_f64());
}

/// Tools for other languages, as `cargo xtask setup` installs them.
fn tools() -> String {
    let root = root();
    let own = [root.join("target/python/bin"), root.join("target/node/node_modules/.bin")];
    let path = std::env::var("PATH").unwrap();
    format!("{}:{}:{path}", own[0].display(), own[1].display())
}

/// A project in another language passes its tests, is built, and works; the plugin in the repository's example is the same.
fn other_language(kind: &str, language: &str, test: &[&str]) {
    let name = format!("{kind}-in-{language}");
    let (_folder, project) = project(&name, &["--kind", kind, "--lang", language]);
    said(Command::new(test[0]).args(&test[1..]).current_dir(&project));
    said(Command::new(DOGWATCH).args(["plugin", "build"]).current_dir(&project).env("PATH", tools()));
    let file = format!("{name}.wasm");
    let settings = project.join("settings.toml");
    std::fs::write(&settings, if kind == "channel" { "url = \"https://lines.example.com\"" } else { "misses = 2" })
        .unwrap();
    let checked = dogwatch(&project, &["plugin", "check", &file, "--settings", "settings.toml"]);
    assert!(checked.ends_with(&format!("{file} works.\n")), "{checked}");
    if kind == "policy" {
        let tested = dogwatch(&project, &["plugin", "test", &file, "nights/crash.toml", "nights/blind.toml"]);
        assert!(tested.ends_with("All nights came as expected: 2.\n"), "{tested}");
    }
    let expected = match kind {
        "channel" => "ok    a text of quotes, tags and every script: 1 requests",
        _ => "ok    all slots are missed, and no standby is fit: stay: no node can take over from alice",
    };
    assert!(checked.contains(expected), "{checked}");
}

#[test]
fn plugins_are_written_in_python() {
    for kind in ["policy", "channel"] {
        other_language(kind, "python", &["python3", "-m", "unittest"]);
    }
}

#[test]
fn plugins_are_written_in_javascript() {
    for kind in ["policy", "channel"] {
        other_language(kind, "js", &["node", "--test"]);
    }
}

#[test]
fn a_night_that_comes_otherwise_fails_and_shows_what_was_decided() {
    let folder = tempfile::tempdir().unwrap();
    let night = |text: &str| {
        std::fs::write(folder.path().join("night.toml"), text).unwrap();
        let mut command = Command::new(DOGWATCH);
        let output = command.args(["plugin", "test", "threshold", "night.toml"]).current_dir(folder.path()).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(3), "{text}");
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let crash = "[[fault]]\nkind = 'holder-crashed'\nat = '00:05'\n";
    let told = night(&format!("{crash}[[expect]]\naction = 'stay'\n[outcome]\nlost = 0"));
    for part in [
        "FAILS slots 0 to 400: it stays; but: it switched to second in slot ",
        "it stayed in slot 0: primary missed no slot since its last block",
        "FAILS blocks lost: at most 0; but: 2",
        "Nights that did not come as expected: 1 of 1.",
    ] {
        assert!(told.contains(part), "{part} is not in: {told}");
    }
    for (text, why) in [
        (crash, "it expects nothing"),
        ("[[expect]]\nfrom = '00:40'\naction = 'stay'", "after its end"),
        ("[[expect]]\naction = 'stay'\nto = 'second'", "[[expect]] number 1: `to` goes with"),
        ("[[fault]]\nkind = 'x'\nat = 1\n[outcome]\nlost = 0", "there is no fault kind \"x\""),
        ("[settings]\nmises = 2\n[outcome]\nlost = 0", "mises"),
        ("begins = '24:00'", "no time of day"),
        ("nodes = 9\n[outcome]\nlost = 0", "nodes is 9, and must be 1 to 4"),
    ] {
        let told = night(text);
        assert!(told.contains(why), "{why} is not in: {told}");
    }
    let faults = dogwatch(folder.path(), &["plugin", "test", "--faults"]);
    assert!(faults.contains("holder-crashed               the node that holds the key dies\n"), "{faults}");
}

#[test]
fn a_night_is_played_natively_too() {
    let nights = root().join("examples/policy/nights");
    let play = |night: &Path| night_by::<Threshold>(DOGWATCH, night).map_err(|failure| failure.to_string());
    let folder = tempfile::tempdir().unwrap();
    let night = folder.path().join("night.toml");
    let text = std::fs::read_to_string(nights.join("crash.toml")).unwrap();
    std::fs::write(&night, text.replace("2 misses in a row", "missed 2 slots in a row")).unwrap();
    play(&night).unwrap();
    std::fs::write(&night, &text).unwrap();
    let failure = play(&night).unwrap_err();
    assert!(failure.contains("FAILS slots 200 to 300") && failure.contains("missed 2 slots in a row"), "{failure}");
    std::fs::write(&night, text.replace("misses = 2", "mises = 2")).unwrap();
    assert!(play(&night).unwrap_err().contains("mises"));
    std::fs::write(&night, text.replace("holder-crashed", "nothing")).unwrap();
    assert!(play(&night).unwrap_err().contains("there is no fault kind"));
    assert!(night_by::<Threshold>("no-such-program", &night).unwrap_err().to_string().contains("cannot run"));
}

#[test]
fn a_project_is_built_again_when_a_source_changes() {
    let (_folder, project) = project("owl", &["--lang", "js"]);
    let mut command = Command::new(DOGWATCH);
    command.args(["plugin", "build", "--watch"]).current_dir(&project).env("PATH", tools());
    let mut watching = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut next = |wanted: &str| lines.find(|line| line.starts_with(wanted)).unwrap();
    next("Built owl.wasm");
    next("Waiting for a change");
    let source = std::fs::read_to_string(project.join("app.js")).unwrap();
    std::fs::write(project.join("app.js"), "this is no JavaScript(").unwrap();
    next("Not built: ");
    next("Waiting for a change");
    std::fs::write(project.join("app.js"), source).unwrap();
    next("Built owl.wasm");
    watching.kill().unwrap();
    watching.wait().unwrap();
}

#[test]
fn what_is_no_project_or_no_name_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |arguments: &[&str]| {
        let output = Command::new(DOGWATCH).args(arguments).current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(fails(&["plugin", "build"]).contains("it is no plugin's project; to begin one: dogwatch plugin new NAME"));
    assert!(fails(&["plugin", "new", "Night Owl"]).contains("use small letters, digits and hyphens"));
    dogwatch(folder.path(), &["plugin", "sdk", "sdk"]);
    assert!(fails(&["plugin", "sdk", "sdk"]).contains("is there and is not empty"));
    std::fs::write(folder.path().join("text.wasm"), "not a plugin").unwrap();
    assert!(fails(&["plugin", "inspect", "text.wasm"]).contains("is not WebAssembly"));
}
