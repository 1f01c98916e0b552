//! Severities as operators write them.

use dogwatch_alerts::Severity;

use crate::config::problem::Problems;
use crate::config::reader::Section;

/// Reads a severity.
pub(super) fn read(section: &mut Section<'_>, key: &'static str, problems: &mut Problems) -> Option<Severity> {
    let text = section.text(key, problems)?;
    match text.value.as_str() {
        "info" => Some(Severity::Info),
        "warning" => Some(Severity::Warning),
        "critical" => Some(Severity::Critical),
        "page" => Some(Severity::Page),
        other => {
            let what = format!("{key} = {other:?} is not a severity");
            section.error(problems, text.line, &what, "Write \"info\", \"warning\", \"critical\" or \"page\".");
            None
        }
    }
}
