//! `dogwatch plugin check`.

use std::path::Path;

use dogwatch_alerts::{Alert, AlertEvent, AlertKey, AlertReport, Cause, Notice, Scope, Severity, Subject};
use dogwatch_chain::{AccountName, Time};
use dogwatch_client::{Exit, Failure};
use dogwatch_engine::Action;
use dogwatch_plugins::{
    AlertMessage, AnyPlugin, ChannelContext, ChannelPlugin, CheckError, Fault, Inspection, Library, MessageMetadata,
    PluginError, PolicyPlugin, Scenario, Settings, inspect, scenarios,
};
use serde::Serialize;

use crate::cli::common::Format;
use crate::plugin_cache;

/// The witness of the situations that policies are tried on.
pub(super) const WITNESS: &str = "alice";

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Step {
    what: String,
    result: Outcome,
    note: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Ok,
    Warning,
    Fails,
}

impl Step {
    fn new(what: impl Into<String>, result: Outcome, note: impl Into<String>) -> Self {
        Self { what: what.into(), result, note: note.into() }
    }
}

pub(super) fn run(file: &Path, settings: Option<&Path>, format: Format) -> Result<(), Failure> {
    let witness = AccountName::new(WITNESS).map_err(Failure::other)?;
    let steps = steps(file, given_settings(settings)?, &scenarios(&witness));
    format.print(&steps, |steps| words(file, steps))?;
    let fails = steps.iter().any(|step| step.result == Outcome::Fails);
    if fails { Err(Failure::with(Exit::Input, "")) } else { Ok(()) }
}

/// The settings in a file; none without one.
pub(in crate::cli) fn given_settings(file: Option<&Path>) -> Result<Option<Settings>, Failure> {
    let Some(file) = file else { return Ok(None) };
    let problem = |why: String| Failure::input(format!("{}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| problem(error.to_string()))?;
    toml::from_str(&text).map(Some).map_err(|error| problem(error.to_string().trim_end().to_owned()))
}

fn steps(file: &Path, settings: Option<Settings>, scenarios: &[Scenario]) -> Vec<Step> {
    let mut steps = Vec::new();
    let read = plugin_cache::authors_sandbox().map_err(|error| error.to_string());
    let read = read.and_then(|sandbox| Library::read_file(sandbox, file).map_err(|problem| problem.error.to_string()));
    let (bytes, loaded) = match read {
        Ok(read) => read,
        Err(why) => return vec![Step::new("the file", Outcome::Fails, why)],
    };
    match inspect(&bytes) {
        Ok(inspection) => steps.extend(of_the_file(&inspection)),
        Err(error) => return vec![Step::new("the file", Outcome::Fails, error.to_string())],
    }
    let plugin = match loaded {
        Ok(plugin) => plugin,
        Err(problem) => {
            steps.push(Step::new("loading", Outcome::Fails, problem.error.to_string()));
            return steps;
        }
    };
    steps.push(Step::new("loading", Outcome::Ok, format!("a {}, {}", plugin.world(), plugin.interface())));
    match plugin.describe() {
        Ok(description) => {
            let names: Vec<&str> = description.settings.iter().map(|doc| doc.name.as_str()).collect();
            let settings =
                if names.is_empty() { "no settings".to_owned() } else { format!("settings {}", names.join(", ")) };
            steps.push(Step::new(
                "its description",
                Outcome::Ok,
                format!("{} {}, {settings}", description.name, description.version),
            ));
        }
        Err(error) => steps.push(Step::new("its description", Outcome::Fails, error.fault.to_string())),
    }
    match &plugin {
        AnyPlugin::Policy(policy) => steps.extend(of_a_policy(policy, settings, scenarios)),
        AnyPlugin::Channel(channel) => steps.extend(of_a_channel(channel, settings)),
    }
    steps
}

fn of_the_file(inspection: &Inspection) -> Vec<Step> {
    let Inspection { sha256, size, imports, .. } = inspection;
    let mut steps = vec![Step::new("the file", Outcome::Ok, format!("{size} bytes, sha256 {sha256}"))];
    if !imports.is_empty() {
        steps.push(Step::new("imports", Outcome::Warning, format!("{}; {ADVICE}", imports.join(", "))));
    }
    steps
}

/// What to do about imports: what stands in for WASI does nothing, and nothing stands in for anything else.
const ADVICE: &str = "what a plugin gets there does nothing; to leave it out: dogwatch plugin build, or the option --stub-wasi of \
                      componentize-py and componentize-qjs, or --disable all of componentize-js";

/// What a check of settings says.
fn of_settings(checked: Result<(), CheckError>, given: bool) -> (Step, bool) {
    let what = if given { "the given settings" } else { "its default settings" };
    match checked {
        Ok(()) => (Step::new(what, Outcome::Ok, ""), true),
        // It may need some that have no default.
        Err(CheckError::Settings { problems, .. }) if !given => {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            let note = format!("{}; give some with --settings FILE to try the rest", problems.join("; "));
            (Step::new(what, Outcome::Warning, note), false)
        }
        Err(error) => (Step::new(what, Outcome::Fails, error.to_string()), false),
    }
}

fn of_a_policy(policy: &PolicyPlugin, settings: Option<Settings>, scenarios: &[Scenario]) -> Vec<Step> {
    let given = settings.is_some();
    let settings = settings.unwrap_or_default();
    let (step, fits) = of_settings(policy.check(&settings), given);
    let mut steps = vec![step];
    if !fits {
        return steps;
    }
    let mut most = (0, 0);
    for scenario in scenarios {
        let called = policy.decide(&settings, &scenario.situation, &[]);
        let (result, note) = match &called {
            Ok(called) => {
                most = (most.0.max(called.fuel), most.1.max(called.memory));
                let action = match called.value.action {
                    Action::Stay => "stay".to_owned(),
                    Action::Disable => "disable".to_owned(),
                    Action::SwitchTo(node) => {
                        let name = scenario.situation.nodes.get(node.0).map(|node| node.name.as_str());
                        format!("switch to {}", name.unwrap_or("a node that is not there"))
                    }
                };
                (Outcome::Ok, format!("{action}: {}", called.value.reason))
            }
            Err(PluginError { fault: fault @ Fault::Refused(_), .. }) => (Outcome::Warning, fault.to_string()),
            Err(error) => (Outcome::Fails, error.fault.to_string()),
        };
        // The same situation and memory give the same decision, on any machine.
        let again = policy.decide(&settings, &scenario.situation, &[]);
        if called != again {
            steps.push(Step::new(scenario.name, Outcome::Fails, "the same situation gave two decisions"));
            continue;
        }
        steps.push(Step::new(scenario.name, result, note));
    }
    steps.push(Step::new(
        "what it used at most",
        Outcome::Ok,
        format!("{} units of fuel, {} KiB of memory", most.0, most.1 >> 10),
    ));
    steps
}

fn of_a_channel(channel: &ChannelPlugin, settings: Option<Settings>) -> Vec<Step> {
    let given = settings.is_some();
    let settings = settings.unwrap_or_default();
    let described = channel.describe();
    let secrets: Vec<String> =
        described.iter().flat_map(|description| &description.secrets).map(|doc| doc.name.clone()).collect();
    let (step, fits) = of_settings(channel.check(&settings, &secrets), given);
    let mut steps = vec![step];
    if !fits {
        return steps;
    }
    let context = ChannelContext { settings: &settings, secrets: &secrets, memory: "" };
    for (name, alert) in samples() {
        let metadata = MessageMetadata { message_id: "0-check".to_owned(), site: "home".to_owned() };
        steps.push(match channel.compose(context, AlertMessage { alert: &alert, metadata: &metadata }) {
            Ok(called) => {
                Step::new(name, Outcome::Ok, format!("{} requests, {} units of fuel", called.value.len(), called.fuel))
            }
            Err(PluginError { fault: fault @ Fault::Refused(_), .. }) => {
                Step::new(name, Outcome::Warning, fault.to_string())
            }
            Err(error) => Step::new(name, Outcome::Fails, error.fault.to_string()),
        });
    }
    steps
}

/// The alerts that a channel must cope with.
fn samples() -> Vec<(&'static str, Alert)> {
    let notice = |summary: String, details: String| Notice {
        key: AlertKey::new(Scope::daemon("home"), Cause::Test),
        severity: Severity::Page,
        subject: Subject::Daemon,
        summary,
        details,
        remedy: AlertReport::NOTHING_TO_DO.to_owned(),
        command: String::new(),
    };
    let plain = || notice("a test".to_owned(), "The plugin is being checked.".to_owned());
    let at = Time::from_millis(1_795_436_256_000);
    vec![
        ("an alert that opens", plain().message(AlertEvent::Opened, at)),
        ("news of it", plain().message(AlertEvent::Updated, at)),
        ("its acknowledgement", plain().message(AlertEvent::Acknowledged, at)),
        ("its end", plain().message(AlertEvent::Resolved, at)),
        ("a report", plain().message(AlertEvent::Report, at)),
        ("no text", notice(String::new(), String::new()).message(AlertEvent::Opened, at)),
        ("a text of 30 kB", notice("x".repeat(4000), "y\n".repeat(15_000)).message(AlertEvent::Opened, at)),
        (
            "a text of quotes, tags and every script",
            notice(
                "\"'<b>&amp;\\ \u{202e}первый 第一 أول \u{1f600}".to_owned(),
                "{\"a\": [1, \"\\\\\"]}\r\n\t`*_~|@everyone".to_owned(),
            )
            .message(AlertEvent::Opened, at),
        ),
    ]
}

fn words(file: &Path, steps: &[Step]) -> String {
    let mut lines: Vec<String> = steps
        .iter()
        .map(|Step { what, result, note }| {
            let mark = match result {
                Outcome::Ok => "ok   ",
                Outcome::Warning => "warn ",
                Outcome::Fails => "FAILS",
            };
            let colon = if note.is_empty() { "" } else { ": " };
            format!("{mark} {what}{colon}{note}")
        })
        .collect();
    let count = |wanted| steps.iter().filter(|step| step.result == wanted).count();
    lines.push(match (count(Outcome::Fails), count(Outcome::Warning)) {
        (0, 0) => format!("{} works.", file.display()),
        (0, warnings) => format!("{} works; warnings: {warnings}.", file.display()),
        (failures, _) => format!("{} does not work; failures: {failures}.", file.display()),
    });
    lines.join("\n")
}
