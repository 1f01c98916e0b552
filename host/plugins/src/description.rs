//! How a plugin describes itself.

use serde::Serialize;

/// A setting or secret that a plugin knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingDoc {
    /// Its name.
    pub name: String,
    /// Its default, as an operator would write it; empty when it is required.
    pub default: String,
    /// What it does.
    pub about: String,
}

/// What a channel can be used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Roles {
    /// It delivers alerts to humans.
    pub alerts: bool,
    /// It delivers heartbeats to a dead man's switch.
    pub heartbeats: bool,
}

/// A plugin's description of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Description {
    /// Its own name; the operator may use another one.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it does.
    pub about: String,
    /// The settings that it knows.
    pub settings: Vec<SettingDoc>,
    /// What a channel can be used for. Always empty for a policy.
    pub roles: Roles,
    /// The secrets that it can use. Always empty for a policy.
    pub secrets: Vec<SettingDoc>,
}
