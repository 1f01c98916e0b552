//! Every bundled channel, as it runs in the daemon, against a strict fake of its service over real TLS.

mod alertmanager;
mod bench;
mod discord;
mod echo;
mod email;
mod gotify;
mod healthchecks;
mod heartbeat;
mod matrix;
mod ntfy;
mod opsgenie;
mod pagerduty;
mod pushover;
pub(crate) mod secrets;
mod slack;
mod telegram;
mod trust;
mod twilio;
mod uptime_kuma;
mod webhook;

/// A channel that comes with the daemon is tested like every other one, in a file of its own.
#[test]
fn every_bundled_channel_has_tests() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/end_to_end");
    let modules = std::fs::read_to_string(folder.join("channels.rs")).unwrap();
    for plugin in dogwatch_bundled::CHANNELS {
        let module = plugin.name.replace('-', "_");
        assert!(modules.contains(&format!("\nmod {module};\n")), "tests/end_to_end/channels.rs lacks `mod {module};`");
        let text = std::fs::read_to_string(folder.join("channels").join(format!("{module}.rs"))).unwrap();
        let alike = ["like_every_channel!", "like_every_heartbeat!"].iter().any(|tests| text.contains(tests));
        // Mail does not go by HTTP, and has tests of its own instead.
        assert!(
            alike || plugin.name == "email",
            "tests/end_to_end/channels/{module}.rs calls no tests of every channel"
        );
    }
}
