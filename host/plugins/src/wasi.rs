//! What a plugin gets that imports WASI, because its language's runtime does: functions that are there and do nothing.
//!
//! The clock stands still at the time that the call is about, random numbers follow from it, there are no files, no sockets, no
//! arguments and no environment, and what is written is gone, but for the end of what goes to the error stream: that stands in the
//! error if the call fails. So the same call still gives the same answer, on any machine.

use wasmtime::component::types::{Case, ComponentFunc, ComponentInstance, ComponentItem, Type};
use wasmtime::component::{Component, Linker, LinkerInstance, Resource, ResourceAny, ResourceType, Val};
use wasmtime::{Engine, Error, StoreContextMut};

use crate::sandbox::charge;
use crate::sandbox::limiter::StoreLimiter;

/// The packages whose interfaces have stand-ins.
const PACKAGES: [&str; 6] =
    ["wasi:cli/", "wasi:io/", "wasi:clocks/", "wasi:filesystem/", "wasi:random/", "wasi:sockets/"];
/// How many bytes may be written to a stream at once, as it says: each is a value of its own while it is copied.
const WRITABLE: u64 = 16 << 10;
/// Random bytes in one call.
const RANDOM: u64 = 4 << 10;
/// Fuel for a call, and for each value that goes in or out: the host's work must not be free.
const CALL_FUEL: u64 = 200;
const VALUE_FUEL: u64 = 20;
/// Values in one result, each hundred bytes of a name counted as one more: what WASI has is far smaller.
const VALUES: usize = 200;

/// A call of a stand-in that has no answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Misuse(pub(crate) String);

fn misuse(what: impl Into<String>) -> Error {
    Error::new(Misuse(what.into()))
}

/// What stands behind every resource: nothing.
struct Nothing;

/// Which resource it is: any.
const NOTHING: u32 = 0;
/// Which resource it is: the error stream.
const STDERR: u32 = 1;

/// Whether an import is of WASI, and has a stand-in.
pub(crate) fn has_stand_in(import: &str) -> bool {
    PACKAGES.iter().any(|package| import.starts_with(package))
}

/// Puts stand-ins for the component's imports of WASI into the linker; returns their names.
pub(crate) fn stand_in(
    engine: &Engine,
    component: &Component,
    linker: &mut Linker<StoreLimiter>,
) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for (name, import) in component.component_type().imports(engine) {
        let ComponentItem::ComponentInstance(instance) = import.ty else { continue };
        if has_stand_in(name) {
            define(engine, name, &instance, &mut linker.instance(name)?)?;
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

fn define(
    engine: &Engine,
    interface: &str,
    instance: &ComponentInstance,
    linker: &mut LinkerInstance<'_, StoreLimiter>,
) -> Result<(), Error> {
    // Without the version: `wasi:clocks/wall-clock`.
    let interface = interface.split('@').next().unwrap_or_default().to_owned();
    for (name, item) in instance.exports(engine) {
        match item.ty {
            ComponentItem::Resource(_) => linker.resource(name, ResourceType::host::<Nothing>(), |_, _| Ok(()))?,
            ComponentItem::ComponentFunc(_) => {
                let function = Function { interface: interface.clone(), name: name.to_owned() };
                linker.func_new(name, move |store, ty, arguments, results| {
                    function.call(store, &ty, arguments, results)
                })?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// How many more values a result may have.
struct Room(usize);

impl Room {
    fn take(&mut self, name: &str) -> Result<(), Error> {
        let taken = name.len().div_euclid(100).saturating_add(1);
        self.0 = self
            .0
            .checked_sub(taken)
            .ok_or_else(|| misuse("it imports a function of WASI whose result is too large"))?;
        Ok(())
    }
}

/// How many values a value is made of, roughly: those of a list are counted.
fn values(value: &Val) -> usize {
    match value {
        Val::List(list) => list.len(),
        Val::String(text) => text.len(),
        _ => 1,
    }
}

fn cost(values: usize) -> u64 {
    u64::try_from(values).unwrap_or(u64::MAX).saturating_mul(VALUE_FUEL)
}

/// A new handle of something.
fn own(store: &mut StoreContextMut<'_, StoreLimiter>, what: u32) -> Result<Val, Error> {
    if !store.data_mut().handle() {
        return Err(misuse("it asked for too many handles"));
    }
    Ok(Val::Resource(ResourceAny::try_from_resource(Resource::<Nothing>::new_own(what), store)?))
}

/// Keeps what is written to the error stream.
fn note(store: &mut StoreContextMut<'_, StoreLimiter>, arguments: &[Val]) -> Result<(), Error> {
    let [Val::Resource(stream), Val::List(written), ..] = arguments else { return Ok(()) };
    let stream: Resource<Nothing> = stream.try_into_resource(&mut *store)?;
    if stream.rep() == STDERR {
        let bytes = written.iter().filter_map(|value| if let Val::U8(byte) = value { Some(*byte) } else { None });
        store.data_mut().last_words.add(bytes);
    }
    Ok(())
}

/// A function of WASI.
struct Function {
    interface: String,
    name: String,
}

impl Function {
    fn call(
        &self,
        mut store: StoreContextMut<'_, StoreLimiter>,
        ty: &ComponentFunc,
        arguments: &[Val],
        results: &mut [Val],
    ) -> Result<(), Error> {
        let given: usize = arguments.iter().map(values).sum();
        charge(&mut store, CALL_FUEL.saturating_add(cost(given)))?;
        for (result, ty) in results.iter_mut().zip(ty.results()) {
            *result = match self.special(&mut store, arguments) {
                Some(value) => value?,
                None => self.plain(&mut store, &ty, &mut Room(VALUES))?,
            };
            charge(&mut store, cost(values(result)))?;
        }
        // All its functions end the program.
        if self.interface == "wasi:cli/exit" { Err(misuse("it called exit, which a plugin cannot")) } else { Ok(()) }
    }

    /// What functions return whose answer must not be just any value.
    fn special(&self, store: &mut StoreContextMut<'_, StoreLimiter>, arguments: &[Val]) -> Option<Result<Val, Error>> {
        let whole = |value: u64| Some(Ok(Val::U64(value)));
        match (self.interface.as_str(), self.name.as_str()) {
            ("wasi:clocks/wall-clock", "now") => {
                let millis = store.data().now_millis;
                let nanos = u32::try_from(millis % 1000).unwrap_or_default().saturating_mul(1_000_000);
                Some(Ok(Val::Record(vec![
                    ("seconds".to_owned(), Val::U64(millis.checked_div(1000).unwrap_or_default())),
                    ("nanoseconds".to_owned(), Val::U32(nanos)),
                ])))
            }
            ("wasi:clocks/monotonic-clock", "now") => whole(store.data().now_millis.saturating_mul(1_000_000)),
            ("wasi:clocks/monotonic-clock", "resolution") => whole(1),
            ("wasi:random/random" | "wasi:random/insecure", "get-random-u64" | "get-insecure-random-u64") => {
                whole(store.data_mut().random())
            }
            ("wasi:random/random" | "wasi:random/insecure", "get-random-bytes" | "get-insecure-random-bytes") => {
                let count = match arguments.first() {
                    Some(Val::U64(count)) if *count <= RANDOM => *count,
                    _ => return Some(Err(misuse("it asked for too many random bytes"))),
                };
                let byte =
                    |data: &mut StoreLimiter| Val::U8(data.random().to_le_bytes().first().copied().unwrap_or_default());
                Some(Ok(Val::List((0..count).map(|_| byte(store.data_mut())).collect())))
            }
            // Whatever it waits for has come.
            ("wasi:io/poll", "poll") => {
                let count = match arguments.first() {
                    Some(Val::List(waited)) => u32::try_from(waited.len()).unwrap_or_default(),
                    _ => 0,
                };
                Some(Ok(Val::List((0..count).map(Val::U32).collect())))
            }
            ("wasi:io/poll", "[method]pollable.ready") => Some(Ok(Val::Bool(true))),
            ("wasi:io/streams", "[method]output-stream.check-write") => {
                Some(Ok(Val::Result(Ok(Some(Box::new(Val::U64(WRITABLE)))))))
            }
            ("wasi:cli/stderr", "get-stderr") => Some(own(store, STDERR)),
            ("wasi:io/streams", "[method]output-stream.write" | "[method]output-stream.blocking-write-and-flush") => {
                note(store, arguments).err().map(Err)
            }
            // Nothing comes.
            ("wasi:io/streams", name) if name.starts_with("[method]input-stream.") && !name.ends_with(".subscribe") => {
                let closed = Val::Variant("closed".to_owned(), None);
                Some(Ok(Val::Result(Err(Some(Box::new(closed))))))
            }
            _ => None,
        }
    }

    /// The least value of a type: nothing, none, zero. Whatever can fail fails, but writing.
    fn plain(&self, store: &mut StoreContextMut<'_, StoreLimiter>, ty: &Type, room: &mut Room) -> Result<Val, Error> {
        room.take("")?;
        let fails = ["wasi:filesystem/", "wasi:sockets/"].iter().any(|package| self.interface.starts_with(package));
        Ok(match ty {
            Type::Bool => Val::Bool(false),
            Type::S8 => Val::S8(0),
            Type::U8 => Val::U8(0),
            Type::S16 => Val::S16(0),
            Type::U16 => Val::U16(0),
            Type::S32 => Val::S32(0),
            Type::U32 => Val::U32(0),
            Type::S64 => Val::S64(0),
            Type::U64 => Val::U64(0),
            Type::Float32 => Val::Float32(0.0),
            Type::Float64 => Val::Float64(0.0),
            Type::Char => Val::Char('\0'),
            Type::String => Val::String(String::new()),
            Type::List(_) => Val::List(Vec::new()),
            Type::Option(_) => Val::Option(None),
            Type::Flags(_) => Val::Flags(Vec::new()),
            Type::Record(record) => {
                let mut fields = Vec::new();
                for field in record.fields() {
                    room.take(field.name)?;
                    fields.push((field.name.to_owned(), self.plain(store, &field.ty, room)?));
                }
                Val::Record(fields)
            }
            Type::Tuple(tuple) => {
                let mut values = Vec::new();
                for ty in tuple.types() {
                    values.push(self.plain(store, &ty, room)?);
                }
                Val::Tuple(values)
            }
            Type::Variant(variant) => {
                let Case { name, ty } = variant.cases().next().ok_or_else(|| self.missing())?;
                room.take(name)?;
                let payload = ty.map(|ty| self.plain(store, &ty, room)).transpose()?;
                Val::Variant(name.to_owned(), payload.map(Box::new))
            }
            Type::Enum(names) => {
                let name = names.names().next().ok_or_else(|| self.missing())?;
                room.take(name)?;
                Val::Enum(name.to_owned())
            }
            Type::Result(result) => {
                let ty = if fails { result.err() } else { result.ok() };
                let payload = ty.map(|ty| self.plain(store, &ty, room)).transpose()?.map(Box::new);
                Val::Result(if fails { Err(payload) } else { Ok(payload) })
            }
            Type::Own(_) => own(store, NOTHING)?,
            _ => return Err(self.missing()),
        })
    }

    fn missing(&self) -> Error {
        misuse(format!("it called {} of {}, which a plugin does not have", self.name, self.interface))
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::component::Component;

    use super::*;
    use crate::error::call::Fault;
    use crate::limits::CallBudget;
    use crate::sandbox::{Sandbox, trap};

    /// A component that imports one function and calls it: so often, each time with the same argument or without one.
    fn caller(interface: &str, function: &str, parameters: &str, result: &str, times: u32) -> String {
        let (core, given) = if parameters.is_empty() { ("", "") } else { ("(param i64)", "(i64.const 65536)") };
        format!(
            r#"(component
                (import "{interface}@0.2.9" (instance $wasi (export "{function}" (func {parameters} (result {result})))))
                (core module $m
                    (import "wasi" "call" (func $call {core} (result i64)))
                    (func (export "run") (result i64) (local $left i32) (local $value i64)
                        (local.set $left (i32.const {times}))
                        (loop $again
                            (local.set $value (call $call {given}))
                            (local.tee $left (i32.sub (local.get $left) (i32.const 1)))
                            (br_if $again))
                        (local.get $value)))
                (core func $call (canon lower (func $wasi "{function}")))
                (core instance $i (instantiate $m (with "wasi" (instance (export "call" (func $call))))))
                (func (export "run") (result u64) (canon lift (core func $i "run"))))"#
        )
    }

    /// What it returns at that time, and the fuel that it took.
    fn run(text: &str, now_millis: u64) -> Result<(u64, u64), Fault> {
        let sandbox = Sandbox::new().unwrap();
        let component = Component::new(sandbox.engine(), wat::parse_str(text).unwrap()).unwrap();
        let mut linker = sandbox.linker().unwrap();
        assert_eq!(stand_in(sandbox.engine(), &component, &mut linker).unwrap().len(), 1);
        let budget = CallBudget { fuel: 1_000_000, ..sandbox.limits().policy };
        let mut store = sandbox.store(budget).unwrap();
        store.data_mut().now_millis = now_millis;
        let instance = linker.instantiate(&mut store, &component).unwrap();
        let function = instance.get_typed_func::<(), (u64,)>(&mut store, "run").unwrap();
        let (value,) = function.call(&mut store, ()).map_err(|error| trap::fault(&error, budget))?;
        Ok((value, budget.fuel.saturating_sub(store.get_fuel().unwrap())))
    }

    #[test]
    fn the_clock_stands_and_chance_follows_from_it() {
        let clock = caller("wasi:clocks/monotonic-clock", "now", "", "u64", 3);
        assert_eq!(run(&clock, 7).unwrap().0, 7_000_000);
        let dice = caller("wasi:random/random", "get-random-u64", "", "u64", 2);
        assert_eq!(run(&dice, 7).unwrap(), run(&dice, 7).unwrap(), "the same call gives the same answer");
        assert_ne!(run(&dice, 7).unwrap().0, run(&dice, 8).unwrap().0);
        let once = caller("wasi:random/random", "get-random-u64", "", "u64", 1);
        assert_ne!(run(&once, 7).unwrap().0, run(&dice, 7).unwrap().0, "and the next number is another");
    }

    #[test]
    fn what_the_host_does_costs_fuel() {
        let clock = |times| caller("wasi:clocks/monotonic-clock", "now", "", "u64", times);
        let (one, ten) = (run(&clock(1), 7).unwrap().1, run(&clock(10), 7).unwrap().1);
        assert!(ten >= one.saturating_add(CALL_FUEL.saturating_mul(9)), "{one}, {ten}");
        assert_eq!(run(&clock(1_000_000), 7).unwrap_err(), Fault::OutOfFuel { limit: 1_000_000 });
    }

    #[test]
    fn a_function_that_is_none_of_wasi_is_not_served_without_end() {
        let fields = |count: usize| (0..count).map(|n| format!("(field \"f{n}\" u64)")).collect::<String>();
        let odd = |count| {
            format!(
                r#"(component
                    (import "wasi:cli/x@0.2.9" (instance $wasi
                        (type $t (record {}))
                        (export "r" (type $r (eq $t)))
                        (export "x" (func (result $r)))))
                    (core module $memory (memory (export "m") 1)
                        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
                    (core instance $memory (instantiate $memory))
                    (core func $call (canon lower (func $wasi "x") (memory (core memory $memory "m"))))
                    (core module $m (import "wasi" "call" (func $call (param i32)))
                        (func (export "run") (result i64) (call $call (i32.const 8)) (i64.const 1)))
                    (core instance $i (instantiate $m (with "wasi" (instance (export "call" (func $call))))))
                    (func (export "run") (result u64) (canon lift (core func $i "run"))))"#,
                fields(count)
            )
        };
        assert_eq!(run(&odd(50), 7).unwrap().0, 1);
        let Fault::Trapped(why) = run(&odd(300), 7).unwrap_err() else { unreachable!("it is refused") };
        assert!(why.contains("result is too large"), "{why}");
        assert!(!has_stand_in("wasi:http/types@0.2.9") && !has_stand_in("evil:cli/x"));
    }
}
