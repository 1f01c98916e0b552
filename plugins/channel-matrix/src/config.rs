//! The settings, and how they are read.

use dogwatch_sdk::Reader;

/// The parsed settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the homeserver's client API is, without a trailing slash.
    pub url: String,
    /// The room's id.
    pub room: String,
    /// Users whose telephones ring at critical alerts and pages.
    pub mention: Vec<String>,
}

/// The most users that are mentioned: more would be a crowd, not a mention.
const MENTIONS_MOST: usize = 20;

/// Reads the settings and secrets.
pub(crate) fn read(read: &mut Reader<'_>) -> Config {
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
