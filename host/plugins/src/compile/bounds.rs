//! What is not even given to the compiler: files that grow out of all proportion when they are compiled.

use wasmparser::{
    BinaryReaderError, ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentTypeRef, Encoding, FunctionBody, Parser, Payload,
};

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
#[derive(Clone, Debug)]
struct Level {
    encoding: Encoding,
    /// The instances that it is made of.
    instances: u64,
    /// The components that are there, in the order of their indexes: the instances that each is made of. Nothing of those that come
    /// from elsewhere, which may be anything: they are not instantiated.
    components: Vec<Option<u64>>,
}

/// What has been read so far.
#[derive(Debug, Default)]
struct Reading {
    /// From the outermost to the one that is being read.
    levels: Vec<Level>,
}

/// Refuses a file that is over one of the limits.
///
/// It is read once, from front to back. What is no WebAssembly is left to the compiler, which can say more about it.
pub(super) fn check(wasm: &[u8]) -> Result<(), Refusal> {
    let mut reading = Reading::default();
    for payload in Parser::new(0).parse_all(wasm) {
        // What cannot be read cannot be compiled.
        let Ok(payload) = payload else { return Ok(()) };
        reading.take_in(payload)?;
    }
    Ok(())
}

impl Reading {
    fn take_in(&mut self, payload: Payload<'_>) -> Result<(), Refusal> {
        match payload {
            Payload::Version { encoding, .. } => {
                self.levels.push(Level { encoding, instances: 0, components: Vec::new() });
                if self.levels.len() > DEPTH {
                    return Err(over("components within components", DEPTH as u64));
                }
            }
            Payload::End(_) => self.end(),
            Payload::InstanceSection(section) => self.add(u64::from(section.count()))?,
            Payload::ComponentInstanceSection(section) => {
                for instance in section.into_iter().flatten() {
                    let inner = match instance {
                        ComponentInstance::Instantiate { component_index, .. } => self.component(component_index),
                        ComponentInstance::FromExports(_) => Some(0),
                    };
                    let Some(inner) = inner else {
                        return Err(Refusal::TooComplex(
                            "an instance of a component that comes from elsewhere".to_owned(),
                        ));
                    };
                    self.add(inner.saturating_add(1))?;
                }
            }
            Payload::ComponentImportSection(section) => {
                let components =
                    section.into_iter().flatten().filter(|import| matches!(import.ty, ComponentTypeRef::Component(_)));
                components.for_each(|_| self.name(None));
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section.into_iter().flatten() {
                    match alias {
                        ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. } => {
                            self.name(None)
                        }
                        ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, count, index } => {
                            let outer =
                                usize::try_from(count).ok().and_then(|count| self.levels.iter().rev().nth(count));
                            let inner =
                                outer.and_then(|level| level.components.get(usize::try_from(index).ok()?).copied());
                            self.name(inner.flatten());
                        }
                        _ => {}
                    }
                }
            }
            // An export is a name of its own for what it exports.
            Payload::ComponentExportSection(section) => {
                for export in
                    section.into_iter().flatten().filter(|export| export.kind == ComponentExternalKind::Component)
                {
                    self.name(self.component(export.index));
                }
            }
            Payload::CodeSectionEntry(body) => function(&body)?,
            _ => {}
        }
        Ok(())
    }

    /// The component or module that is being read ends.
    fn end(&mut self) {
        let Some(ended) = self.levels.pop() else { return };
        if ended.encoding == Encoding::Component {
            self.name(Some(ended.instances));
        }
    }

    /// A component of so many instances gets the next index.
    fn name(&mut self, instances: Option<u64>) {
        if let Some(level) = self.levels.last_mut() {
            level.components.push(instances);
        }
    }

    /// The instances of the component with this index, if they are known.
    fn component(&self, index: u32) -> Option<u64> {
        *self.levels.last()?.components.get(usize::try_from(index).ok()?)?
    }

    fn add(&mut self, instances: u64) -> Result<(), Refusal> {
        let Some(level) = self.levels.last_mut() else { return Ok(()) };
        level.instances = level.instances.saturating_add(instances);
        if level.instances > INSTANCES { Err(over("instances", INSTANCES)) } else { Ok(()) }
    }
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
    use crate::limits::book::{grouped, limit, size};

    #[test]
    fn the_book_says_so() {
        let bounds = [
            ("DEPTH", grouped(DEPTH as u64)),
            ("INSTANCES", grouped(INSTANCES)),
            ("FUNCTION", size(FUNCTION as u64)),
            ("LOCALS", grouped(LOCALS)),
        ];
        for (name, bound) in bounds {
            assert_eq!(limit(name), Some(bound.as_str()), "{name}");
        }
    }

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
        let many = format!(
            "(component $large (core module $m) {}) (component $small) {}",
            "(core instance (instantiate $m))".repeat(100),
            "(instance (instantiate $small))".repeat(500)
        );
        assert_eq!(
            refusal(&format!("(component {many} (instance (instantiate $large)))")),
            None,
            "each counts as what it is"
        );
        let imported = "(component (component $c (import \"x\" (component $x)) (instance (instantiate $x))))";
        assert_eq!(refusal(imported).as_deref(), Some("an instance of a component that comes from elsewhere"));
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
