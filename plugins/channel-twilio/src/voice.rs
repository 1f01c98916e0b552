//! What a call says.

use dogwatch_sdk::channel::{Alert, Event};
use dogwatch_sdk::text::{Unit, cut, escaped, html, one_line, title};

use crate::config::Config;

/// The longest text, in characters after escaping: it is said twice, and Twilio takes 4000 characters in all.
const SPOKEN_MOST: usize = 1800;
/// The longest piece of it, in characters: hardly 15 seconds of speech.
const PIECE_MOST: usize = 200;
/// How long it rings, in seconds; Twilio's own default.
const RING: &str = "60";

/// The fields of a call, if somebody has to be called.
pub(crate) fn fields(config: &Config, alert: &Alert) -> Option<Vec<(&'static str, String)>> {
    if !alert.is_open() {
        return None;
    }
    Some(vec![
        ("To", config.to.clone()),
        ("From", config.from.clone()),
        ("Twiml", twiml(alert)),
        ("Timeout", RING.to_owned()),
        // Tells a human from an answering machine.
        ("MachineDetection", "Enable".to_owned()),
    ])
}

/// The text, said twice: with a pause first, to bring the phone to the ear, and one in between.
fn twiml(alert: &Alert) -> String {
    let said = escaped(&speech(alert), SPOKEN_MOST, Unit::Chars, |character, out| {
        // XML does not allow these, even escaped.
        if !matches!(character, '\u{fffe}' | '\u{ffff}') {
            html(character, out);
        }
    });
    format!("<Response><Pause length=\"1\"/><Say>{said}</Say><Pause length=\"2\"/><Say>{said}</Say></Response>")
}

/// Sentences to be spoken, the most important first; without the command, which nobody could type by ear.
fn speech(alert: &Alert) -> String {
    let mut sentences = vec!["This is Dogwatch".to_owned()];
    let mut push = |label: &str, text: &str| {
        let text = cut(one_line(text).trim_end_matches('.'), PIECE_MOST, Unit::Chars);
        if !text.is_empty() {
            sentences.push(format!("{label}{text}"));
        }
    };
    push("", &title(alert));
    if alert.event == Event::Escalated {
        push("", "Nobody has acknowledged this alert yet");
    }
    push("To do: ", &alert.remedy);
    push("", &alert.details);
    format!("{}.", sentences.join(". "))
}
