//! one-line: posts one line per alert to an address.

use dogwatch_sdk::Reader;
use dogwatch_sdk::channel::{Alert, Channel, Event, Header, HttpRequest, Method, Request};

/// The channel.
#[derive(Debug)]
pub struct OneLine;

impl Channel for OneLine {
    const NAME: &'static str = "one-line";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Posts one line per alert to an address.";
    type Config = String;

    fn configure(read: &mut Reader<'_>) -> String {
        read.required_secret("token", "Sent as a bearer token.");
        read.text("url", "Where lines are posted.").base_address("https://lines.example.com").required()
    }

    /// The requests that deliver an alert. The daemon puts the secrets in, sends them, and checks them against `allow_hosts`.
    fn compose(url: &String, _memory: &str, alert: &Alert) -> Result<Vec<Request>, String> {
        if alert.event == Event::Updated {
            return Ok(Vec::new());
        }
        let line = format!("{:?}: {}", alert.severity, alert.summary);
        let request = HttpRequest::new(Method::Post, vec![format!("{url}/lines").into()])
            .header(Header::bearer("token"))
            .json(vec![dogwatch_sdk::json::quote(&line).into()]);
        Ok(vec![request.into()])
    }
}

dogwatch_sdk::export_channel!(OneLine);

#[cfg(test)]
mod tests {
    use dogwatch_sdk::Value;
    use dogwatch_sdk::testing::{alert, compose, shown};

    use super::OneLine;

    #[test]
    fn an_alert_is_one_line() {
        let settings = [("url", Value::Text("https://lines.example.com".to_owned()))];
        let requests = compose::<OneLine>(&settings, &["token"], &alert()).unwrap();
        let request = shown(&requests[0]);
        assert!(request.contains("https://lines.example.com/lines"), "{request}");
        assert!(request.contains("authorization: Bearer <token plain>"), "{request}");
    }
}
