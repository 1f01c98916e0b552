//! A service that echoes what it was sent, in every place that a channel may quote.

use dogwatch_services::{Answer, Seen, Service};
use serde_json::{Map, Value, json};

/// The JSON fields in which services give reasons.
const EXPLANATIONS: [&str; 16] = [
    "message",
    "error",
    "errorDescription",
    "description",
    "msg",
    "sid",
    "id",
    "event_id",
    "requestId",
    "dedup_key",
    "receipt",
    "request",
    "health",
    "database",
    "status",
    "answered_by",
];

/// What is echoed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    /// The method, path and query.
    Address,
    /// The headers.
    Headers,
    /// The body.
    Body,
    /// Nothing that was sent, but text that no program should have to read.
    Garbage,
}

/// The form of the echo.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// As plain text.
    Text,
    /// In JSON, in every field in which services give reasons.
    Json,
    /// The same, with a number as the status: some channels only believe a service that sends one.
    Numbered,
}

/// The echoing service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Echo {
    pub(crate) status: u16,
    pub(crate) what: What,
    pub(crate) shape: Shape,
}

impl Echo {
    /// Every combination of content and form.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for status in [200, 202, 400, 401, 404, 500] {
            for shape in [Shape::Text, Shape::Json, Shape::Numbered] {
                for what in [What::Address, What::Headers, What::Body, What::Garbage] {
                    all.push(Self { status, what, shape });
                }
            }
        }
        all
    }

    fn said(self, seen: &Seen) -> String {
        match self.what {
            What::Address => format!("{} {}?{}", seen.method, seen.path, seen.query),
            What::Headers => {
                // The login first, because long texts are cut.
                let first = ["authorization", "x-gotify-key"].map(|name| seen.header(name).to_owned());
                let all = seen.headers.iter().map(|(name, value)| format!("{name}: {value}"));
                first.into_iter().chain(all).collect::<Vec<_>>().join(" ")
            }
            What::Body => String::from_utf8_lossy(&seen.body).into_owned(),
            What::Garbage => "\0<![CDATA[ {\"\u{ff} \u{202e}".to_owned(),
        }
    }
}

impl Service for Echo {
    fn answer(&mut self, seen: &Seen) -> Answer {
        let said = self.said(seen);
        if matches!(self.shape, Shape::Text) {
            return Answer::text(self.status, &said);
        }
        let explained = |name: &str| (name.to_owned(), Value::from(said.as_str()));
        let mut body: Map<String, Value> = EXPLANATIONS.into_iter().map(explained).collect();
        body.insert("errors".to_owned(), json!([said]));
        body.insert("errcode".to_owned(), format!("M_{said}").into());
        body.insert("code".to_owned(), 40_000.into());
        body.insert("ok".to_owned(), false.into());
        body.insert("data".to_owned(), json!({"isSuccess": false, "status": said}));
        if matches!(self.shape, Shape::Numbered) {
            body.insert("status".to_owned(), 0.into());
        }
        Answer::json(self.status, &Value::Object(body))
    }

    fn rate_limit(&mut self, seen: &Seen) -> Answer {
        Answer { status: 429, ..self.answer(seen) }
    }
}
