//! Each entry loads or does not, and fails where it must: for the reason that the catalogue says, and never by the host's fault.

use std::collections::BTreeSet;
use std::time::Duration;

use dogwatch_hostile::{ECHO, Ends, Entry, Failure, Guest, Kind, LIARS, Refusal, catalogue};
use dogwatch_plugins::{AnyPlugin, ChannelPlugin, Judgement, Progress, Reached};

use crate::calls::{faults, judged, load};

/// What is wrong with how an entry ends; nothing if it ends as it must.
fn wrong(entry: &Entry) -> Option<String> {
    let (name, wasm) = (&entry.name, entry.wasm());
    let plugin = match (load(&wasm), &entry.ends) {
        (Err(error), Ends::NotLoaded(refusal)) => {
            let found = Refusal::of(&error);
            let told = error.to_string();
            let ends = found == Some(*refusal) && told.contains(&refusal.to_string()) && is_one_line(&told);
            return (!ends).then(|| format!("{name}: {refusal:?}, not {found:?}: {told}"));
        }
        (Err(error), _) => return Some(format!("{name} does not load: {error}")),
        (Ok(_), Ends::NotLoaded(_)) => return Some(format!("{name} loads")),
        (Ok(plugin), _) => plugin,
    };
    let (failing, failure) = match &entry.ends {
        Ends::Fails(functions, failure) => (functions.as_slice(), Some(*failure)),
        _ => (&[][..], None),
    };
    for (function, fault) in faults(&plugin) {
        let wanted = failure.filter(|_| failing.contains(&function));
        let found = fault.as_ref().and_then(Failure::of);
        let told = fault.as_ref().map(ToString::to_string).unwrap_or_default();
        let words = wanted.map(|failure| failure.to_string()).unwrap_or_default();
        if found != wanted || fault.is_some() != wanted.is_some() || !told.contains(&words) || !is_one_line(&told) {
            return Some(format!("{name} in `{function}`: {wanted:?}, not {fault:?}"));
        }
    }
    None
}

/// Whether a text can stand in a log and an alert.
fn is_one_line(text: &str) -> bool {
    text.len() < 3000 && !text.contains(|c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c))
}

#[test]
fn every_entry_ends_as_the_catalogue_says() {
    let all = catalogue();
    let names: BTreeSet<&str> = all.iter().map(|entry| entry.name.as_str()).collect();
    assert!(names.len() == all.len() && all.len() >= 30, "{} names of {} entries", names.len(), all.len());
    // The compiler is in this process here: what takes it down is played end to end.
    let elsewhere = |entry: &&Entry| entry.ends != Ends::NotLoaded(Refusal::CompilerEnded);
    let wrong: Vec<String> = all.iter().filter(elsewhere).filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_good_plugin_fails_nowhere() {
    for guest in [Guest::policy(), Guest::channel()] {
        for wasm in [guest.module(), guest.component()] {
            let faults = faults(&load(&wasm).unwrap());
            assert_eq!(faults.len(), guest.functions().len());
            assert!(faults.iter().all(|(_, fault)| fault.is_none()), "{faults:?}");
        }
    }
}

fn channel(name: &str) -> ChannelPlugin {
    let all = catalogue();
    let entry = all.iter().find(|entry| entry.name == name && entry.kind == Kind::Channel).unwrap();
    let Ok(AnyPlugin::Channel(channel)) = load(&entry.wasm()) else { panic!("a channel") };
    channel
}

#[test]
fn what_a_lying_channel_says_is_bounded() {
    let says = |name: &str, body: &[u8]| judged(&channel(name), body);
    assert_eq!(says(LIARS[0], b"no"), (Judgement::Delivered, Progress::Over));
    let (first, later) = says(LIARS[1], b"no");
    assert!(matches!(first, Judgement::Follow(following) if following.reached == Reached::NotYet));
    assert_eq!(later, Progress::Acknowledged("nobody".into()));
    let day = Duration::from_hours(24);
    assert_eq!(says("channel-waits-for-ever", b"").0, Judgement::RetryAfter(day));
    assert_eq!(says("channel-follows-for-ever", b"").1, Progress::Waiting(Duration::from_secs(5)));
    assert_eq!(says("channel-refuses-for-good", b"").0, Judgement::Permanent("no  [2J never".into()));
}

#[test]
fn what_a_channel_echoes_is_one_short_line() {
    let body = "a\nb\u{1b}[31m\u{202e}".repeat(5_000);
    for (name, is) in
        [(ECHO, Judgement::Transient as fn(String) -> _), ("channel-remembers-echoes", Judgement::Remember)]
    {
        let said = judged(&channel(name), body.as_bytes()).0;
        let (Judgement::Transient(text) | Judgement::Remember(text)) = &said else { panic!("{said:?}") };
        assert!(text.starts_with("a b [31m") && text.len() <= 1000 && is_one_line(text), "{text}");
        assert_eq!(said, is(text.clone()));
    }
}
