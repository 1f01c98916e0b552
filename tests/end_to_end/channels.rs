//! Every bundled channel as the daemon runs it, against a strict fake of its service over real TLS.

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

/// Every channel that comes with the daemon has tests, in its own file.
#[test]
fn every_bundled_channel_has_tests() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/end_to_end");
    let modules = std::fs::read_to_string(folder.join("channels.rs")).unwrap();
    for plugin in dogwatch_bundled::CHANNELS {
        let module = plugin.name.replace('-', "_");
        assert!(modules.contains(&format!("\nmod {module};\n")), "tests/end_to_end/channels.rs lacks `mod {module};`");
        let text = std::fs::read_to_string(folder.join("channels").join(format!("{module}.rs"))).unwrap();
        let alike = ["like_every_channel!", "like_every_heartbeat!"].iter().any(|tests| text.contains(tests));
        // Mail does not use HTTP and has its own tests.
        assert!(
            alike || plugin.name == "email",
            "tests/end_to_end/channels/{module}.rs calls no tests of every channel"
        );
    }
}
