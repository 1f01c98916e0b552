//! Sends alerts to a room of Matrix. What is sent again after a lost answer shows only once.

mod answers;
mod content;
mod transaction;

use dogwatch_sdk::channel::{Alert, Channel, Header, HttpRequest, Judgement, Method, Request, Response};
use dogwatch_sdk::text::percent;
use dogwatch_sdk::{Reader, Settings};

/// The channel.
#[derive(Debug)]
pub struct Matrix;

/// The settings, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the homeserver's client API is, without a slash at its end.
    pub url: String,
    /// The room's id.
    pub room: String,
    /// Users whose telephones ring at critical alerts and pages.
    pub mention: Vec<String>,
}

/// The most users that are mentioned: more is no mention, but a crowd.
const MENTIONS_MOST: usize = 20;

impl Channel for Matrix {
    const NAME: &'static str = "matrix";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const ABOUT: &'static str = "Sends alerts to a room of Matrix.";
    type Config = Config;

    fn configure(read: &mut Reader<'_>) -> Config {
        let url = read
            .text("url", "The homeserver's address for clients, such as \"https://matrix-client.matrix.org\".")
            .base_address("https://matrix-client.matrix.org")
            .required();
        let room = read
            .text(
                "room",
                "The room's internal id, which begins with !: in Element, Room settings, Advanced. Messages are not \
                 encrypted.",
            )
            .check(|room| is_room(room))
            .required();
        let mention = read
            .texts("mention", "Users who are notified of critical alerts and pages, such as [\"@alice:example.org\"].")
            .check(|users| are_users(users))
            .or(Vec::new());
        read.required_secret(
            "token",
            "The access token of the user who sends, who must be in the room: in Element, Settings, Help & About.",
        );
        Config { url, room, mention }
    }

    fn compose(config: &Config, _memory: &str, alert: &Alert) -> Result<Vec<Request>, String> {
        let url = format!(
            "{}/_matrix/client/v3/rooms/{}/send/m.room.message/{}",
            config.url,
            percent(&config.room),
            transaction::of(&alert.message_id)
        );
        let request = HttpRequest::new(Method::Put, vec![url.into()]).header(Header::bearer("token"));
        Ok(vec![request.json(vec![content::of(config, alert).into()]).into()])
    }

    fn judge(_settings: &Settings, _alert: &Alert, _index: u32, response: &Response) -> Judgement {
        answers::of_message(response)
    }

    fn self_test(config: &Config, _memory: &str) -> Result<Vec<Request>, String> {
        let request = |path: &str| {
            let url = format!("{}/_matrix/client/v3/{path}", config.url);
            HttpRequest::new(Method::Get, vec![url.into()]).header(Header::bearer("token")).into()
        };
        Ok(vec![request("account/whoami"), request("joined_rooms")])
    }

    fn judge_self_test(settings: &Settings, index: u32, response: &Response) -> Judgement {
        match index {
            0 => answers::of_whoami(response),
            _ => answers::of_rooms(settings, response),
        }
    }
}

/// Whether this may be a room's id. Newer rooms have no server in theirs.
fn is_room(room: &str) -> Result<(), String> {
    if room.starts_with('#') {
        return Err(
            "must be the room's internal id, which begins with !, not its address, which begins with #".to_owned()
        );
    }
    let clean = |text: &str| !text.contains(|character: char| character.is_whitespace() || character.is_control());
    match room.strip_prefix('!') {
        // The specification's limit for ids.
        Some(rest) if !rest.is_empty() && room.len() <= 255 && clean(rest) => Ok(()),
        _ => Err("must be the room's internal id, such as \"!abcdefgh:example.org\"".to_owned()),
    }
}

fn are_users(users: &[String]) -> Result<(), String> {
    if users.len() > MENTIONS_MOST {
        return Err(format!("must be at most {MENTIONS_MOST} users"));
    }
    let is_user = |user: &String| {
        let parts = user.strip_prefix('@').and_then(|rest| rest.split_once(':'));
        let clean = !user.contains(|character: char| character.is_whitespace() || character.is_control());
        parts.is_some_and(|(_, server)| !server.is_empty()) && clean && user.len() <= 255
    };
    match users.iter().find(|user| !is_user(user)) {
        None => Ok(()),
        Some(user) => Err(format!("must be users such as \"@alice:example.org\", found {user:?}")),
    }
}

dogwatch_sdk::export_channel!(Matrix);

#[cfg(test)]
mod tests;
