//! What holds for every text in which secrets are named.

use crate::delivery::part::Part;
use crate::error::call::Fault;
use crate::limits::NAME;
use crate::text::sanitize;

/// Refuses parts that are too large in all, and secrets that are not configured. `what` names the text that they make.
pub(super) fn validate(what: &str, parts: &[Part], secrets: &[String], limit: usize) -> Result<(), Fault> {
    let size = texts(parts).fold(0_usize, |sum, text| sum.saturating_add(text.len()));
    if size > limit || parts.len() > limit {
        return Err(Fault::AnswerTooLarge(format!("{what} of {size} bytes; the limit is {limit}")));
    }
    parts.iter().try_for_each(|part| match part {
        Part::Secret { name, .. } | Part::Basic { password: name, .. } | Part::Signature { key: name, .. }
            if !secrets.contains(name) =>
        {
            let name = sanitize(name, NAME);
            Err(Fault::BadAnswer(format!("{what} names the secret {name:?}, which is not configured")))
        }
        _ => Ok(()),
    })
}

/// The texts that the channel wrote itself.
pub(super) fn texts(parts: &[Part]) -> impl Iterator<Item = &str> {
    parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        Part::Basic { user, .. } => Some(user.as_str()),
        Part::Signature { prefix, .. } => Some(prefix.as_str()),
        Part::Secret { .. } => None,
    })
}
