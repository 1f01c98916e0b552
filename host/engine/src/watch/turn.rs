//! One event as it is taken in: when, on which chain, and the commands that come of it.

use dogwatch_alerts::AlertReport;
use dogwatch_chain::Time;

use crate::chain::Tracker;
use crate::watch::event::Command;

/// What every step of taking in one event needs.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    /// When the event is taken in.
    pub(super) now: Time,
    /// The chain as it is seen then.
    pub(super) chain: &'a Tracker,
    commands: Vec<Command>,
}

impl<'a> Turn<'a> {
    pub(super) const fn new(now: Time, chain: &'a Tracker) -> Self {
        Self { now, chain, commands: Vec::new() }
    }

    /// Adds a command.
    pub(super) fn push(&mut self, command: Command) {
        self.commands.push(command);
    }

    /// Adds reports for the alert desk.
    pub(super) fn report(&mut self, reports: impl IntoIterator<Item = AlertReport>) {
        self.commands.extend(reports.into_iter().map(|report| Command::Report(Box::new(report))));
    }

    /// All commands, in the order in which they came.
    pub(super) fn into_commands(self) -> Vec<Command> {
        self.commands
    }
}
