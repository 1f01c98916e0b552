//! `profile` of a chain, and `[chain.custom]` for a network that resembles a known one.

use dogwatch_chain::{ChainId, FutureSchedule, KeyPrefix, Profile};

use crate::config::problem::Problems;
use crate::config::reader::{At, Section};

/// Reads the chain's profile: the one its `profile` names, or else its `name`.
pub(super) fn read(section: &mut Section<'_>, name: &At<String>, problems: &mut Problems) -> Option<Profile> {
    let given = section.text("profile", problems);
    let custom = section.table("custom", problems);
    let wanted = given.as_ref().unwrap_or(name);
    if wanted.value == "custom" {
        let Some(custom) = custom else {
            let line = section.line();
            section.error(
                problems,
                line,
                "profile = \"custom\" needs a [chain.custom] table",
                "Add one with chain_id = \"…\".",
            );
            return None;
        };
        return self::custom(custom, &name.value, problems);
    }
    if let Some(custom) = custom {
        let remedy = "Write profile = \"custom\", or remove the table.";
        custom.error(problems, custom.line(), "this table is only for profile = \"custom\"", remedy);
    }
    match Profile::by_name(&wanted.value) {
        Ok(profile) => Some(Profile { name: name.value.clone(), ..profile }),
        Err(error) => {
            let remedy = "Set profile to one of these; with a profile, the name can be anything.";
            section.error(problems, wanted.line, &error.to_string(), remedy);
            None
        }
    }
}

fn custom(mut section: Section<'_>, name: &str, problems: &mut Problems) -> Option<Profile> {
    let base = section.text("like", problems);
    let base_profile = base.as_ref().map_or_else(|| Ok(Profile::hive()), |like| Profile::by_name(&like.value));
    let chain_id = section.required("chain_id", "\"64 hexadecimal digits\"", problems);
    let prefix = section.text("prefix", problems);
    let liquid = section.text("liquid_symbol", problems);
    let debt = section.text("debt_symbol", problems);
    let interval = section.duration("block_interval", problems);
    let round_length = section.integer("round_length", 1..=1000, problems);
    let future = section.flag("future_schedule", problems);
    let line = section.line();

    let mut profile = match base_profile {
        Ok(profile) => profile,
        Err(error) => {
            section.error(problems, line, &format!("like: {error}"), "Name the chain it resembles most.");
            return None;
        }
    };
    name.clone_into(&mut profile.name);
    let chain_id = chain_id?;
    match chain_id.value.parse::<ChainId>() {
        Ok(id) => profile.chain_id = id,
        Err(error) => {
            section.error(problems, chain_id.line, &error.to_string(), "Get it from a node: condenser_api.get_version.")
        }
    }
    if let Some(prefix) = prefix {
        match KeyPrefix::new(&prefix.value) {
            Ok(prefix) => profile.prefix = prefix,
            Err(error) => section.error(
                problems,
                prefix.line,
                &error.to_string(),
                "Write the letters that public keys start with.",
            ),
        }
    }
    if let Some(symbol) = liquid {
        profile.wire_liquid.clone_from(&symbol.value);
        profile.liquid = symbol.value;
    }
    if let Some(symbol) = debt {
        profile.wire_debt.clone_from(&symbol.value);
        profile.debt = symbol.value;
    }
    profile.block_interval = interval.unwrap_or(profile.block_interval);
    profile.round_length = round_length.unwrap_or(profile.round_length);
    if let Some(published) = future {
        profile.future_schedule = if published { FutureSchedule::Published } else { FutureSchedule::Unknown };
    }
    let checked = profile.validated();
    if let Err(error) = &checked {
        section.error(problems, line, &error.to_string(), "Fix it in [chain.custom].");
    }
    section.finish(problems);
    checked.ok()
}
