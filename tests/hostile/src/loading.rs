//! Files that are hostile before anything in them runs.

use crate::ends::{Ends, Refusal};
use crate::entry::{Entry, Kind};
use crate::guest::{Guest, described};

/// Components within components, instances of a component, bytes of a function and local variables: one more than is compiled.
const DEEP: usize = 9;
const WIDE: usize = 1001;
const LONG: usize = 1 << 20;
const LOCALS: usize = 10_001;
/// The other policy interface, of a time to come.
const FUTURE: &str = "dogwatch:policy/policy@9.0.0";

fn file(name: &str, does: &str, refusal: Refusal, make: impl Fn() -> Vec<u8> + Send + Sync + 'static) -> Entry {
    Entry::new(name, does, Kind::File, Ends::NotLoaded(refusal), make)
}

fn text(name: &str, does: &str, refusal: Refusal, text: impl Fn() -> String + Send + Sync + 'static) -> Entry {
    file(name, does, refusal, move || wat::parse_str(text()).expect("a good text"))
}

/// The files.
pub(crate) fn entries() -> Vec<Entry> {
    [no_plugins(), other_interfaces(), bombs()].into_iter().flatten().collect()
}

/// They are no plugins at all.
fn no_plugins() -> Vec<Entry> {
    vec![
        file("file-empty", "is empty", Refusal::NotWasm, Vec::new),
        file("file-script", "is a script", Refusal::NotWasm, || b"#!/bin/sh\nexec sh\n".to_vec()),
        file("file-escapes", "begins with escape sequences for a terminal", Refusal::NotWasm, || {
            b"\x1b[2J\x1b]0;x\x07".to_vec()
        }),
        file("file-machine-code", "is a program for this machine", Refusal::Precompiled, || {
            b"\x7fELF\x02\x01\x01".to_vec()
        }),
        file("file-magic-only", "ends after the first bytes of a module", Refusal::UnknownWorld, || {
            b"\0asm\x01\0\0\0".to_vec()
        }),
        file("file-half-magic", "ends within its first bytes", Refusal::NotWasm, || b"\0asm\x01".to_vec()),
        file("file-wrong-lengths", "has a section that is longer than the file", Refusal::Invalid, || {
            b"\0asm\x0d\0\x01\0\x01\xff\xff\xff\xff\x0f".to_vec()
        }),
        file("file-cut", "is a policy that ends in the middle", Refusal::Invalid, || {
            let mut module = Guest::policy().module();
            module.truncate(module.len() / 2);
            module
        }),
        file("file-wrong-types", "is a module that does not check", Refusal::Invalid, || {
            described(wat::parse_str("(module (func (result i32) (i64.const 0)))").expect("a good text"), Kind::Policy)
        }),
        text("file-plain-module", "is a module that describes no component", Refusal::UnknownWorld, || {
            "(module (memory 1))".into()
        }),
        file("file-function-missing", "lacks a function of its interface", Refusal::NotComponent, || {
            described(wat::parse_str("(module (memory (export \"memory\") 1))").expect("a good text"), Kind::Policy)
        }),
        file("file-memory-too-large", "begins with more memory than it may have", Refusal::Invalid, || {
            Guest::policy().more("(memory 60000)").module()
        }),
        file("file-many-memories", "has 50 memories", Refusal::Invalid, || {
            Guest::policy().more(&"(memory 1)".repeat(50)).module()
        }),
    ]
}

/// They speak to somebody else.
fn other_interfaces() -> Vec<Entry> {
    let exports = |names: &[&str]| {
        let exports: String = names.iter().map(|name| format!("(export \"{name}\" (instance $nothing))")).collect();
        format!("(component (instance $nothing) {exports})")
    };
    let (policy, channel) = (Guest::policy().interface(), Guest::channel().interface());
    vec![
        text("file-nothing", "is a component that exports nothing", Refusal::UnknownWorld, || "(component)".into()),
        text("file-wrong-world", "exports an interface of somebody else", Refusal::UnknownWorld, move || {
            exports(&["somebody:else/thing@1.0.0"])
        }),
        text("file-wrong-version", "is built for a version that is not known", Refusal::UnknownVersion, move || {
            exports(&[FUTURE])
        }),
        text("file-two-worlds", "is a policy and a channel", Refusal::SeveralWorlds, move || {
            exports(&[policy, channel])
        }),
        text(
            "file-empty-interface",
            "exports the interface without its functions",
            Refusal::InterfaceMismatch,
            move || exports(&[policy]),
        ),
        text("file-extra-import", "wants a function of the host", Refusal::Import, || {
            "(component (import \"secrets\" (func (result string))))".into()
        }),
        file(
            "file-extra-import-of-a-module",
            "wants a function of the host, and is a core module",
            Refusal::NotComponent,
            || {
                let text = Guest::policy().text().replacen("(module", "(module (import \"env\" \"exec\" (func))", 1);
                described(wat::parse_str(text).expect("a good text"), Kind::Policy)
            },
        ),
    ]
}

/// They grow out of all proportion.
fn bombs() -> Vec<Entry> {
    vec![
        text("bomb-deep", "has nine components, one within the other", Refusal::TooComplex, || {
            format!("{}{}", "(component ".repeat(DEEP), ")".repeat(DEEP))
        }),
        text("bomb-wide", "has 1001 instances", Refusal::TooComplex, || {
            format!("(component (core module $m) {})", "(core instance (instantiate $m))".repeat(WIDE))
        }),
        text(
            "bomb-doubling",
            "has 30 components of which each is made of two of the one before",
            Refusal::TooComplex,
            || doubling(30),
        ),
        file("bomb-function", "has a function of a megabyte", Refusal::TooComplex, || {
            Guest::policy().more(&format!("(func {})", "nop ".repeat(LONG))).module()
        }),
        file(
            "bomb-description",
            "describes itself by two packages that need each other",
            Refusal::CompilerEnded,
            needing_each_other,
        ),
        file("bomb-locals", "has a function with 10,001 variables", Refusal::TooComplex, || {
            Guest::policy().more(&format!("(func (local {}))", "i64 ".repeat(LOCALS))).module()
        }),
    ]
}

/// The interface is of another version than the package that it is in.
fn needing_each_other() -> Vec<u8> {
    let (mut module, known) = (Guest::policy().module(), b"dogwatch:policy/policy@0.2.0\x05");
    let at = module.windows(known.len()).rposition(|window| window == known).expect("its name in the description");
    module[at + known.len() - 4] = b'0';
    module
}

fn doubling(levels: usize) -> String {
    let mut components = "(component $c0 (core module $m) (core instance (instantiate $m)))".to_owned();
    for level in 1..levels {
        components.push_str(&format!(
            "(component $c{level} (alias outer 1 {} (component $x)) (instance (instantiate $x)) (instance (instantiate $x)))",
            level - 1
        ));
    }
    format!("(component {components} (instance (instantiate {})))", levels - 1)
}
