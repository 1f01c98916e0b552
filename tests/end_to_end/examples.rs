//! The examples work.

use crate::support::{Net, dogwatch, etc};

#[tokio::test(flavor = "multi_thread")]
async fn the_example_configuration_passes_its_check() {
    let dir = Net::directory();
    let example = etc(dir.path(), include_str!("../../examples/dogwatch.toml"));
    let path = dir.path().join("dogwatch.toml");
    std::fs::write(&path, example).unwrap();
    let output = dogwatch().args(["check", "--config"]).arg(&path).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("warning:"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_channels_pass_their_check() {
    let (net, dir) = (Net::start().await, Net::directory());
    let channels = etc(dir.path(), include_str!("../../examples/channels.toml"));
    let config = net.write(dir.path(), &crate::support::Setup::default());
    let text = std::fs::read_to_string(&config).unwrap() + &channels;
    std::fs::write(&config, text).unwrap();
    let output = dogwatch().args(["check", "--config"]).arg(&config).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && !said.contains("warning:"), "{said}");
    for plugin in dogwatch_bundled::CHANNELS {
        assert!(channels.contains(&format!("plugin = \"{}\"", plugin.name)), "no example of {}", plugin.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_accepts_the_units() {
    let dir = Net::directory();
    let unit = |name: &str, text: &str| {
        // The path must be a program on this machine too; it is not started.
        let path = dir.path().join(name);
        std::fs::write(&path, text.replace("/usr/bin/dogwatch", env!("CARGO_BIN_EXE_dogwatch"))).unwrap();
        path
    };
    let main = unit("dogwatch.service", include_str!("../../examples/dogwatch.service"));
    let failure = unit("dogwatch-boot-failure@.service", include_str!("../../examples/dogwatch-boot-failure@.service"));
    let output = tokio::process::Command::new("systemd-analyze")
        .arg("verify")
        .args([main, failure])
        .output()
        .await
        .expect("systemd-analyze: cargo xtask setup installs it");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_units_call_existing_commands() {
    for text in
        [include_str!("../../examples/dogwatch.service"), include_str!("../../examples/dogwatch-boot-failure@.service")]
    {
        let start = text.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/dogwatch ")).unwrap();
        let output = dogwatch().args(start.split_whitespace()).arg("--help").output().await.unwrap();
        assert!(output.status.success(), "{start}");
    }
}

#[test]
fn the_example_devnet_is_valid() {
    let example = include_str!("../../examples/devnet.toml");
    dogwatch_devnet::DevnetConfig::from_toml(example).unwrap().profile().unwrap();
}
