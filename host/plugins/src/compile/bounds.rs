//! What is not even given to the compiler: files that grow out of all proportion when they are compiled.

use wasmparser::{BinaryReaderError, ComponentInstance, FunctionBody, Parser, Payload};

use super::refusal::Refusal;

/// Components within components.
const DEPTH: usize = 8;
/// Instances that a component is made of, those within its components included: each is laid out when it is compiled.
const INSTANCES: u64 = 1000;
/// Bytes of one function: a seventh of what the format's parser takes.
const FUNCTION: usize = 1 << 20;
/// Local variables of one function: a fifth of what the format's parser takes.
const LOCALS: u64 = 10_000;

/// A component or module that is being read.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// The instances that it is made of.
    instances: u64,
}

/// Refuses a file that is over one of the limits.
///
/// It is read once, from front to back. What is no WebAssembly is left to the compiler, which can say more about it.
pub(super) fn check(wasm: &[u8]) -> Result<(), Refusal> {
    let mut levels: Vec<Level> = Vec::new();
    // Of all components so far: which one is instantiated may be said indirectly.
    let mut largest = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload {
            Ok(Payload::Version { .. }) => {
                levels.push(Level::default());
                if levels.len() > DEPTH {
                    return Err(over("components within components", DEPTH as u64));
                }
            }
            Ok(Payload::End(_)) => {
                largest = levels.pop().map_or(largest, |level| level.instances.max(largest));
            }
            Ok(Payload::InstanceSection(section)) => add(&mut levels, u64::from(section.count()))?,
            Ok(Payload::ComponentInstanceSection(section)) => {
                for instance in section {
                    let Ok(instance) = instance else { return Ok(()) };
                    let inner = if matches!(instance, ComponentInstance::Instantiate { .. }) { largest } else { 0 };
                    add(&mut levels, inner.saturating_add(1))?;
                }
            }
            Ok(Payload::CodeSectionEntry(body)) => function(&body)?,
            Ok(_) => {}
            Err(_) => return Ok(()),
        }
    }
    Ok(())
}

fn add(levels: &mut [Level], instances: u64) -> Result<(), Refusal> {
    let Some(level) = levels.last_mut() else { return Ok(()) };
    level.instances = level.instances.saturating_add(instances);
    if level.instances > INSTANCES { Err(over("instances", INSTANCES)) } else { Ok(()) }
}

fn function(body: &FunctionBody<'_>) -> Result<(), Refusal> {
    if body.range().len() > FUNCTION {
        return Err(over("bytes in one function", FUNCTION as u64));
    }
    match locals(body) {
        Ok(locals) if locals > LOCALS => Err(over("local variables in one function", LOCALS)),
        _ => Ok(()),
    }
}

fn locals(body: &FunctionBody<'_>) -> Result<u64, BinaryReaderError> {
    let mut all = 0_u64;
    for group in body.get_locals_reader()? {
        let (count, _) = group?;
        all = all.saturating_add(u64::from(count));
    }
    Ok(all)
}

fn over(what: &str, limit: u64) -> Refusal {
    Refusal::TooComplex(format!("more than {limit} {what}"))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests")]
mod tests {
    use super::*;

    fn refusal(text: &str) -> Option<String> {
        match check(&wat::parse_str(text).unwrap()) {
            Ok(()) => None,
            Err(Refusal::TooComplex(what)) => Some(what),
            Err(other) => panic!("{other:?}"),
        }
    }

    /// Components of which each instantiates the one before it twice.
    fn doubling(levels: usize) -> String {
        let mut text = "(component $c0 (core module $m) (core instance (instantiate $m)))".to_owned();
        for level in 1..levels {
            let inner = level - 1;
            text.push_str(&format!(
                "(component $c{level} (alias outer 1 {inner} (component $x))
                    (instance (instantiate $x)) (instance (instantiate $x)))"
            ));
        }
        format!("(component {text} (instance (instantiate {})))", levels - 1)
    }

    #[test]
    fn instances_are_counted_through_components() {
        assert_eq!(refusal(&doubling(8)), None);
        assert_eq!(refusal(&doubling(30)).as_deref(), Some("more than 1000 instances"));
        let wide = "(core instance (instantiate $m))".repeat(1001);
        assert_eq!(
            refusal(&format!("(component (core module $m) {wide})")).as_deref(),
            Some("more than 1000 instances")
        );
    }

    #[test]
    fn components_are_not_nested_without_end() {
        let nested = |depth: usize| format!("{}{}", "(component ".repeat(depth), ")".repeat(depth));
        assert_eq!(refusal(&nested(DEPTH)), None);
        assert_eq!(refusal(&nested(DEPTH + 1)).as_deref(), Some("more than 8 components within components"));
    }

    #[test]
    fn functions_have_a_size() {
        let with =
            |locals: u64, body: &str| format!("(module (func (local {}) {body}))", "i64 ".repeat(locals as usize));
        assert_eq!(refusal(&with(LOCALS, "")), None);
        assert_eq!(refusal(&with(LOCALS + 1, "")).as_deref(), Some("more than 10000 local variables in one function"));
        let long = "nop ".repeat(FUNCTION);
        assert_eq!(refusal(&with(0, &long)).as_deref(), Some("more than 1048576 bytes in one function"));
    }

    #[test]
    fn what_is_no_webassembly_is_left_to_the_compiler() {
        for bytes in [&b""[..], b"\0asm\x0d\0\x01\0\xff\xff\xff", b"\0asm\x01\0\0\0\x0a\xff\xff\xff\xff\x0f"] {
            assert_eq!(check(bytes), Ok(()));
        }
    }
}
