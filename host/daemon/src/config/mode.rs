//! `mode`, at the top level and of a witness.

use dogwatch_engine::Mode;

use crate::config::problem::Problems;
use crate::config::reader::Section;

/// Reads the mode, if it is given.
pub(super) fn read(section: &mut Section<'_>, problems: &mut Problems) -> Option<Mode> {
    let text = section.text("mode", problems)?;
    match text.value.as_str() {
        "observe" => Some(Mode::Observe),
        "armed" => Some(Mode::Armed),
        other => {
            let remedy = "Write \"observe\" (watch and alert) or \"armed\" (act).";
            section.error(problems, text.line, &format!("unknown mode {other:?}"), remedy);
            None
        }
    }
}
