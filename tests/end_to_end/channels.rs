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
mod secrets;
mod slack;
mod telegram;
mod trust;
mod twilio;
mod uptime_kuma;
mod webhook;
