//! Healthchecks: healthchecks.io or a self-hosted instance.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::service::{Answer, Seen, Service};

/// healthchecks.io records no more pings of one check than this within [`MINUTE`].
const PINGS_PER_MINUTE: usize = 5;
const MINUTE: Duration = Duration::from_secs(60);

/// The kind of instance. They differ in URLs, limits and error responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    /// healthchecks.io: URLs begin with the id; pings by id are always answered with 200.
    Hosted,
    /// Self-hosted: URLs begin with `/ping`; no rate limit; answers as documented.
    SelfHosted,
}

/// The kind of a ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Success.
    Success,
    /// A start.
    Start,
    /// A failure.
    Fail,
    /// A log entry: only the body counts.
    Log,
    /// The exit status of a program: 0 is a success, any other a failure.
    Exit(u8),
}

/// A recorded ping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ping {
    /// Its kind.
    pub kind: Kind,
    /// The part of its body that was kept.
    pub body: Vec<u8>,
}

/// The state of a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// It has never been pinged.
    #[default]
    New,
    /// The last success or failure was a success.
    Up,
    /// The last success or failure was a failure. People are notified.
    Down,
}

/// A check.
#[derive(Clone, Debug, Default)]
pub struct Check {
    /// The name in the project.
    pub slug: String,
    /// The state.
    pub status: Status,
    /// Whether a start came after the last success or failure.
    pub running: bool,
    /// The recorded pings.
    pub pings: Vec<Ping>,
    /// The number of pings dropped by the rate limit.
    pub dropped: usize,
    recent: VecDeque<Instant>,
}

/// The service, with one project.
#[derive(Clone, Debug)]
pub struct Healthchecks {
    /// The kind of instance.
    pub edition: Edition,
    /// The project's ping key.
    pub ping_key: String,
    /// The checks, by id.
    pub checks: BTreeMap<String, Check>,
    /// How many bytes of a body are kept.
    pub body_limit: usize,
}

/// A check, as a ping identifies it.
enum Named {
    Uuid(String),
    Slug(String),
}

impl Healthchecks {
    /// A service without checks.
    pub fn new(edition: Edition, ping_key: &str) -> Self {
        let body_limit = match edition {
            Edition::Hosted => 100_000,
            Edition::SelfHosted => 10_000,
        };
        Self { edition, ping_key: ping_key.to_owned(), checks: BTreeMap::new(), body_limit }
    }

    /// Adds a check.
    #[must_use]
    pub fn with_check(mut self, uuid: &str, slug: &str) -> Self {
        self.checks.insert(uuid.to_owned(), Check { slug: slug.to_owned(), ..Check::default() });
        self
    }

    /// The check and the kind of a ping, or the answer to a request that is not a ping.
    fn read(&self, seen: &Seen) -> Result<(Named, Kind), Answer> {
        let nothing_there = || Answer::html(404, "<h1>Not Found</h1>");
        let segments = seen.segments();
        let mut segments: Vec<_> = segments.iter().map(String::as_str).collect();
        if self.edition == Edition::SelfHosted {
            if segments.first() != Some(&"ping") {
                return Err(nothing_there());
            }
            segments.remove(0);
        }
        if seen.fields().get("rid").is_some_and(|rid| !is_uuid(rid)) {
            return Err(Answer::text(400, "invalid uuid format"));
        }
        let (named, action) = match segments.as_slice() {
            [uuid] | [uuid, ""] if is_uuid(uuid) => (Named::Uuid((*uuid).to_owned()), None),
            [uuid, action] if is_uuid(uuid) => (Named::Uuid((*uuid).to_owned()), Some(*action)),
            [_, slug] | [_, slug, _] if is_slug(slug) && *slug != slug.to_lowercase() => {
                return Err(Answer::text(400, "invalid url format"));
            }
            [key, slug, rest @ ..] if rest.len() <= 1 && is_slug(slug) => {
                if *key != self.ping_key {
                    return Err(Answer::text(404, "not found"));
                }
                (Named::Slug((*slug).to_owned()), rest.first().copied())
            }
            _ => return Err(nothing_there()),
        };
        let kind = match action {
            None => Kind::Success,
            Some("start") => Kind::Start,
            Some("fail") => Kind::Fail,
            Some("log") => Kind::Log,
            Some(number) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
                Kind::Exit(number.parse().map_err(|_| Answer::text(400, "invalid url format"))?)
            }
            Some(_) => return Err(nothing_there()),
        };
        Ok((named, kind))
    }

    /// The id of a check, or the answer for an unknown check.
    fn find(&mut self, named: &Named, seen: &Seen) -> Result<(String, u16), Answer> {
        let slug = match named {
            Named::Uuid(uuid) if self.checks.contains_key(uuid) => return Ok((uuid.clone(), 200)),
            Named::Uuid(_) => {
                return Err(match self.edition {
                    Edition::Hosted => Answer::text(200, "OK (not found)"),
                    Edition::SelfHosted => Answer::text(404, "not found"),
                });
            }
            Named::Slug(slug) => slug,
        };
        let found: Vec<_> = self.checks.iter().filter(|(_, check)| check.slug == *slug).map(|(uuid, _)| uuid).collect();
        match found.as_slice() {
            [] if seen.fields().get("create").is_some_and(|create| create == "1") => {
                let uuid = format!("00000000-0000-4000-8000-{:012}", self.checks.len());
                self.checks.insert(uuid.clone(), Check { slug: slug.clone(), ..Check::default() });
                Ok((uuid, 201))
            }
            [] => Err(Answer::text(404, "not found")),
            [uuid] => Ok(((*uuid).clone(), 200)),
            _ => Err(Answer::text(409, "ambiguous slug")),
        }
    }
}

impl Check {
    /// Whether this ping is within the rate limit.
    fn counts(&mut self) -> bool {
        let now = Instant::now();
        while self.recent.front().is_some_and(|first| now.duration_since(*first) >= MINUTE) {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        self.recent.len() <= PINGS_PER_MINUTE
    }

    fn record(&mut self, ping: Ping) {
        let settled = match ping.kind {
            Kind::Success | Kind::Exit(0) => Some(Status::Up),
            Kind::Fail | Kind::Exit(_) => Some(Status::Down),
            Kind::Start | Kind::Log => None,
        };
        if let Some(status) = settled {
            self.status = status;
            self.running = false;
        }
        self.running |= ping.kind == Kind::Start;
        self.pings.push(ping);
    }
}

impl Service for Healthchecks {
    fn answer(&mut self, seen: &Seen) -> Answer {
        if !matches!(seen.method.as_str(), "HEAD" | "GET" | "POST") {
            return Answer::empty(405).with("allow", "HEAD, GET, POST");
        }
        let found = self.read(seen).and_then(|(named, kind)| Ok((self.find(&named, seen)?, kind)));
        let ((uuid, status), kind) = match found {
            Ok(found) => found,
            Err(answer) => return answer,
        };
        let Some(check) = self.checks.get_mut(&uuid) else { return Answer::empty(500) };
        if self.edition == Edition::Hosted && !check.counts() {
            check.dropped += 1;
            return self.rate_limit(seen);
        }
        let kept = seen.body.get(..self.body_limit).unwrap_or(&seen.body);
        check.record(Ping { kind, body: kept.to_vec() });
        Answer::text(status, if status == 201 { "Created" } else { "OK" })
            .with("ping-body-limit", &self.body_limit.to_string())
    }

    fn rate_limit(&mut self, seen: &Seen) -> Answer {
        match self.read(seen) {
            Ok((Named::Uuid(_), _)) if self.edition == Edition::Hosted => Answer::text(200, "OK (rate limited)"),
            _ => Answer::text(429, "rate limited"),
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<_> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| matches!(byte, b'-' | b'0'..=b'9' | b'a'..=b'f'))
}

fn is_slug(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";
    const OTHER: &str = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea279";

    fn service(edition: Edition) -> Healthchecks {
        Healthchecks::new(edition, "key").with_check(UUID, "dogwatch")
    }

    fn seen(method: &str, address: &str, body: &str) -> Seen {
        Seen { body: body.as_bytes().to_vec(), ..Seen::new(method, address) }
    }

    fn ask(service: &mut Healthchecks, method: &str, address: &str) -> (u16, String) {
        let answer = service.answer(&seen(method, address, "body"));
        (answer.status, String::from_utf8(answer.body).unwrap())
    }

    #[test]
    fn pings_change_the_state_as_they_say() {
        let mut service = service(Edition::SelfHosted);
        let ok = (200, "OK".to_owned());
        let steps = [
            ("/log", Kind::Log, Status::New, false),
            ("/start", Kind::Start, Status::New, true),
            ("", Kind::Success, Status::Up, false),
            ("/start", Kind::Start, Status::Up, true),
            ("/fail", Kind::Fail, Status::Down, false),
            ("/log", Kind::Log, Status::Down, false),
            ("/0", Kind::Exit(0), Status::Up, false),
            ("/255", Kind::Exit(255), Status::Down, false),
        ];
        for (action, kind, status, running) in steps {
            assert_eq!(ask(&mut service, "POST", &format!("/ping/{UUID}{action}")), ok, "{action}");
            let check = &service.checks[UUID];
            assert_eq!((check.status, check.running), (status, running), "{action}");
            assert_eq!(check.pings.last(), Some(&Ping { kind, body: b"body".to_vec() }));
        }
        assert_eq!(ask(&mut service, "GET", "/ping/key/dogwatch/start"), ok);
        assert_eq!(ask(&mut service, "HEAD", "/ping/key/dogwatch?create=1"), ok);
        assert_eq!(service.checks[UUID].pings.len(), 10);
    }

    #[test]
    fn refuses_what_is_no_ping() {
        let mut service = service(Edition::SelfHosted);
        let cases = [
            ("PUT", format!("/ping/{UUID}"), 405),
            ("DELETE", format!("/ping/{UUID}"), 405),
            ("POST", format!("/ping/{OTHER}"), 404),
            ("POST", format!("/{UUID}"), 404),
            ("POST", format!("/ping/{UUID}/success"), 404),
            ("POST", format!("/ping/{UUID}/256"), 400),
            ("POST", format!("/ping/{UUID}?rid=1"), 400),
            ("POST", "/ping/key/unknown".to_owned(), 404),
            ("POST", "/ping/key/Dogwatch".to_owned(), 400),
            ("POST", "/ping/yek/Dogwatch".to_owned(), 400),
            ("POST", "/ping/yek/dogwatch?create=1".to_owned(), 404),
            ("POST", "/ping/key".to_owned(), 404),
            ("POST", format!("/ping/https:%2F%2Fhc-ping.com%2F{UUID}"), 404),
        ];
        for (method, address, status) in cases {
            assert_eq!(ask(&mut service, method, &address).0, status, "{method} {address}");
        }
        assert_eq!(service.checks.len(), 1);
        assert!(service.checks[UUID].pings.is_empty());
    }

    #[test]
    fn slugs_can_be_made_and_can_be_ambiguous() {
        let mut service = service(Edition::SelfHosted);
        assert_eq!(ask(&mut service, "POST", "/ping/key/new/log?create=1"), (201, "Created".to_owned()));
        assert_eq!(ask(&mut service, "POST", "/ping/key/new?create=1"), (200, "OK".to_owned()));
        assert_eq!(service.checks.len(), 2);
        service = service.with_check(OTHER, "dogwatch");
        assert_eq!(ask(&mut service, "POST", "/ping/key/dogwatch"), (409, "ambiguous slug".to_owned()));
    }

    #[test]
    fn the_hosted_one_answers_200_and_says_in_the_body_what_became_of_it() {
        let mut service = service(Edition::Hosted);
        assert_eq!(ask(&mut service, "POST", &format!("/{OTHER}")), (200, "OK (not found)".to_owned()));
        for _ in 0..5 {
            assert_eq!(ask(&mut service, "POST", &format!("/{UUID}")), (200, "OK".to_owned()));
        }
        assert_eq!(ask(&mut service, "POST", &format!("/{UUID}/fail")), (200, "OK (rate limited)".to_owned()));
        assert_eq!(ask(&mut service, "POST", "/key/dogwatch/fail").0, 429);
        let check = &service.checks[UUID];
        assert_eq!((check.status, check.pings.len(), check.dropped), (Status::Up, 5, 2));
    }

    #[test]
    fn keeps_the_beginning_of_a_body() {
        let mut service = service(Edition::SelfHosted);
        let answer = service.answer(&seen("POST", &format!("/ping/{UUID}/fail"), &"x".repeat(20_000)));
        assert!(answer.headers.contains(&("ping-body-limit".to_owned(), "10000".to_owned())));
        assert_eq!(service.checks[UUID].pings[0].body.len(), 10_000);
    }
}
