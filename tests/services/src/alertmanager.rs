//! Prometheus' Alertmanager: `POST /api/v2/alerts`, and the request of the channel's self-test.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::service::{Answer, Seen, Service, unknown};

/// Milliseconds until an alert without an end is over: `resolve_timeout`.
const RESOLVE_TIMEOUT: i64 = 300_000;

/// Labels or annotations, by name.
pub type Pairs = BTreeMap<String, String>;

/// An Alertmanager.
pub struct Alertmanager {
    /// Who may send requests.
    pub login: Login,
    /// All alerts, ended ones included, by their labels, which identify them.
    pub alerts: BTreeMap<Pairs, Alert>,
    clock: Box<dyn Fn() -> i64 + Send>,
}

/// Who may send requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// Anyone.
    Open,
    /// Clients with this bearer token.
    Token(String),
    /// This user with this password.
    User(String, String),
}

/// An alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// The annotations.
    pub annotations: Pairs,
    /// When it began, in milliseconds since 1970.
    pub starts_at: i64,
    /// When it ends, in milliseconds since 1970. It fires until then.
    pub ends_at: i64,
    /// How often it began to fire. Receivers are notified each time.
    pub notifications: u32,
    /// Where the end comes from.
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Named,
    Timeout,
}

impl std::fmt::Debug for Alertmanager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Alertmanager").field("login", &self.login).field("alerts", &self.alerts).finish_non_exhaustive()
    }
}

impl Alertmanager {
    /// An Alertmanager without alerts. The clock gives its time in milliseconds since 1970.
    pub fn new(login: Login, clock: impl Fn() -> i64 + Send + 'static) -> Self {
        Self { login, alerts: BTreeMap::new(), clock: Box::new(clock) }
    }

    /// The alerts that fire now and have this label.
    pub fn firing(&self, name: &str, value: &str) -> Vec<(&Pairs, &Alert)> {
        let now = (self.clock)();
        let has = |labels: &Pairs| labels.get(name).is_some_and(|found| found == value);
        self.alerts.iter().filter(|(labels, alert)| has(labels) && alert.ends_at > now).collect()
    }

    fn lets_in(&self, seen: &Seen) -> bool {
        match &self.login {
            Login::Open => true,
            Login::Token(token) => seen.bearer() == Some(token),
            Login::User(user, password) => seen.basic().is_some_and(|(name, word)| name == *user && word == *password),
        }
    }

    fn post(&mut self, seen: &Seen) -> Answer {
        let media = seen.media();
        if media != "application/json" {
            let message = format!("unsupported media type {media:?}, only [application/json] are allowed");
            return Answer::json(415, &json!({"code": 415, "message": message}));
        }
        if seen.body.is_empty() {
            return Answer::json(422, &json!({"code": 602, "message": "alerts in body is required"}));
        }
        let Value::Array(posted) = seen.json() else {
            return failed_to_parse("this is not a list of alerts");
        };
        let mut alerts = Vec::new();
        for posted in &posted {
            match Posted::read(posted) {
                Ok(alert) => alerts.push(alert),
                Err(answer) => return answer,
            }
        }
        let now = (self.clock)();
        let mut errors = Vec::new();
        // Valid alerts are accepted even if others are invalid.
        for posted in alerts {
            match posted.validated(now) {
                Ok((labels, alert)) => self.put(labels, alert, now),
                Err(why) => errors.push(why),
            }
        }
        if errors.is_empty() { Answer::empty(200) } else { Answer::json(400, &json!(errors.join("; "))) }
    }

    /// Merges an alert into the one with the same labels, as Alertmanager does.
    fn put(&mut self, labels: Pairs, mut alert: Alert, now: i64) {
        let old = self.alerts.get(&labels);
        let fired = old.is_some_and(|old| old.ends_at > now);
        if let Some(old) = old {
            alert.notifications = old.notifications;
            let overlaps = (alert.ends_at > old.starts_at && alert.ends_at < old.ends_at)
                || (alert.starts_at > old.starts_at && alert.starts_at < old.ends_at);
            if overlaps {
                alert.starts_at = alert.starts_at.min(old.starts_at);
                let resolved = alert.ends_at <= now;
                let keeps_the_old_end = if resolved { old.ends_at <= now } else { old.end == End::Named };
                if keeps_the_old_end {
                    alert.ends_at = alert.ends_at.max(old.ends_at);
                }
            }
        }
        if alert.ends_at > now && !fired {
            alert.notifications += 1;
        }
        self.alerts.insert(labels, alert);
    }
}

impl Service for Alertmanager {
    fn answer(&mut self, seen: &Seen) -> Answer {
        if !self.lets_in(seen) {
            return Answer::text(401, "Unauthorized\n").with("www-authenticate", "Basic");
        }
        match (seen.method.as_str(), seen.path.as_str()) {
            ("POST", "/api/v2/alerts") => self.post(seen),
            ("GET", "/api/v2/receivers") => Answer::json(200, &json!([{"name": "night"}])),
            ("GET", "/api/v2/status") => Answer::json(
                200,
                &json!({"cluster": {"status": "disabled", "peers": []}, "versionInfo": {"version": "0.28.0"}}),
            ),
            ("GET", "/-/ready" | "/-/healthy") => Answer::text(200, "OK"),
            (_, "/api/v2/alerts") => not_allowed(&seen.method, "GET,POST"),
            (_, "/api/v2/receivers" | "/api/v2/status") => not_allowed(&seen.method, "GET"),
            (_, path) => Answer::json(404, &json!({"code": 404, "message": format!("path {path} was not found")})),
        }
    }

    /// Alertmanager has no rate limit, but the proxy in front of it may have one.
    fn rate_limit(&mut self, _seen: &Seen) -> Answer {
        Answer::throttled_by_proxy()
    }
}

fn not_allowed(method: &str, allowed: &str) -> Answer {
    let message = format!("method {method} is not allowed, but [{allowed}] are");
    Answer::json(405, &json!({"code": 405, "message": message}))
}

fn failed_to_parse(why: &str) -> Answer {
    let message = format!("parsing alerts body from \"\" failed, because {why}");
    Answer::json(400, &json!({"code": 400, "message": message}))
}

/// An alert as received.
#[derive(Debug)]
struct Posted {
    labels: Pairs,
    annotations: Pairs,
    starts_at: Option<i64>,
    ends_at: Option<i64>,
}

impl Posted {
    fn read(posted: &Value) -> Result<Self, Answer> {
        let Value::Object(members) = posted else { return Err(failed_to_parse("an alert is not an object")) };
        let known = ["labels", "annotations", "startsAt", "endsAt", "generatorURL"];
        if let Some(unknown) = unknown(members.keys(), &known) {
            return Err(failed_to_parse(&format!("{unknown} is not known")));
        }
        if !members.contains_key("labels") {
            return Err(Answer::json(422, &json!({"code": 602, "message": "labels in body is required"})));
        }
        Ok(Self {
            labels: pairs(members, "labels")?,
            annotations: pairs(members, "annotations")?,
            starts_at: time(members, "startsAt")?,
            ends_at: time(members, "endsAt")?,
        })
    }

    fn validated(self, now: i64) -> Result<(Pairs, Alert), String> {
        let starts_at = self.starts_at.or(self.ends_at).unwrap_or(now);
        let end = if self.ends_at.is_some() { End::Named } else { End::Timeout };
        let ends_at = self.ends_at.unwrap_or(now + RESOLVE_TIMEOUT);
        if ends_at < starts_at {
            return Err("start time must be before end time".to_owned());
        }
        let labels: Pairs = self.labels.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        if labels.is_empty() {
            return Err("at least one label pair required".to_owned());
        }
        for (what, pairs) in [("label set", &labels), ("annotations", &self.annotations)] {
            if let Some(name) = pairs.keys().find(|name| !is_name(name)) {
                return Err(format!("invalid {what}: invalid name {name:?}"));
            }
        }
        Ok((labels, Alert { annotations: self.annotations, starts_at, ends_at, notifications: 0, end }))
    }
}

fn pairs(members: &Map<String, Value>, name: &str) -> Result<Pairs, Answer> {
    let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    match members.get(name) {
        None => Some(Pairs::new()),
        Some(Value::Object(pairs)) => pairs.iter().map(text).collect(),
        Some(_) => None,
    }
    .ok_or_else(|| failed_to_parse(&format!("{name} is not an object of texts")))
}

fn time(members: &Map<String, Value>, name: &str) -> Result<Option<i64>, Answer> {
    match members.get(name) {
        None => Ok(None),
        Some(value) => match value.as_str().and_then(millis) {
            Some(time) => Ok(Some(time)),
            None => Err(failed_to_parse(&format!("{name} is not a time"))),
        },
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `2023-11-15T06:33:20Z` or `2023-11-15T06:33:20.123Z` as milliseconds since 1970.
fn millis(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let number = |text: &str, digits: usize| {
        (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse::<i64>().ok())?
    };
    let [year, month, day] = date.split('-').collect::<Vec<_>>().try_into().ok()?;
    let [hour, minute, second] = time.split(':').collect::<Vec<_>>().try_into().ok()?;
    let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
    let (hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    let right = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 60;
    let fraction = format!("{fraction:0<3}");
    let fraction = number(fraction.get(..3)?, 3)?;
    // Days in a calendar whose years begin in March.
    let shifted = (month + 9) % 12;
    let years = year - i64::from(month <= 2);
    let days = years * 365 + years / 4 - years / 100 + years / 400 + (153 * shifted + 2) / 5 + day - 1 - 719_468;
    right.then_some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + fraction)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    /// 2023-11-15T06:33:20Z.
    const NOW: i64 = 1_700_030_000_000;

    fn seen(method: &str, path: &str, body: &Value) -> Seen {
        Seen::new(method, path).with_json(body)
    }

    fn alert(ends_at: &str) -> Value {
        json!({
            "labels": {"alertname": "missing", "severity": "page", "empty": ""},
            "annotations": {"summary": "s"},
            "startsAt": "2023-11-15T06:32:17Z",
            "endsAt": ends_at,
        })
    }

    fn post(service: &mut Alertmanager, alerts: &[Value]) -> u16 {
        service.answer(&seen("POST", "/api/v2/alerts", &json!(alerts))).status
    }

    #[test]
    fn reads_times() {
        assert_eq!(millis("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(millis("2000-02-29T00:00:00.5Z"), Some(951_782_400_500));
        assert_eq!(millis("2023-11-15T06:33:20Z"), Some(NOW));
        for wrong in ["", "2023-11-15", "2023-11-15 06:33:20Z", "2023-13-15T06:33:20Z", "2023-11-15T06:33:20"] {
            assert_eq!(millis(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_alert_fires_until_it_ends() {
        let clock = Arc::new(AtomicI64::new(NOW));
        let shared = Arc::clone(&clock);
        let mut service = Alertmanager::new(Login::Open, move || shared.load(Ordering::Relaxed));
        for _ in 0..2 {
            assert_eq!(post(&mut service, &[alert("2023-11-16T06:33:20Z")]), 200);
        }
        let firing = service.firing("alertname", "missing");
        assert_eq!((firing.len(), firing[0].1.notifications), (1, 1));
        assert_eq!(post(&mut service, &[alert("2023-11-15T06:33:21Z")]), 200);
        assert_eq!(service.firing("alertname", "missing").len(), 1, "an end to come does not shorten it");
        assert_eq!(post(&mut service, &[alert("2023-11-15T06:33:20Z")]), 200);
        assert!(service.firing("alertname", "missing").is_empty());
        assert_eq!(post(&mut service, &[alert("2023-11-16T06:33:20Z")]), 200);
        assert_eq!(service.firing("alertname", "missing")[0].1.notifications, 2);
        clock.store(NOW + 2 * 86_400_000, Ordering::Relaxed);
        assert!(service.firing("alertname", "missing").is_empty(), "it ends by itself");
    }

    #[test]
    fn refuses_what_is_wrong() {
        let mut service = Alertmanager::new(Login::Open, || NOW);
        let cases = [
            ("/endsAt", json!("2023-11-15T06:32:16Z"), 400),
            ("/endsAt", json!("tomorrow"), 400),
            ("/startsAt", json!(5), 400),
            ("/labels", json!({}), 400),
            ("/labels", json!({"alertname": ""}), 400),
            ("/labels", json!({"dogwatch-key": "k"}), 400),
            ("/labels", json!({"alertname": 5}), 400),
            ("/labels", json!([]), 400),
            ("/annotations", json!({"1st": "k"}), 400),
            ("/annotations", json!("text"), 400),
        ];
        for (pointer, value, status) in cases {
            let mut wrong = alert("2023-11-16T06:33:20Z");
            *wrong.pointer_mut(pointer).unwrap() = value.clone();
            assert_eq!(post(&mut service, &[wrong]), status, "{pointer} {value}");
        }
        assert_eq!(post(&mut service, &[json!({"annotations": {}})]), 422);
        let mut unknown = alert("2023-11-16T06:33:20Z");
        unknown["endAt"] = "2023-11-16T06:33:20Z".into();
        assert_eq!(post(&mut service, &[unknown]), 400);
        assert!(service.alerts.is_empty());
        let right = seen("POST", "/api/v2/alerts", &json!([alert("2023-11-16T06:33:20Z")]));
        let object = seen("POST", "/api/v2/alerts", &alert("2023-11-16T06:33:20Z"));
        assert_eq!(service.answer(&object).status, 400);
        assert_eq!(service.answer(&Seen { body: Vec::new(), ..right.clone() }).status, 422);
        assert_eq!(service.answer(&Seen { headers: BTreeMap::new(), ..right.clone() }).status, 415);
        assert_eq!(service.answer(&Seen { method: "PUT".into(), ..right.clone() }).status, 405);
        assert_eq!(service.answer(&Seen { path: "/api/v1/alerts".into(), ..right.clone() }).status, 404);
        assert_eq!(service.rate_limit(&right).status, 429);
    }

    #[test]
    fn lets_in_who_may() {
        let ask = |login: &Login, authorization: &str| {
            let mut seen = seen("GET", "/api/v2/receivers", &Value::Null);
            seen.headers.insert("authorization".into(), authorization.into());
            Alertmanager::new(login.clone(), || NOW).answer(&seen).status
        };
        let token = Login::Token("t".into());
        let user = Login::User("u".into(), "p".into());
        assert_eq!((ask(&token, "Bearer t"), ask(&token, "Bearer x"), ask(&token, "")), (200, 401, 401));
        assert_eq!((ask(&user, "Basic dTpw"), ask(&user, "Basic dTp4"), ask(&user, "Bearer t")), (200, 401, 401));
    }
}
