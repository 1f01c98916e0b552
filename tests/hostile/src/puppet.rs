//! A channel that returns whatever it is handed: for the fuzzer, which writes its answers.

use dogwatch_plugins::PluginFunction;

use crate::guest::Guest;
use crate::image::Image;

use PluginFunction::{Check, Compose, Follow, Heartbeat, Judge, JudgeFollow, JudgeHeartbeat, JudgeSelfTest, SelfTest};

/// Where its answers begin in its memory.
pub const PUPPET: u32 = 3 << 20;

/// What the puppet does with what it is handed: bytes as they are, or in hexadecimal where the interface has only texts.
const HANDS: &str = "
    (func $bytes (param $from i32) (param $length i32) (result i32)
        (memory.copy (i32.const 0x300000) (local.get $from) (local.get $length))
        (i32.const 0x300000))
    (func $digit (param i32) (result i32)
        (if (result i32) (i32.gt_u (local.get 0) (i32.const 57))
            (then (i32.sub (local.get 0) (i32.const 87)))
            (else (i32.sub (local.get 0) (i32.const 48)))))
    (func $hex (param $from i32) (param $length i32) (result i32)
        (local $to i32) (local $end i32)
        (local.set $to (i32.const 0x300000))
        (local.set $end (i32.add (local.get $from) (local.get $length)))
        (block $done (loop $again
            (br_if $done (i32.ge_u (i32.add (local.get $from) (i32.const 1)) (local.get $end)))
            (i32.store8 (local.get $to) (i32.or
                (i32.shl (call $digit (i32.load8_u (local.get $from))) (i32.const 4))
                (call $digit (i32.load8_u offset=1 (local.get $from)))))
            (local.set $to (i32.add (local.get $to) (i32.const 1)))
            (local.set $from (i32.add (local.get $from) (i32.const 2)))
            (br $again)))
        (i32.const 0x300000))";

/// The channel. `check` takes its answer from the first secret's name, `compose` and `self-test` from the memory, `follow` from the
/// receipt, `beat` from the failure, all of them in hexadecimal; whatever judges takes it from the response's body.
#[must_use]
pub fn puppet() -> Vec<u8> {
    let handed = |hand: &str, pointer: u32| {
        format!(
            "(call ${hand} (i32.load offset={pointer} (local.get 0)) (i32.load offset={} (local.get 0)))",
            pointer + 4
        )
    };
    let flat = |hand: &str, pointer: u32| format!("(call ${hand} (local.get {pointer}) (local.get {}))", pointer + 1);
    Guest::channel()
        .runs(Check, "(call $hex (i32.load (local.get 2)) (i32.load offset=4 (local.get 2)))")
        .runs(Compose, handed("hex", 16))
        .runs(Judge, handed("bytes", 144))
        .runs(Follow, handed("hex", 136))
        .runs(JudgeFollow, handed("bytes", 148))
        .runs(SelfTest, flat("hex", 4))
        .runs(JudgeSelfTest, flat("bytes", 6))
        .runs(Heartbeat, flat("hex", 5))
        .runs(JudgeHeartbeat, flat("bytes", 6))
        .more(HANDS)
        .module()
}

/// The functions whose answers the fuzzer writes, in the order of the first byte of its input.
pub const PUPPET_FUNCTIONS: [PluginFunction; 9] =
    [Check, Compose, Judge, Follow, JudgeFollow, SelfTest, JudgeSelfTest, Heartbeat, JudgeHeartbeat];

/// Answers to begin with: each the index of a function, and what it returns.
#[must_use]
pub fn answers() -> Vec<Vec<u8>> {
    let guest = Guest::channel().answering_at(PUPPET);
    let mut answers = Vec::new();
    for (index, function) in (0_u8..).zip(PUPPET_FUNCTIONS) {
        let mut add = |image: Image| answers.push([&[index], image.bytes()].concat());
        add(guest.good(function));
        match function {
            Check => add(guest.good(function).byte(0, 1).elements(4, &[0; 16], 2)),
            Judge | JudgeFollow | JudgeSelfTest | JudgeHeartbeat => {
                (0..7).for_each(|case| add(guest.good(function).byte(0, case).text(8, "receipt")));
            }
            _ => add(guest.good(function).byte(0, 1).text(4, "it cannot")),
        }
    }
    let mail = Image::new(0, 84).byte(0, 1).byte(12, 25);
    let (answer, server) = guest.good(Compose).behind(b"mail.example.com");
    let address = Image::new(0, 8).list(0, server, 16);
    let (answer, recipients) = answer.behind(address.bytes());
    let mail =
        mail.list(4, server, 16).list(36, server, 16).list(44, recipients, 1).list(52, server, 4).list(60, server, 4);
    let (answer, mail) = answer.behind(mail.bytes());
    answers.push([&[1], answer.list(4, mail, 1).bytes()].concat());
    answers
}
