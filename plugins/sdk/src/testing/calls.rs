//! Calls to a plugin, as the host makes them.

use super::fixtures::alert;
use crate::channel::Channel;
use crate::channel_types::{Alert, Judgement, Progress, Request, Response};
use crate::export::{channel_config, joined, policy_config};
use crate::policy::{Decision, Policy, Situation};
use crate::settings::problem::Problem;
use crate::settings::reader::Reader;
use crate::settings::value::{Settings, Value};

/// The decision of a policy that remembers nothing.
///
/// # Errors
///
/// The settings are wrong, or the policy cannot decide.
pub fn decide<P: Policy>(settings: &[(&str, Value)], situation: &Situation) -> Result<Decision, String> {
    decide_with_memory::<P>(settings, situation, &[])
}

/// The decision of a policy that remembers this.
///
/// # Errors
///
/// The settings are wrong, or the policy cannot decide.
pub fn decide_with_memory<P: Policy>(
    settings: &[(&str, Value)],
    situation: &Situation,
    memory: &[u8],
) -> Result<Decision, String> {
    let config = policy_config::<P>(&table(settings)).map_err(|problems| joined(&problems))?;
    P::decide(&config, situation, memory)
}

/// The configuration of a policy whose operator has set nothing.
pub fn default_config<P: Policy>() -> P::Config {
    P::configure(&mut Reader::new(&Settings::default(), &[]))
}

/// The problems that a policy finds with its settings.
pub fn problems<P: Policy>(settings: &[(&str, Value)]) -> Vec<Problem> {
    policy_config::<P>(&table(settings)).err().unwrap_or_default()
}

/// The requests that a channel composes for an alert; it remembers nothing.
///
/// # Errors
///
/// The settings are wrong, or the channel refuses the alert.
pub fn compose<C: Channel>(
    settings: &[(&str, Value)],
    secrets: &[&str],
    alert: &Alert,
) -> Result<Vec<Request>, String> {
    C::compose(&configured::<C>(settings, secrets)?, "", alert)
}

/// The channel's configuration.
///
/// # Errors
///
/// Every problem with the settings and secrets, in one text.
pub fn configured<C: Channel>(settings: &[(&str, Value)], secrets: &[&str]) -> Result<C::Config, String> {
    channel_config::<C>(&table(settings), &owned(secrets)).map_err(|problems| joined(&problems))
}

/// The problems that a channel finds with its settings and secrets.
pub fn channel_problems<C: Channel>(settings: &[(&str, Value)], secrets: &[&str]) -> Vec<Problem> {
    channel_config::<C>(&table(settings), &owned(secrets)).err().unwrap_or_default()
}

/// How a channel judges a response to its first request for [`alert`].
pub fn judge<C: Channel>(settings: &[(&str, Value)], answer: &Response) -> Judgement {
    judge_alert::<C>(settings, &alert(), answer)
}

/// How a channel judges a response to its first request for this alert.
pub fn judge_alert<C: Channel>(settings: &[(&str, Value)], alert: &Alert, answer: &Response) -> Judgement {
    C::judge(&table(settings), alert, 0, answer)
}

/// How a channel judges the response that says how a message about [`alert`] went.
pub fn judge_follow<C: Channel>(settings: &[(&str, Value)], receipt: &str, answer: &Response) -> Progress {
    C::judge_follow(&table(settings), &alert(), receipt, answer)
}

fn table(settings: &[(&str, Value)]) -> Settings {
    Settings::from_pairs(settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
