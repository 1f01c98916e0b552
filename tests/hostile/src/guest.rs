//! A plugin that is written down instruction by instruction: every function answers well, unless it is told otherwise.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::LazyLock;

use dogwatch_plugins::PluginFunction;
use wit_component::{ComponentEncoder, StringEncoding, metadata};
use wit_parser::Resolve;

use crate::entry::Kind;
use crate::image::Image;

/// The functions of a policy.
const POLICY: [PluginFunction; 3] = [PluginFunction::Describe, PluginFunction::Check, PluginFunction::Decide];
/// The functions of a channel.
const CHANNEL: [PluginFunction; 10] = [
    PluginFunction::Describe,
    PluginFunction::Check,
    PluginFunction::Compose,
    PluginFunction::Judge,
    PluginFunction::Follow,
    PluginFunction::JudgeFollow,
    PluginFunction::SelfTest,
    PluginFunction::JudgeSelfTest,
    PluginFunction::Heartbeat,
    PluginFunction::JudgeHeartbeat,
];
/// Where the first answer lies, and how far apart they are.
const ANSWERS: u32 = 4096;
/// Where memory begins that the host's arguments are put into.
const HEAP: u32 = 128 << 10;
/// Pages of memory: nearly all that a plugin may have.
const PAGES: u32 = 240;
/// Where nothing but zeros is: megabytes of them.
pub(crate) const ZEROS: u32 = 4 << 20;

/// What a function does.
#[derive(Clone, Debug)]
pub enum Body {
    /// It returns this.
    Answer(Image),
    /// These instructions, which leave the address of an answer behind.
    Code(String),
}

/// A plugin in the making.
#[derive(Clone, Debug)]
pub struct Guest {
    kind: Kind,
    bodies: Vec<(PluginFunction, Body)>,
    /// What it does when the host wants memory for arguments.
    realloc: String,
    /// More fields of the module.
    more: String,
    /// Where every answer begins, if it is one place for all.
    answers: Option<u32>,
}

impl Guest {
    /// A policy that stays.
    #[must_use]
    pub fn policy() -> Self {
        Self::new(Kind::Policy)
    }

    /// A channel that posts to the address in its secret `url`, and takes every answer for good.
    #[must_use]
    pub fn channel() -> Self {
        Self::new(Kind::Channel)
    }

    fn new(kind: Kind) -> Self {
        let realloc = "(global.set $heap (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
            (global.get $heap) (global.set $heap (i32.add (global.get $heap) (local.get 3)))";
        let mut guest =
            Self { kind, bodies: Vec::new(), realloc: realloc.to_owned(), more: String::new(), answers: None };
        guest.bodies =
            guest.functions().iter().map(|function| (*function, Body::Answer(guest.good(*function)))).collect();
        guest
    }

    /// The functions that it exports.
    #[must_use]
    pub const fn functions(&self) -> &'static [PluginFunction] {
        match self.kind {
            Kind::Channel => &CHANNEL,
            _ => &POLICY,
        }
    }

    /// An empty answer of a function, of so many bytes.
    #[must_use]
    pub fn empty(&self, function: PluginFunction, size: usize) -> Image {
        if let Some(base) = self.answers {
            return Image::new(base, size);
        }
        let index = self.functions().iter().position(|known| *known == function).expect("a function of it");
        Image::new(ANSWERS + 4096 * u32::try_from(index).expect("few functions"), size)
    }

    /// The same, for good answers that begin at that address.
    #[must_use]
    pub(crate) fn answering_at(self, base: u32) -> Self {
        Self { answers: Some(base), ..self }
    }

    /// A good answer of a function.
    #[must_use]
    pub fn good(&self, function: PluginFunction) -> Image {
        let zeros = |size| self.empty(function, size);
        match (function, self.kind) {
            (PluginFunction::Describe, Kind::Channel) => zeros(44).text(0, "hostile").text(8, "0").byte(24, 3),
            (PluginFunction::Describe, _) => zeros(32).text(0, "hostile").text(8, "0"),
            (PluginFunction::Decide, _) => zeros(56).text(16, "nothing to do"),
            (PluginFunction::Compose | PluginFunction::Heartbeat, _) => one_request(zeros(12)),
            (PluginFunction::Follow, _) => zeros(96),
            // There is nothing more to ask.
            (PluginFunction::JudgeFollow, _) => zeros(16).byte(0, 2),
            (PluginFunction::Check | PluginFunction::Migrate | PluginFunction::SelfTest, _) => zeros(12),
            (PluginFunction::Judge | PluginFunction::JudgeSelfTest | PluginFunction::JudgeHeartbeat, _) => zeros(32),
        }
    }

    /// The same plugin, save that a function does this.
    #[must_use]
    pub fn with(mut self, function: PluginFunction, body: Body) -> Self {
        self.bodies.retain(|(known, _)| *known != function);
        self.bodies.push((function, body));
        self
    }

    /// The same plugin, save that a function runs these instructions.
    #[must_use]
    pub fn runs(self, function: PluginFunction, code: impl Into<String>) -> Self {
        self.with(function, Body::Code(code.into()))
    }

    /// The same plugin, save that a function answers with what these changes make of a good answer.
    #[must_use]
    pub fn answers(self, function: PluginFunction, change: impl FnOnce(Image) -> Image) -> Self {
        let answer = change(self.good(function));
        self.with(function, Body::Answer(answer))
    }

    /// The same plugin, save that these instructions give the host memory for its arguments.
    #[must_use]
    pub fn allocates(mut self, code: &str) -> Self {
        code.clone_into(&mut self.realloc);
        self
    }

    /// The same plugin, with more fields in its module.
    #[must_use]
    pub fn more(mut self, fields: &str) -> Self {
        self.more.push_str(fields);
        self
    }

    /// The core module's text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "(module (memory (export \"memory\") {PAGES}) (global $heap (mut i32) (i32.const {HEAP}))
             (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) {})\n",
            self.realloc
        );
        for (function, body) in &self.bodies {
            let (code, data) = match body {
                Body::Code(code) => (code.clone(), String::new()),
                Body::Answer(image) => {
                    let bytes: String = image.bytes().iter().map(|byte| format!("\\{byte:02x}")).collect();
                    let base = image.base();
                    (format!("(i32.const {base})"), format!("(data (i32.const {base}) \"{bytes}\")"))
                }
            };
            let (interface, parameters) = (self.interface(), self.parameters(*function));
            writeln!(text, "(func (export \"{interface}#{function}\") {parameters} (result i32) {code}) {data}")
                .unwrap();
        }
        text + &self.more + ")"
    }

    /// The core module, as its author would put it into the plugin directory.
    #[must_use]
    pub fn module(&self) -> Vec<u8> {
        described(wat::parse_str(self.text()).expect("a good text"), self.kind)
    }

    /// The component.
    #[must_use]
    pub fn component(&self) -> Vec<u8> {
        let encoder = ComponentEncoder::default().module(&self.module()).expect("a described module");
        encoder.validate(true).encode().expect("a component")
    }

    /// The name of the interface that it exports.
    #[must_use]
    pub const fn interface(&self) -> &'static str {
        match self.kind {
            Kind::Channel => "dogwatch:channel/channel@0.1.0",
            _ => "dogwatch:policy/policy@0.2.0",
        }
    }

    const fn parameters(&self, function: PluginFunction) -> &'static str {
        match function {
            PluginFunction::Describe => "",
            PluginFunction::Check if matches!(self.kind, Kind::Channel) => "(param i32 i32 i32 i32)",
            PluginFunction::Check => "(param i32 i32)",
            PluginFunction::SelfTest => "(param i32 i32 i32 i32 i32 i32)",
            PluginFunction::Heartbeat => "(param i32 i32 i32 i32 i32 i32 i32 i32 i32 i64)",
            PluginFunction::JudgeSelfTest | PluginFunction::JudgeHeartbeat => "(param i32 i32 i32 i32 i32 i32 i32 i32)",
            _ => "(param i32)",
        }
    }
}

/// One request: a POST of `{}` to what the secret `url` says.
fn one_request(answer: Image) -> Image {
    let (answer, method) = (answer, 1);
    let request = Image::new(0, 84).byte(4, method);
    let (answer, name) = answer.behind(b"url");
    let part = Image::new(0, 24).byte(0, 1).list(4, name, 3);
    let (answer, url) = answer.behind(part.bytes());
    let (answer, braces) = answer.behind(b"{}");
    let (answer, body) = answer.behind(Image::new(0, 24).list(4, braces, 2).bytes());
    let (answer, request) = answer.behind(request.list(8, url, 1).list(24, body, 1).bytes());
    answer.list(4, request, 1)
}

/// The module, with a description of the component that it is to be.
///
/// # Panics
///
/// The interfaces are not where they were.
#[must_use]
pub fn described(mut module: Vec<u8>, kind: Kind) -> Vec<u8> {
    static POLICY: LazyLock<Vec<u8>> = LazyLock::new(|| world("policy/v0.2", "policy-plugin"));
    static CHANNEL: LazyLock<Vec<u8>> = LazyLock::new(|| world("channel/v0.1", "channel-plugin"));
    let world: &[u8] = if kind == Kind::Channel { &CHANNEL } else { &POLICY };
    let name = "component-type:hostile";
    let mut section = vec![u8::try_from(name.len()).expect("a short name")];
    section.extend_from_slice(name.as_bytes());
    section.extend_from_slice(world);
    module.push(0);
    module.extend(leb128(section.len()));
    module.extend(section);
    module
}

/// A number as WebAssembly writes it.
pub(crate) fn leb128(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).expect("seven bits");
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn world(folder: &str, name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit").join(folder);
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(&folder).expect("the interfaces");
    let world = resolve.select_world(&[package], Some(name)).expect("its world");
    metadata::encode(&resolve, world, StringEncoding::UTF8, None).expect("a description")
}
