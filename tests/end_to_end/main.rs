//! The real binary, end to end, against a devnet as strict as a real node and a real receiver of alerts.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests may panic"
)]

mod alerts;
mod authors;
mod backup_witness;
mod beat;
mod book;
mod channels;
mod cli;
mod clock;
mod config_check;
mod crash_points;
mod desk;
mod devnet_cli;
mod examples;
mod failover;
mod faults;
mod gateway;
mod grants;
mod hostile_catalogue;
mod hostile_channels;
mod hostile_files;
mod hot_swap;
mod liveness;
mod minority_fork;
mod odd_answers;
mod pool;
mod proactive;
mod real_services;
mod rehearsal;
mod removed_files;
mod replay;
mod roll;
mod secrets;
mod shared_nodes;
mod signatures;
mod start_failures;
mod start_up;
mod stuck_switch;
mod support;
mod switchover;
mod tls;
mod tripwire;
mod trust;
mod tx_inspect;
mod under_fire;
