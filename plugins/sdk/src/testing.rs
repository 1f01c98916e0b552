//! For the tests of a plugin, on the machine's own target.

use crate::channel::{self, Channel, Event, Judgement, Part, Progress, Request, Response, ResponseHeader};
use crate::export::{channel_config, joined, policy_config};
use crate::policy::{
    Agreement, ChainView, Decision, Health, Holder, Mode, Node, Outcome, OwnSlot, Policy, Situation, Verdict,
};
use crate::settings::{Problem, Settings, Value};

/// The block interval of [`situation`], in milliseconds.
const INTERVAL: u64 = 3000;
/// Its time when slot 0 was.
const GENESIS: i64 = 1_700_000_000_000;

/// A calm night: every node is fit, the first holds the key, nothing is missing, and the head is at slot 10000.
pub fn situation<'a>(nodes: impl IntoIterator<Item = &'a str>) -> Situation {
    let head_slot = 10_000;
    Situation {
        now: time_of(head_slot),
        mode: Mode::Armed,
        site: "home".into(),
        chain: "hive".into(),
        witness: "alice".into(),
        block_interval: INTERVAL,
        round_length: 21,
        verdict: Verdict::Fine,
        view: ChainView {
            head_block: 9_990,
            head_slot,
            head_age: 0,
            irreversible_block: 9_980,
            participation: 128,
            agreement: Agreement::Agreed,
            endpoints_fresh: 3,
            endpoints_total: 3,
        },
        holder: Holder::Node(0),
        holder_since: None,
        slots: Vec::new(),
        next_slot: None,
        nodes: nodes.into_iter().map(node).collect(),
        switches: Vec::new(),
        switching: false,
        paused_until: None,
    }
}

fn node(name: &str) -> Node {
    Node { name: name.to_owned(), health: Health::Healthy, health_for: 600_000, head_age: Some(0), eligible: true }
}

/// When a slot of [`situation`] was.
pub fn time_of(slot: u64) -> i64 {
    GENESIS.saturating_add(i64::try_from(slot.saturating_mul(INTERVAL)).unwrap_or(i64::MAX))
}

/// An own slot of [`situation`].
pub fn own_slot(slot: u64, outcome: Outcome, holder: Holder) -> OwnSlot {
    OwnSlot { slot, time: time_of(slot), outcome, holder }
}

/// Asks a policy that remembers nothing.
pub fn decide<P: Policy>(settings: &[(&str, Value)], situation: &Situation) -> Result<Decision, String> {
    let config = policy_config::<P>(&table(settings)).map_err(|problems| joined(&problems))?;
    P::decide(&config, situation, &[])
}

/// What a policy finds wrong with its settings.
pub fn problems<P: Policy>(settings: &[(&str, Value)]) -> Vec<Problem> {
    policy_config::<P>(&table(settings)).err().unwrap_or_default()
}

/// An alert that says that `alice` misses blocks.
pub fn alert() -> channel::Alert {
    channel::Alert {
        key: "hive/alice/missing".into(),
        message_id: "hive/alice/missing/1".into(),
        event: Event::Opened,
        severity: channel::Severity::Critical,
        subject: "witness alice".into(),
        cause: "missing".into(),
        site: "home".into(),
        chain: "hive".into(),
        witness: "alice".into(),
        summary: "alice misses blocks".into(),
        details: "2 own slots in a row".into(),
        remedy: "look at node one".into(),
        command: "dogwatch status".into(),
        acknowledged_by: String::new(),
        opened_at: time_of(9_979),
        at: time_of(10_000),
    }
}

/// Alerts that every channel must cope with, by name: one of each event, and texts that are hostile or far too long.
pub fn alerts() -> Vec<(&'static str, channel::Alert)> {
    let with = |change: fn(&mut channel::Alert)| {
        let mut alert = alert();
        change(&mut alert);
        alert
    };
    vec![
        ("opened", with(|alert| alert.severity = channel::Severity::Page)),
        ("updated", with(|alert| alert.event = Event::Updated)),
        (
            "escalated",
            with(|alert| {
                alert.event = Event::Escalated;
                alert.severity = channel::Severity::Page;
            }),
        ),
        (
            "acknowledged",
            with(|alert| {
                alert.event = Event::Acknowledged;
                alert.acknowledged_by = "bob".into();
            }),
        ),
        (
            "resolved",
            with(|alert| {
                alert.event = Event::Resolved;
                alert.summary = format!("resolved: {}", alert.summary);
                alert.remedy = "Nothing to do.".into();
                alert.command = String::new();
            }),
        ),
        (
            "report",
            with(|alert| {
                alert.event = Event::Report;
                alert.severity = channel::Severity::Info;
                alert.summary = "all would work".into();
            }),
        ),
        (
            "hostile",
            with(|alert| {
                alert.summary = HOSTILE.into();
                alert.details = format!("{HOSTILE}\n```\n</pre></b>\n{HOSTILE}");
                alert.remedy = HOSTILE.into();
            }),
        ),
    ]
}

/// Markup of every service, JSON and form syntax, marks that turn a text around, control characters and emoji.
pub const HOSTILE: &str = "<b>*_`~|>#[x](https://evil.example)&amp;<!channel> @everyone <@1> \"'\\ %0A+& \u{202e}drawkcab\u{2066} \
                           \u{7}\u{1b}[31m שלום 🐕\u{200d}🦺 {{ .Labels }} ${x}";

/// An alert whose texts are a megabyte each.
pub fn overlong() -> channel::Alert {
    let long = "<&*_🐕é".repeat(100_000);
    channel::Alert { summary: long.clone(), details: long.clone(), remedy: long.clone(), ..alert() }
}

/// Compares a text with a golden file below the crate's directory; `UPDATE_GOLDEN=1` writes it instead.
///
/// # Panics
///
/// When they differ: this is for tests.
#[expect(clippy::panic, reason = "for tests alone")]
pub fn golden(directory: &str, name: &str, text: &str) {
    let path = std::path::Path::new(directory).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let written = path.parent().map(std::fs::create_dir_all).transpose().and_then(|_| std::fs::write(&path, text));
        if let Err(error) = written {
            panic!("{} cannot be written: {error}", path.display());
        }
        return;
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    if known != text {
        panic!("{} differs; it would be:\n{text}", path.display());
    }
}

/// An answer without a body; headers in lower case.
pub fn response(status: u16, headers: &[(&str, &str)]) -> Response {
    let headers = headers
        .iter()
        .map(|(name, value)| ResponseHeader { name: (*name).to_owned(), value: (*value).to_owned() })
        .collect();
    Response { status, headers, body: Vec::new() }
}

/// The same with a body.
pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    Response { body: body.as_bytes().to_vec(), ..response(status, headers) }
}

/// The requests that a channel makes of an alert; it remembers nothing.
pub fn compose<C: Channel>(
    settings: &[(&str, Value)],
    secrets: &[&str],
    alert: &channel::Alert,
) -> Result<Vec<Request>, String> {
    C::compose(&configured::<C>(settings, secrets)?, "", alert)
}

/// The channel's configuration, or everything that is wrong with it.
pub fn configured<C: Channel>(settings: &[(&str, Value)], secrets: &[&str]) -> Result<C::Config, String> {
    channel_config::<C>(&table(settings), &owned(secrets)).map_err(|problems| joined(&problems))
}

/// What a channel finds wrong with its settings and secrets.
pub fn channel_problems<C: Channel>(settings: &[(&str, Value)], secrets: &[&str]) -> Vec<Problem> {
    channel_config::<C>(&table(settings), &owned(secrets)).err().unwrap_or_default()
}

/// How a channel judges an answer to its first request, of [`alert`].
pub fn judge<C: Channel>(settings: &[(&str, Value)], answer: &Response) -> Judgement {
    judge_alert::<C>(settings, &alert(), answer)
}

/// How a channel judges an answer to its first request, of that alert.
pub fn judge_alert<C: Channel>(settings: &[(&str, Value)], alert: &channel::Alert, answer: &Response) -> Judgement {
    C::judge(&table(settings), alert, 0, answer)
}

/// How a channel judges what became of a message about [`alert`].
pub fn judge_follow<C: Channel>(settings: &[(&str, Value)], receipt: &str, answer: &Response) -> Progress {
    C::judge_follow(&table(settings), &alert(), receipt, answer)
}

/// A request in words, one line for each piece; secrets by name. For golden texts.
pub fn shown(request: &Request) -> String {
    match request {
        Request::Http(http) => {
            let mut lines = vec![format!("{} {}", method(http.method), parts(&http.url))];
            lines.extend(http.headers.iter().map(|header| format!("{}: {}", header.name, parts(&header.value))));
            if !http.body.is_empty() {
                lines.push(String::new());
                lines.push(parts(&http.body));
            }
            lines.join("\n")
        }
        Request::Mail(mail) => {
            let login = mail.login.as_ref();
            let login = login.map(|login| format!("{} / {}", parts(&login.user), parts(&login.password)));
            format!(
                "mail by {}:{} {:?} as {}\nfrom: {}\nto: {}\nid: {}\nreplies: {}\nsubject: {}\n\n{}",
                mail.server,
                mail.port,
                mail.security,
                login.as_deref().unwrap_or("nobody"),
                mail.sender,
                mail.recipients.join(", "),
                mail.message_id,
                mail.in_reply_to,
                mail.subject,
                mail.text
            )
        }
    }
}

/// Requests in words, an empty line between each two of them. For golden texts.
pub fn shown_all(requests: &[Request]) -> String {
    if requests.is_empty() {
        return "nothing is sent\n".to_owned();
    }
    let requests: Vec<_> = requests.iter().map(shown).collect();
    requests.join("\n\n") + "\n"
}

/// A request in words whose body is a form: its fields are decoded, one a line.
pub fn shown_form(request: &Request) -> String {
    let text = shown(request);
    let (head, form) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut bytes = Vec::new();
    let mut rest = form.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.split_at_checked(2).and_then(|(digits, after)| {
            let byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
            Some((byte, after))
        });
        rest = match (first, digits) {
            (b'%', Some((byte, after))) => {
                bytes.push(byte);
                after
            }
            (b'&', _) => {
                bytes.push(b'\n');
                after
            }
            (other, _) => {
                bytes.push(*other);
                after
            }
        };
    }
    format!("{head}\n\n{}\n", String::from_utf8_lossy(&bytes))
}

/// The body of an HTTP request as JSON, secrets by name; null if it is none.
pub fn json_body(request: &Request) -> crate::json::Value {
    match request {
        Request::Http(http) => crate::json::parse(parts(&http.body).as_bytes()),
        Request::Mail(_) => crate::json::Value::Null,
    }
}

fn method(method: channel::Method) -> &'static str {
    match method {
        channel::Method::Get => "GET",
        channel::Method::Post => "POST",
        channel::Method::Put => "PUT",
        channel::Method::Delete => "DELETE",
    }
}

fn encoding(encoding: channel::Encoding) -> &'static str {
    match encoding {
        channel::Encoding::Plain => "plain",
        channel::Encoding::Json => "json",
        channel::Encoding::Percent => "percent",
        channel::Encoding::Base64 => "base64",
    }
}

fn parts(parts: &[Part]) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Secret(secret) => format!("<{} {}>", secret.name, encoding(secret.encoding)),
        Part::Basic(basic) => format!("<basic {}:{}>", basic.user, basic.password),
        Part::Signature(signature) => format!("<hmac {} {:?}>", signature.key, signature.prefix),
    };
    parts.iter().map(part).collect()
}

fn table(settings: &[(&str, Value)]) -> Settings {
    Settings::from_pairs(settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
