//! Uptime Kuma's push monitors.

use std::collections::BTreeMap;

use serde_json::json;

use crate::service::{Answer, Seen, Service};

/// The longest accepted ping, in milliseconds.
const LONGEST_PING: f64 = 100_000_000_000.0;

/// The kind of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Up.
    Up,
    /// Down: people are notified.
    Down,
}

/// An accepted push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// Its kind.
    pub status: Status,
    /// Its message.
    pub message: String,
}

/// Whether a monitor accepts pushes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activity {
    /// It accepts them.
    #[default]
    Active,
    /// The operator has paused it.
    Paused,
}

/// A monitor of the type Push.
#[derive(Clone, Debug, Default)]
pub struct Monitor {
    /// Whether it accepts pushes.
    pub activity: Activity,
    /// The accepted pushes.
    pub pushes: Vec<Push>,
}

/// The service.
#[derive(Clone, Debug, Default)]
pub struct UptimeKuma {
    /// The monitors, by their tokens.
    pub monitors: BTreeMap<String, Monitor>,
    /// The internal error of the service, if its database fails.
    pub failure: Option<String>,
}

impl UptimeKuma {
    /// A service with one monitor.
    pub fn new(token: &str) -> Self {
        Self { monitors: BTreeMap::from([(token.to_owned(), Monitor::default())]), failure: None }
    }

    fn push(&mut self, token: &str, fields: &BTreeMap<String, String>) -> Result<(), String> {
        let field = |name: &str| fields.get(name).map(String::as_str).filter(|value| !value.is_empty());
        // A ping that is not a number is ignored.
        let ping = field("ping").and_then(|ping| ping.parse::<f64>().ok());
        if ping.is_some_and(|ping| !(0.0..=LONGEST_PING).contains(&ping)) {
            return Err(format!("Invalid ping value. Must be between 0 and {LONGEST_PING} ms."));
        }
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let monitor = self.monitors.get_mut(token).filter(|monitor| monitor.activity == Activity::Active);
        let Some(monitor) = monitor else { return Err("Monitor not found or not active.".to_owned()) };
        let status = if field("status").unwrap_or("up") == "up" { Status::Up } else { Status::Down };
        monitor.pushes.push(Push { status, message: field("msg").unwrap_or("OK").to_owned() });
        Ok(())
    }
}

impl Service for UptimeKuma {
    fn answer(&mut self, seen: &Seen) -> Answer {
        let segments = seen.segments();
        let segments: Vec<_> = segments.iter().map(String::as_str).collect();
        // Every HTTP method is accepted.
        if let ["api", "push", token] | ["api", "push", token, ""] = segments.as_slice()
            && !token.is_empty()
        {
            return match self.push(token, &seen.fields()) {
                Ok(()) => Answer::json(200, &json!({ "ok": true })),
                Err(message) => Answer::json(404, &json!({ "ok": false, "msg": message })),
            };
        }
        if seen.method == "GET" && !seen.path.starts_with("/upload/") {
            let page = "<!DOCTYPE html><html><head><title>Uptime Kuma</title></head></html>";
            return Answer::html(200, page);
        }
        let page = format!("<pre>Cannot {} {}</pre>", seen.method, seen.path);
        Answer::html(404, &page)
    }

    /// Uptime Kuma has no rate limit, but the proxy in front of it may have one.
    fn rate_limit(&mut self, _seen: &Seen) -> Answer {
        Answer::html(429, "<html><body>429 Too Many Requests</body></html>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(service: &mut UptimeKuma, method: &str, path: &str, query: &str) -> (u16, String) {
        let answer = service.answer(&Seen { query: query.to_owned(), ..Seen::new(method, path) });
        (answer.status, String::from_utf8(answer.body).unwrap())
    }

    #[test]
    fn takes_pushes() {
        let mut service = UptimeKuma::new("abc");
        let queries = [
            ("status=up&msg=OK&ping=", Status::Up, "OK"),
            ("status=down&msg=no%20head%20of%20hive+seen&ping=12.5", Status::Down, "no head of hive seen"),
            ("", Status::Up, "OK"),
            ("status=failing&msg=&ping=x", Status::Down, "OK"),
        ];
        for (query, status, message) in queries {
            assert_eq!(ask(&mut service, "GET", "/api/push/abc", query), (200, r#"{"ok":true}"#.to_owned()));
            let push = Push { status, message: message.to_owned() };
            assert_eq!(service.monitors["abc"].pushes.last(), Some(&push), "{query}");
        }
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let mut service = UptimeKuma::new("abc");
        let not_found = (404, r#"{"msg":"Monitor not found or not active.","ok":false}"#.to_owned());
        assert_eq!(ask(&mut service, "GET", "/api/push/abd", "status=up"), not_found);
        service.monitors.get_mut("abc").unwrap().activity = Activity::Paused;
        assert_eq!(ask(&mut service, "GET", "/api/push/abc", "status=up"), not_found);
        service.monitors.get_mut("abc").unwrap().activity = Activity::Active;
        for ping in ["-1", "100000000001"] {
            let (status, body) = ask(&mut service, "GET", "/api/push/abc", &format!("ping={ping}"));
            assert_eq!((status, body.contains("Invalid ping value")), (404, true), "{body}");
        }
        service.failure = Some("SQLITE_BUSY: database is locked".to_owned());
        let (status, body) = ask(&mut service, "GET", "/api/push/abc", "");
        assert_eq!((status, body.contains("SQLITE_BUSY")), (404, true), "{body}");
        assert!(service.monitors["abc"].pushes.is_empty());
    }

    #[test]
    fn shows_its_page_where_there_is_nothing() {
        let mut service = UptimeKuma::new("abc");
        for path in ["/push/abc", "/api/push", "/api/push/", "/api/push/abc/up", "/"] {
            let (status, body) = ask(&mut service, "GET", path, "");
            assert_eq!((status, body.contains("<title>Uptime Kuma")), (200, true), "{path}");
        }
        assert_eq!(ask(&mut service, "POST", "/push/abc", "").0, 404);
        assert!(service.monitors["abc"].pushes.is_empty());
    }
}
