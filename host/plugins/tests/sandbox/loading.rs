//! What is a plugin, and what is not.

use dogwatch_plugins::{Limits, LoadError, Sandbox};

use crate::support::{bundled, refusal};

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

#[test]
fn files_that_are_no_webassembly_say_what_they_are() {
    assert!(matches!(refusal(b"#!/bin/sh"), LoadError::NotWasm(_)));
    assert!(matches!(refusal(b""), LoadError::NotWasm(_)));
    assert!(matches!(refusal(b"\x7fELF\x02\x01\x01"), LoadError::Precompiled));
}

#[test]
fn broken_webassembly_is_refused() {
    let whole = bundled("threshold");
    for part in [9, 100, whole.len() / 2, whole.len() - 1] {
        let error = refusal(&whole[..part]);
        let text = error.to_string();
        assert!(matches!(error, LoadError::Invalid(_)) && !text.contains("panicked"), "{part}: {text}");
    }
    assert!(matches!(refusal(b"\0asm\x0d\0\x01\0\xff\xff\xff"), LoadError::Invalid(_)));
}

#[test]
fn what_grows_out_of_all_proportion_is_not_compiled() {
    let error = refusal(&wat(&format!("{}{}", "(component ".repeat(9), ")".repeat(9))));
    assert!(matches!(error, LoadError::TooComplex(_)), "{error}");
}

#[test]
fn modules_need_a_type() {
    let error = refusal(&wat("(module (import \"env\" \"f\" (func)))"));
    assert!(matches!(error, LoadError::NotComponent(_)), "{error}");
    let error = refusal(&wat("(module)"));
    assert!(matches!(error, LoadError::UnknownWorld { .. }), "{error}");
}

#[test]
fn imports_are_refused_by_name() {
    let client =
        r#"(component (import "wasi:http/outgoing-handler@0.2.0" (instance (export "handle" (func (result u64))))))"#;
    let error = refusal(&wat(client));
    assert!(
        matches!(&error, LoadError::Import { import } if import == "handle of wasi:http/outgoing-handler@0.2.0"),
        "{error}"
    );
    assert!(error.to_string().contains("plugins may not import anything"), "{error}");
    let function = refusal(&wat(r#"(component (import "log" (func (param "text" string))))"#));
    assert!(matches!(&function, LoadError::Import { import } if import == "log"), "{function}");
}

#[test]
fn what_stands_in_for_wasi_is_no_reason_to_refuse_a_file() {
    let clock =
        r#"(component (import "wasi:clocks/monotonic-clock@0.2.0" (instance (export "now" (func (result u64))))))"#;
    let error = refusal(&wat(clock));
    assert!(matches!(error, LoadError::UnknownWorld { .. }), "only that it exports nothing: {error}");
}

#[test]
fn names_for_types_alone_are_no_imports() {
    let types = r#"(component (import "dogwatch:policy/types@0.1.0"
        (instance (type $time s64) (export "time" (type (eq $time))))))"#;
    let error = refusal(&wat(types));
    assert!(matches!(error, LoadError::UnknownWorld { .. }), "{error}");
}

fn exporting(names: &[&str]) -> Vec<u8> {
    let exports: Vec<_> =
        names.iter().map(|name| format!("(instance $i{0}) (export \"{name}\" (instance $i{0}))", name.len())).collect();
    wat(&format!("(component {})", exports.join(" ")))
}

#[test]
fn other_worlds_and_versions_are_refused_by_name() {
    let error = refusal(&exporting(&["acme:things/thing@1.0.0"]));
    assert!(matches!(&error, LoadError::UnknownWorld { exports } if exports == "acme:things/thing@1.0.0"), "{error}");
    let error = refusal(&exporting(&["dogwatch:policy/policy@0.9.0"]));
    assert!(
        matches!(&error, LoadError::UnknownVersion { found } if found == "dogwatch:policy/policy@0.9.0"),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("dogwatch:policy/policy@0.2.0, dogwatch:policy/policy@0.1.0 and dogwatch:channel/channel@0.1.0"),
        "{error}"
    );
    let error = refusal(&exporting(&["dogwatch:policy/policy@0.1.0", "dogwatch:channel/channel@0.1.0"]));
    assert!(matches!(error, LoadError::SeveralWorlds), "{error}");
}

#[test]
fn the_right_name_is_not_enough() {
    let error = refusal(&exporting(&["dogwatch:policy/policy@0.1.0"]));
    assert!(matches!(error, LoadError::InterfaceMismatch(_)), "{error}");
}

#[test]
fn files_have_a_size() {
    let limits = Limits { file: 1000, ..Limits::default() };
    let directory = crate::support::directory(&[("it.wasm", bundled("threshold"))]);
    let (library, _) = dogwatch_plugins::Library::open(Sandbox::with_limits(limits).unwrap(), Some(directory.path()));
    let error = library.policy("it").unwrap_err().to_string();
    assert!(error.contains("larger than a plugin may be (1000 bytes)"), "{error}");
}
