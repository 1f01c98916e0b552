//! The examples are what they say.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Net, dogwatch};

#[tokio::test(flavor = "multi_thread")]
async fn the_example_configuration_passes_its_check() {
    let dir = Net::directory();
    let example = include_str!("../../examples/dogwatch.toml").replace("/etc/dogwatch", dir.path().to_str().unwrap());
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../host/chain/tests/vectors/transactions.json")).unwrap();
    let private = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    };
    for (key, file) in vectors["keys"].as_array().unwrap().iter().zip(["primary.wif", "standby.wif", "emergency.wif"]) {
        private(file, key["wif"].as_str().unwrap());
    }
    private("webhook-token", "token");
    std::fs::create_dir(dir.path().join("plugins")).unwrap();
    let path = dir.path().join("dogwatch.toml");
    std::fs::write(&path, example).unwrap();
    let output = dogwatch().args(["check", "--config"]).arg(&path).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("warning:"), "{said}");
}

#[test]
fn the_example_devnet_is_one() {
    let example = include_str!("../../examples/devnet.toml");
    dogwatch_devnet::DevnetConfig::from_toml(example).unwrap().profile().unwrap();
}
