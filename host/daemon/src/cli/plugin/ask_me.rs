//! `dogwatch plugin test --ask-me`: the policy is the program at the other end of standard input and output.
//!
//! One JSON object a line. First the settings, then a question for each decision, which is answered with `{"Ok": decision}` or
//! `{"Err": why}`, then what came of the night. The SDK's test kit is that program.

use std::cell::RefCell;
use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::rc::Rc;

use dogwatch_client::{Exit, Failure};
use dogwatch_engine::{Decision, PolicyFailure, Situation};
use dogwatch_sim::{Decide, Policies, PolicyChoice};
use dogwatch_trial::Script;
use serde_json::{Value, json};

use super::test::{Tested, words};

/// Why the program at the other end gave no decision.
#[derive(Debug, thiserror::Error)]
enum AnswerError {
    #[error("the program that is asked has ended")]
    Gone,
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("its answer is no decision: {0}")]
    Unreadable(#[from] serde_json::Error),
}

/// Asks the program at the other end.
struct Asked(Rc<RefCell<Option<String>>>);

pub(super) fn run(path: &Path) -> Result<(), Failure> {
    let problem = |why: String| Failure::input(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| problem(error.to_string()))?;
    let script: Script<toml::Table> = Script::from_toml(&text).map_err(|error| problem(error.to_string()))?;
    tell(&json!({ "settings": script.settings.clone().unwrap_or_default() })).map_err(Failure::other)?;
    let broken = Rc::default();
    let played = script.play(&Asked(Rc::clone(&broken))).map_err(|error| problem(error.to_string()))?;
    if let Some(why) = broken.borrow_mut().take() {
        return Err(Failure::other(why));
    }
    let tested = Tested { night: path.to_owned(), passed: played.passed(), played };
    let passed = tested.passed;
    tell(&json!({ "passed": passed, "words": words(&[tested]) })).map_err(Failure::other)?;
    if passed { Ok(()) } else { Err(Failure::with(Exit::Input, "")) }
}

fn tell(line: &Value) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

impl Policies for Asked {
    fn of_site(&self, _: PolicyChoice, _: u64) -> Box<dyn Decide> {
        Box::new(Self(Rc::clone(&self.0)))
    }
}

impl Decide for Asked {
    fn decide(&mut self, situation: &Situation, memory: &[u8]) -> Result<Decision, PolicyFailure> {
        let mut broken = self.0.borrow_mut();
        if let Some(why) = &*broken {
            return Err(PolicyFailure::new(why));
        }
        match ask(situation, memory) {
            Ok(decided) => decided.map_err(PolicyFailure::new),
            Err(error) => Err(PolicyFailure::new(broken.insert(error.to_string()).as_str())),
        }
    }
}

fn ask(situation: &Situation, memory: &[u8]) -> Result<Result<Decision, String>, AnswerError> {
    tell(&json!({ "situation": situation, "memory": memory }))?;
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line)? {
        0 => Err(AnswerError::Gone),
        _ => Ok(serde_json::from_str(&line)?),
    }
}
