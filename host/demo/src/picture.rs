//! The live picture of the slots: redrawn in place on a terminal, printed as plain lines elsewhere.

use std::io::{IsTerminal as _, Stdout, Write as _};

use crossterm::style::Stylize as _;
use crossterm::{cursor, queue, terminal};
use dogwatch_devnet::{DevnetSlot, DevnetSlotOutcome, ProducerStatus, Snapshot};

use crate::stage::{NODES, WITNESS};

/// How many rounds are shown.
const ROUNDS: u64 = 4;
/// Slots in a round of the devnet.
const ROUND: u64 = 21;

/// The node that produced in a slot of the watched witness.
pub(super) fn producer(slot: &DevnetSlot) -> Option<&str> {
    match &slot.outcome {
        DevnetSlotOutcome::Produced { node, .. } => node.as_deref(),
        DevnetSlotOutcome::Missed => None,
    }
}

/// What the picture is drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Canvas {
    Terminal,
    Lines,
}

#[derive(Debug)]
pub(super) struct Picture {
    canvas: Canvas,
    out: Stdout,
    drawn: u16,
    last_own: Option<u64>,
}

impl Picture {
    /// On standard output.
    pub(super) fn new() -> Self {
        let out = std::io::stdout();
        let canvas = if out.is_terminal() { Canvas::Terminal } else { Canvas::Lines };
        Self { canvas, out, drawn: 0, last_own: None }
    }

    /// Prints a line of the story above the picture.
    pub(super) fn say(&mut self, line: &str) {
        self.clear();
        let _ = writeln!(self.out, "{line}");
    }

    /// Draws the current slots.
    pub(super) fn draw(&mut self, snapshot: &Snapshot) {
        if self.canvas == Canvas::Terminal {
            self.clear();
            let lines = lines(snapshot);
            for line in &lines {
                let _ = writeln!(self.out, "{line}");
            }
            self.drawn = u16::try_from(lines.len()).unwrap_or(u16::MAX);
            let _ = self.out.flush();
        } else {
            self.own_slots(snapshot);
        }
    }

    /// Without a terminal, prints a line for each of the witness's own slots.
    fn own_slots(&mut self, snapshot: &Snapshot) {
        for slot in snapshot.slots.iter().filter(|slot| slot.witness.as_str() == WITNESS) {
            if self.last_own.is_some_and(|last| slot.slot.0 <= last) {
                continue;
            }
            self.last_own = Some(slot.slot.0);
            let what = match producer(slot) {
                Some(node) => format!("block by {node}"),
                None => "MISSED".to_owned(),
            };
            let _ = writeln!(self.out, "slot {} ({WITNESS}): {what}", slot.slot);
        }
    }

    /// Leaves the picture standing.
    pub(super) fn finish(&mut self) {
        self.drawn = 0;
    }

    fn clear(&mut self) {
        if self.drawn > 0 {
            let _ = queue!(
                self.out,
                cursor::MoveToPreviousLine(self.drawn),
                terminal::Clear(terminal::ClearType::FromCursorDown)
            );
            self.drawn = 0;
        }
    }
}

fn lines(snapshot: &Snapshot) -> Vec<String> {
    let newest = snapshot.slot.0 / ROUND;
    let mut lines = vec![String::new()];
    for round in newest.saturating_sub(ROUNDS.saturating_sub(1))..=newest {
        let slots = snapshot.slots.iter().filter(|slot| slot.slot.0 / ROUND == round);
        let row: String = slots.map(mark).collect();
        lines.push(format!("  slots {:>5}  {row}", round.saturating_mul(ROUND)));
    }
    lines.push(format!("  {}  others {}  missed {}", legend(), "·".dark_grey(), "x".red().bold()));
    let mut nodes = String::new();
    if let Some(witness) = snapshot.witnesses.iter().find(|(name, _)| name.as_str() == WITNESS).map(|(_, w)| w) {
        for (name, node) in &witness.nodes {
            let state = match node.status {
                ProducerStatus::Running => "running".green(),
                _ => "dead".red(),
            };
            let duty = if node.key == witness.signing_key { "on duty, " } else { "" };
            nodes.push_str(&format!("  {name}: {duty}{state}"));
        }
        nodes.push_str(&format!("   blocks missed so far: {}", witness.total_missed));
    }
    lines.push(nodes);
    lines
}

fn legend() -> String {
    let nodes: Vec<String> = NODES.iter().map(|node| format!("{node} {}", letter(node).to_string().green())).collect();
    nodes.join("  ")
}

fn letter(node: &str) -> char {
    match NODES.iter().position(|name| *name == node) {
        Some(0) => 'P',
        Some(1) => '1',
        Some(_) => '2',
        None => '?',
    }
}

fn mark(slot: &DevnetSlot) -> String {
    match (&slot.outcome, producer(slot)) {
        (DevnetSlotOutcome::Missed, _) => format!("{} ", "x".red().bold()),
        (_, Some(node)) => format!("{} ", letter(node).to_string().green().bold()),
        (_, None) => format!("{} ", "·".dark_grey()),
    }
}
