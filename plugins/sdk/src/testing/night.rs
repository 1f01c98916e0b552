//! Nights that are scripts, played with a policy that runs natively: under a debugger, with prints, at any opt-level.

use std::ffi::OsStr;
use std::fmt;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value as Json, json};

use super::from_json::FromJson as _;
use crate::export::{joined, policy_config};
use crate::policy::{Action, Decision, Policy, Severity, Situation};
use crate::settings::value::{Settings, Value};

/// Why a night did not come as its script expects, in lines.
pub struct NightFailure(String);

/// As a failed test shows it.
impl fmt::Debug for NightFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for NightFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NightFailure {}

/// Plays a night's script, as `dogwatch plugin test` does, with this policy instead of a file.
///
/// The simulator is in the program `dogwatch`, which has to be in the `PATH`; the variable `DOGWATCH` names another one.
///
/// # Errors
///
/// The night did not come as expected, the script is wrong, or the program is not there.
pub fn night<P: Policy>(script: impl AsRef<Path>) -> Result<(), NightFailure> {
    night_by::<P>(std::env::var_os("DOGWATCH").unwrap_or_else(|| "dogwatch".into()), script)
}

/// The same, played by that program.
///
/// # Errors
///
/// As [`night`].
pub fn night_by<P: Policy>(program: impl AsRef<OsStr>, script: impl AsRef<Path>) -> Result<(), NightFailure> {
    let program = program.as_ref();
    let mut simulator = Command::new(program)
        .args(["plugin", "test", "--ask-me"])
        .arg(script.as_ref())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| {
            NightFailure(format!(
                "cannot run {}: {error}; nights are played by the program dogwatch",
                program.display()
            ))
        })?;
    let played = play::<P>(&mut simulator);
    let ended = simulator.wait_with_output();
    match played {
        Ok(Some(words)) => words.map_err(NightFailure),
        // It has said why it stops.
        Ok(None) => Err(NightFailure(ended.map_or_else(
            |error| error.to_string(),
            |output| String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ))),
        Err(why) => Err(NightFailure(why)),
    }
}

/// Answers questions until the night is over. Nothing, if it is over too early.
fn play<P: Policy>(simulator: &mut Child) -> Result<Option<Result<(), String>>, String> {
    let (Some(mut answers), Some(questions)) = (simulator.stdin.take(), simulator.stdout.take()) else {
        return Ok(None);
    };
    let mut config = None;
    for line in BufReader::new(questions).lines() {
        let line: Json =
            serde_json::from_str(&line.map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
        if let Some(settings) = line.get("settings") {
            config = Some(policy_config::<P>(&read_settings(settings)?).map_err(|problems| joined(&problems))?);
        } else if let (Some(situation), Some(config)) = (line.get("situation"), &config) {
            let situation = Situation::from_json(situation)?;
            let memory = line.get("memory").map(Vec::<u8>::from_json).transpose()?.unwrap_or_default();
            let answer = match P::decide(config, &situation, &memory) {
                Ok(decision) => json!({ "Ok": written(&decision) }),
                Err(why) => json!({ "Err": why }),
            };
            writeln!(answers, "{answer}").map_err(|error| error.to_string())?;
        } else if let Some(passed) = line.get("passed").and_then(Json::as_bool) {
            let words = line.get("words").and_then(Json::as_str).unwrap_or_default().to_owned();
            return Ok(Some(if passed { Ok(()) } else { Err(words) }));
        }
    }
    Ok(None)
}

fn read_settings(settings: &Json) -> Result<Settings, String> {
    let table = settings.as_object().ok_or("the settings are no table")?;
    let pairs = table.iter().map(|(name, value)| {
        let texts = || -> Option<Vec<String>> {
            value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
        };
        let value = value
            .as_bool()
            .map(Value::Flag)
            .or_else(|| value.as_i64().map(Value::Integer))
            .or_else(|| value.as_str().map(|text| Value::Text(text.to_owned())))
            .or_else(|| texts().map(Value::Texts));
        Some((name.clone(), value?))
    });
    pairs.collect::<Option<Vec<_>>>().map(Settings::from_pairs).ok_or_else(|| format!("odd settings: {settings}"))
}

/// The decision, in the shape in which the daemon's own programs read it.
fn written(decision: &Decision) -> Json {
    let action = match decision.action {
        Action::Stay => json!("stay"),
        Action::SwitchTo(node) => json!({ "switch-to": node }),
        Action::Disable => json!("disable"),
    };
    let severity = |severity| match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
        Severity::Page => "page",
    };
    let alert = |alert: &crate::policy::Alert| json!({ "id": alert.id, "severity": severity(alert.severity), "summary": alert.summary });
    let duration = |millis: u64| json!({ "secs": millis.div_euclid(1000), "nanos": millis.rem_euclid(1000).saturating_mul(1_000_000) });
    json!({
        "action": action,
        "reason": decision.reason,
        "alerts": decision.alerts.iter().map(alert).collect::<Vec<_>>(),
        "ask_again": decision.ask_again.map(duration),
        "memory": decision.memory,
    })
}
