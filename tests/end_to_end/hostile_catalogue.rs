//! The catalogue of hostile plugins, put into the plugin directory of a real daemon: it tells each once, and goes on deciding.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};

use dogwatch_hostile::{Ends, Entry, Guest, KEY, Kind, bit_flipped, catalogue, cut_at_each_section, files};
use dogwatch_plugins::PluginFunction;
use sha2::{Digest as _, Sha256};

use crate::hostile_files::slow_to_compile;
use crate::support::{Daemon, Net, Setup, WITNESS, put, threshold, until};

/// What the book says that the daemon stays under, in KiB.
const MEMORY: u64 = 256 << 10;

/// The plugins of channels for pages: several hostile files at once, where they can be told apart.
const CHANNELS: [&str; 4] = ["chan", "chan-b", "chan-c", "chan-d"];

/// A daemon that decides by the policy `mine`, has the policy `spare` to fall back on, and channels for pages.
struct Scene {
    net: Net,
    dir: tempfile::TempDir,
    plugins: PathBuf,
    daemon: Daemon,
}

impl Scene {
    async fn start() -> Self {
        let (net, dir) = (Net::start().await, Net::directory());
        let plugins = dir.path().join("plugins");
        fs::create_dir(&plugins).unwrap();
        put(&plugins, "mine", threshold());
        put(&plugins, "spare", threshold());
        CHANNELS.iter().for_each(|name| put(&plugins, name, &Guest::channel().module()));
        let witness = "policy = \"mine\"\nfallback_policy = \"spare\"".to_owned();
        let top = format!("plugins_dir = {plugins:?}\n[alerts]\nstorm = 0\n");
        let config = net.write(dir.path(), &Setup { top, witness, ..Setup::default() });
        let mut text = fs::read_to_string(&config).unwrap();
        let (hook, host) = (dir.path().join("hook"), &net.sink.address);
        fs::write(&hook, format!("http://{host}/hook")).unwrap();
        for name in CHANNELS {
            text.push_str(&format!(
                "\n[[channel]]\nname = \"{name}\"\nplugin = \"{name}\"\nmin_severity = \"page\"\n\
                 allow_hosts = [\"{host}\"]\n[channel.secrets]\nurl = {{ file = {hook:?} }}\n"
            ));
        }
        fs::write(&config, text).unwrap();
        private(&hook);
        let daemon = Daemon::start(&config);
        daemon.ready().await;
        Self { net, dir, plugins, daemon }
    }

    /// How often a file's refusal was told.
    fn told(&self, name: &str, wasm: &[u8]) -> usize {
        self.refusals(name).iter().filter(|details| details.contains(&sha256(wasm))).count()
    }

    /// What the log says of refused files of that name. The alert about them is one: that it opens again and again is told once.
    fn refusals(&self, name: &str) -> Vec<String> {
        let words = [&format!("\"plugin\":\"{name}\""), "the plugin's new file is refused; the old one stays in use"];
        self.daemon.log().into_iter().filter(|line| words.iter().all(|words| line.contains(words))).collect()
    }

    /// How often a plugin of that name was put into use.
    fn reloads(&self, name: &str) -> usize {
        let words = format!("plugin {name} was replaced and reloaded");
        self.daemon.log().iter().filter(|line| line.contains(&words)).count()
    }

    /// Whether the operator had an alert about a file of that name that says this.
    fn is_alerted(&self, name: &str, says: &str) -> bool {
        let alerts = self.net.sink.alerts(&format!("/plugin-refused/{name}"), "opened");
        alerts.iter().any(|alert| alert.text("details").contains(says))
    }

    fn is_in_use(&self, name: &str, wasm: &[u8]) -> bool {
        self.daemon.logged(&[&format!("plugin {name} was replaced and reloaded (sha256 {})", sha256(wasm))])
    }

    /// Waits until what is in the directory has been looked at, and led to this.
    async fn looks(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let mut asked = 0_u32;
        until(what, async || {
            if asked.is_multiple_of(8) {
                self.daemon.signal("HUP").await;
            }
            asked += 1;
            holds(self)
        })
        .await;
    }

    /// Waits for the witness's next slot: whatever else goes on, the loop that decides goes round.
    async fn decides(&self) {
        let produced = async || self.daemon.witness().await.and_then(|witness| witness["last_produced"].as_u64());
        let before = produced().await;
        until("another slot is decided on", async || produced().await > before).await;
    }

    /// The most memory that the daemon ever had, in KiB.
    fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.daemon.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

fn private(path: &Path) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Whether the daemon must refuse the entry: it does not load, or fails when it is checked or tried.
fn is_refused(entry: &Entry) -> bool {
    match &entry.ends {
        Ends::NotLoaded(_) => true,
        Ends::Fails(functions, _) => {
            functions.iter().any(|function| matches!(function, PluginFunction::Check | PluginFunction::Decide))
        }
        Ends::Bounded => false,
    }
}

/// Words that tell the operator why.
fn words(entry: &Entry) -> String {
    match &entry.ends {
        Ends::NotLoaded(refusal) => refusal.to_string(),
        Ends::Fails(_, failure) => failure.to_string(),
        Ends::Bounded => String::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_hostile_plugin_is_told_once_and_decisions_go_on() {
    let scene = Scene::start().await;
    let (policies, others): (Vec<_>, Vec<_>) = catalogue().into_iter().partition(|entry| entry.kind == Kind::Policy);
    let mut queues: Vec<(&str, VecDeque<Entry>)> =
        ["mine", "spare"].into_iter().chain(CHANNELS).map(|name| (name, VecDeque::new())).collect();
    for (slots, entries) in [(0..2, policies), (2..6, others)] {
        for (entry, slot) in entries.into_iter().zip(slots.cycle()) {
            queues[slot].1.push_back(entry);
        }
    }
    let mut refused = Vec::new();
    while queues.iter().any(|(_, queue)| !queue.is_empty()) {
        let mut round = Vec::new();
        for (name, queue) in &mut queues {
            let Some(entry) = queue.pop_front() else { continue };
            let wasm = entry.wasm();
            put(&scene.plugins, name, &wasm);
            round.push((*name, entry, wasm));
        }
        for (name, entry, wasm) in &round {
            let what = format!("{entry:?} is told of or in use, as {name}");
            scene
                .looks(
                    &what,
                    |scene| {
                        if is_refused(entry) { scene.told(name, wasm) > 0 } else { scene.is_in_use(name, wasm) }
                    },
                )
                .await;
        }
        scene.decides().await;
        refused.extend(round.into_iter().filter(|(_, entry, _)| is_refused(entry)));
    }
    for (name, entry, wasm) in &refused {
        assert_eq!(scene.told(name, wasm), 1, "{entry:?} is told once");
        let told = scene.refusals(name).into_iter().find(|line| line.contains(&sha256(wasm))).unwrap();
        assert!(told.contains(&words(entry)), "{entry:?}: {told}");
        assert!(!told.contains("the sandbox failed"), "{entry:?}: {told}");
    }
    for name in ["mine", "spare", "chan"] {
        let (_, entry, wasm) = refused.iter().find(|(known, ..)| *known == name).unwrap();
        assert!(scene.is_alerted(name, &sha256(wasm)), "there is no alert about {entry:?}");
    }
    assert!(refused.len() > 60, "{}", refused.len());
    damaged(&scene).await;
    assert!(scene.peak() < MEMORY, "{} KiB", scene.peak());
    assert!(!scene.net.sink.has("/policy-failed", "opened"), "a good policy decided all the while");
    switches(&scene).await;
}

/// Files that were cut off, and files with other bits: each is refused or used.
async fn damaged(scene: &Scene) {
    let cut = cut_at_each_section().into_iter().step_by(17);
    for wasm in cut.chain(bit_flipped(7, 6)) {
        put(&scene.plugins, "chan", &wasm);
        scene
            .looks("it is told of or in use", |scene| scene.told("chan", &wasm) > 0 || scene.is_in_use("chan", &wasm))
            .await;
    }
    scene.decides().await;
}

/// The daemon switches, while a file is compiled that takes longer than anybody waits.
async fn switches(scene: &Scene) {
    for name in ["mine", "spare"] {
        put(&scene.plugins, name, threshold());
    }
    scene
        .looks("the good policies are back", |scene| {
            ["mine", "spare"].iter().all(|name| scene.is_in_use(name, threshold()))
        })
        .await;
    put(&scene.plugins, "spare", &slow_to_compile());
    scene.daemon.signal("HUP").await;
    scene.net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || scene.net.blocks_by("second") > 0).await;
    assert!(scene.peak() < MEMORY, "{} KiB", scene.peak());
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_lies_in_the_plugin_directory_is_told_once_and_never_read_out() {
    let scene = Scene::start().await;
    let (mine, staged) = (scene.plugins.join("mine.wasm"), scene.dir.path().join("staged.wasm"));
    for (count, hostile) in files().into_iter().enumerate() {
        (hostile.put)(&staged);
        fs::remove_file(&mine).unwrap();
        fs::rename(&staged, &mine).unwrap();
        scene.looks(hostile.is, |scene| scene.refusals("mine").len() > count).await;
        let told = scene.refusals("mine");
        assert_eq!(told.len(), count + 1, "{hostile:?}: {told:?}");
        assert!(
            told[count].contains(hostile.told) && told[count].contains("mine.wasm"),
            "{hostile:?}: {}",
            told[count]
        );
        if mine.is_dir() {
            fs::remove_dir(&mine).unwrap();
        }
        put(&scene.plugins, "mine", threshold());
        scene
            .looks(&format!("a good file takes its place after {hostile:?}"), |scene| scene.reloads("mine") > count)
            .await;
        for left in ["target", "key"] {
            let _ = fs::remove_file(staged.with_extension(left));
        }
        scene.decides().await;
    }
    assert!(scene.is_alerted("mine", "it is not a regular file"));
    never_at_rest(&scene, &mine).await;
    odd_names(&scene).await;
    let key = |text: &str| text.contains(KEY.get(..8).unwrap());
    assert!(!scene.daemon.log().iter().any(|line| key(line)), "a key is in the log");
    assert!(!scene.net.sink.received().iter().any(|alert| key(&alert.body.to_string())), "a key is in an alert");
    assert!(scene.peak() < MEMORY, "{} KiB", scene.peak());
    scene.net.handle().crash(WITNESS, "primary").unwrap();
    until("the successor produces", async || scene.net.blocks_by("second") > 0).await;
}

/// A file that somebody writes without end.
async fn never_at_rest(scene: &Scene, path: &Path) {
    let half = scene.plugins.join(".half");
    fs::File::create(&half).unwrap().set_len(1 << 20).unwrap();
    fs::rename(&half, path).unwrap();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let mut file = fs::File::options().append(true).open(path).unwrap();
    let writer = std::thread::spawn(move || {
        while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            // No more than a plugin may have.
            if file.metadata().unwrap().len() > 32 << 20 {
                file.set_len(1 << 20).unwrap();
            }
            std::io::Write::write_all(&mut file, b"x").unwrap();
        }
    });
    let before = scene.refusals("mine").len();
    scene.looks("it is told", |scene| scene.refusals("mine").len() > before).await;
    // On a busy machine the writer may get no turn while the file is read.
    let told = scene.refusals("mine").swap_remove(before);
    assert!(["changed while it was read", "is not WebAssembly"].iter().any(|why| told.contains(why)), "{told}");
    scene.decides().await;
    drop(stop);
    writer.join().unwrap();
    put(&scene.plugins, "mine", threshold());
}

/// Ten thousand files, and names that would write lines of their own into the log.
async fn odd_names(scene: &Scene) {
    for index in 0..10_000 {
        fs::write(scene.plugins.join(format!("n{index}.wasm")), b"x").unwrap();
    }
    scene.looks("many files", |scene| scene.daemon.logged(&["many files came into the plugin directory"])).await;
    for (name, shown) in [("a\nb", "a b"), ("\u{1b}[2Jc", " [2Jc"), ("\u{202e}d", " d"), (&*"n".repeat(200), "nnn")] {
        fs::write(scene.plugins.join(format!("{name}.wasm")), b"x").unwrap();
        scene.looks(shown, |scene| scene.daemon.logged(&[shown, "has a name that no plugin can have"])).await;
    }
    let lines = scene.daemon.log().iter().filter(|line| line.contains("is available and not in use")).count();
    assert!(lines < 100, "{lines} lines about files that nobody uses");
    scene.decides().await;
}
