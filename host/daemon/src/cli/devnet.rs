//! `dogwatch devnet`.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use dogwatch_client::Failure;
use dogwatch_devnet::{DevnetConfig, DevnetServer};
use serde_json::json;

use crate::cli::common::say;

pub(super) async fn run(path: &Path) -> Result<(), Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::input(format!("{} cannot be read: {error}", path.display())))?;
    let config =
        DevnetConfig::from_toml(&text).map_err(|error| Failure::input(format!("{}: {error}", path.display())))?;
    let devnet = DevnetServer::start(&config, IpAddr::V4(Ipv4Addr::LOCALHOST)).await.map_err(Failure::other)?;
    let prefix = &devnet.profile().prefix;
    let nodes = config.witnesses.iter().flat_map(|witness| {
        let devnet = &devnet;
        witness.nodes.iter().map(move |node| {
            json!({
                "witness": witness.name,
                "node": node.name,
                "public_key": witness.signing_secret(node).public_key().display(prefix).to_string(),
                "status": devnet.node_url(witness.name.as_str(), &node.name),
            })
        })
    });
    // One line of JSON for the caller: what runs where.
    let addresses = json!({
        "chain_id": devnet.profile().chain_id,
        "rpc": devnet.rpc_urls(),
        "control": devnet.control_url(),
        "nodes": nodes.collect::<Vec<_>>(),
    });
    say(addresses)?;
    tracing::info!("the devnet runs until it is interrupted; inject faults at its control address: devnet_api.*");
    tokio::signal::ctrl_c().await.map_err(Failure::other)
}
