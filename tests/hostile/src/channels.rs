//! Channels that mean harm: each of their functions loops, crashes, says too much or talks nonsense; and channels that lie.

use dogwatch_plugins::PluginFunction;

use crate::ends::{Ends, Failure};
use crate::entry::{Entry, Kind};
use crate::guest::{Body, Guest, ZEROS};
use crate::image::Image;
use crate::policies::{GIGABYTE, HUGE, LOOP};

use PluginFunction::{Check, Compose, Describe, Follow, Heartbeat, Judge, JudgeFollow, SelfTest};

/// The channel that hands back what the service says.
pub const ECHO: &str = "channel-echoes";
/// The channels that call every message delivered, and take every question for an acknowledgement.
pub const LIARS: [&str; 2] = ["channel-lies", "channel-acknowledges"];

/// Headers of a request, all requests in a list, and bytes of a body, as channels pad them.
const MANY: u32 = 100_000;

/// The channels.
pub(crate) fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for function in Guest::channel().functions().iter().copied() {
        entries.extend(every(function));
    }
    entries.extend(padding());
    entries.extend(lying());
    entries
}

fn channel(name: &str, does: &str, ends: Ends, make: impl Fn(Guest) -> Guest + Send + Sync + 'static) -> Entry {
    Entry::new(name, does, Kind::Channel, ends, move || make(Guest::channel()).module())
}

/// What can go wrong in every function.
fn every(function: PluginFunction) -> Vec<Entry> {
    let of = |what: &str, does: &str, failure: Failure, make: fn(Guest, PluginFunction) -> Guest| {
        let ends = Ends::Fails(vec![function], failure);
        let make = move |guest| make(guest, function);
        channel(&format!("channel-{what}-in-{function}"), &format!("{does} in `{function}`"), ends, make)
    };
    vec![
        of("loop", "loops", Failure::OutOfFuel, |guest, function| guest.runs(function, LOOP)),
        of("trap", "gives up", Failure::Panicked, |guest, function| guest.runs(function, "unreachable")),
        of("huge", "says 8 MiB", Failure::AnswerTooLarge, |guest, function| {
            guest.with(function, says(function, ZEROS, HUGE))
        }),
        of("gigabyte", "says that it says a gigabyte", Failure::BadAnswer, |guest, function| {
            guest.with(function, says(function, 0, GIGABYTE))
        }),
        of("nonsense", "says what is no value of its type", Failure::BadAnswer, |guest, function| match function {
            Describe => guest.answers(function, |answer| answer.text(0, b"\xff\xff")),
            _ => guest.answers(function, |answer| answer.byte(0, 0xaa)),
        }),
    ]
}

/// An answer that quotes this text.
fn says(function: PluginFunction, text: u32, length: u32) -> Body {
    let guest = Guest::channel();
    let answer = guest.good(function);
    Body::Answer(match function {
        Describe => answer.list(0, text, length),
        Check => answer.byte(0, 1).elements(4, Image::new(0, 16).list(8, text, length).bytes(), 1),
        Compose | Follow | SelfTest | Heartbeat => answer.byte(0, 1).list(4, text, length),
        // `unreached`, and `transient` of the others.
        JudgeFollow => answer.byte(0, 3).list(8, text, length),
        _ => answer.byte(0, 5).list(8, text, length),
    })
}

/// They send as much as they can.
fn padding() -> Vec<Entry> {
    let fails = |failure| Ends::Fails(vec![Compose], failure);
    let request = |change: fn(Image) -> Image| {
        move |guest: Guest| {
            guest.answers(Compose, |answer| {
                let changed = change(Image::of(0, request_of(&answer)));
                let (answer, pointer) = answer.behind(changed.bytes());
                answer.list(4, pointer, 1)
            })
        }
    };
    vec![
        channel("channel-pads-requests", "composes 100,000 requests", fails(Failure::AnswerTooLarge), |guest| {
            guest.answers(Compose, |answer| answer.list(4, ZEROS, MANY))
        }),
        channel("channel-one-request-too-many", "composes nine requests", fails(Failure::AnswerTooLarge), |guest| {
            guest.answers(Compose, |answer| {
                let request = request_of(&answer);
                answer.elements(4, &request, 9)
            })
        }),
        channel(
            "channel-pads-headers",
            "composes a request with 1000 headers",
            fails(Failure::AnswerTooLarge),
            request(|request| request.list(16, ZEROS, 1000)),
        ),
        channel("channel-pads-body", "composes a body of 512 KiB", fails(Failure::AnswerTooLarge), |guest| {
            guest.answers(Compose, |answer| {
                let request = request_of(&answer);
                let (answer, body) = answer.behind(Image::new(0, 24).list(4, ZEROS, 512 << 10).bytes());
                let (answer, pointer) = answer.behind(Image::of(0, request).list(24, body, 1).bytes());
                answer.list(4, pointer, 1)
            })
        }),
        channel(
            "channel-no-url",
            "composes a request to nowhere",
            fails(Failure::BadAnswer),
            request(|request| request.list(8, 0, 0)),
        ),
        channel("channel-foreign-secret", "wants a secret that is not its own", fails(Failure::BadAnswer), |guest| {
            guest.answers(Compose, |answer| {
                let request = request_of(&answer);
                let (answer, name) = answer.behind(b"signing-key");
                let (answer, part) = answer.behind(Image::new(0, 24).byte(0, 1).list(4, name, 11).bytes());
                let (answer, pointer) = answer.behind(Image::of(0, request).list(8, part, 1).bytes());
                answer.list(4, pointer, 1)
            })
        }),
    ]
}

/// The request in a good answer: it lies at the end.
fn request_of(answer: &Image) -> Vec<u8> {
    answer.bytes()[answer.bytes().len() - 84..].to_vec()
}

/// They answer well, and not truly.
fn lying() -> Vec<Entry> {
    let bounded = |name: &str, does: &str, make: fn(Guest) -> Guest| channel(name, does, Ends::Bounded, make);
    // `judge` takes its arguments in memory: the response's body is a pointer and a length at this place.
    let body = "(i32.load offset=144 (local.get 0))";
    let length = "(i32.load offset=148 (local.get 0))";
    let forever = u64::MAX;
    vec![
        bounded(LIARS[0], "calls every message delivered, whatever the service says", |guest| guest),
        bounded(LIARS[1], "says that its messages are acknowledged at once", |guest| {
            guest
                .answers(Judge, |answer| answer.byte(0, 2).text(8, "r"))
                .answers(Follow, follows)
                .answers(JudgeFollow, |answer| answer.byte(0, 1).text(8, "nobody"))
        }),
        channel(ECHO, "hands back as its own words what the service says", Ends::Bounded, move |guest| {
            let base = guest.empty(Judge, 32).base();
            guest.runs(
                Judge,
                format!(
                    "(i32.store8 (i32.const {base}) (i32.const 5))
                     (i32.store offset=8 (i32.const {base}) {body})
                     (i32.store offset=12 (i32.const {base}) {length}) (i32.const {base})"
                ),
            )
        }),
        channel("channel-remembers-echoes", "has the host keep what the service says", Ends::Bounded, move |guest| {
            let base = guest.empty(Judge, 32).base();
            guest.runs(
                Judge,
                format!(
                    "(i32.store8 (i32.const {base}) (i32.const 3))
                     (i32.store offset=8 (i32.const {base}) {body})
                     (i32.store offset=12 (i32.const {base}) {length}) (i32.const {base})"
                ),
            )
        }),
        bounded("channel-floods", "asks to be asked again at once, for ever", |guest| {
            guest.answers(Judge, |answer| answer.byte(0, 4))
        }),
        channel("channel-waits-for-ever", "asks to wait for half a billion years", Ends::Bounded, move |guest| {
            guest.answers(Judge, |answer| answer.byte(0, 4).long(8, forever))
        }),
        bounded("channel-remembers-for-ever", "has something new to remember at each attempt", |guest| {
            guest.answers(Judge, |answer| answer.byte(0, 3).text(8, "again"))
        }),
        bounded("channel-follows-for-ever", "never knows what became of its messages, and asks at once", |guest| {
            guest
                .answers(Judge, |answer| answer.byte(0, 2).text(8, "r"))
                .answers(Follow, follows)
                .answers(JudgeFollow, |answer| answer.byte(0, 0))
        }),
        bounded("channel-refuses-for-good", "calls every failure final", |guest| {
            guest.answers(Judge, |answer| answer.byte(0, 6).text(8, "no\n\u{1b}[2J\u{202e}never"))
        }),
        bounded("channel-says-nothing", "composes nothing", |guest| {
            guest.answers(Compose, |answer| answer.list(4, 0, 0))
        }),
    ]
}

/// The good request of `compose`, as what `follow` asks with.
fn follows(answer: Image) -> Image {
    // What the request points to lies where `compose` has it.
    let request = request_of(&Guest::channel().good(Compose));
    request.iter().zip(8..).fold(answer.byte(4, 1), |answer, (byte, at)| answer.byte(at, *byte))
}
