//! The settings: which check is pinged, and where.

use dogwatch_sdk::Reader;

/// The address for pings of healthchecks.io.
const HOSTED: &str = "https://hc-ping.com";
/// The service's limit.
const LONGEST_SLUG: usize = 100;

/// The parsed settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where pings go, without a trailing slash.
    pub url: String,
    /// Which check to ping.
    pub check: Check,
}

/// How the check is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// By its id, the secret `uuid`.
    Uuid,
    /// By the project's secret `ping_key`, and a name in the project.
    Slug {
        /// The check's name in the project.
        slug: String,
        /// What happens when there is no such check.
        create: Create,
    },
}

/// What happens when no check has the slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Create {
    /// The ping is refused.
    Never,
    /// The service creates one.
    Missing,
}

pub(crate) fn read(read: &mut Reader<'_>) -> Config {
    let url = read
        .text(
            "url",
            "Where pings go. Your own Healthchecks server takes them below /ping: https://hc.example.com/ping. The \
             check in the web interface needs a period of at least a minute and a grace time in which Dogwatch starts; the \
             service drops what comes more than five times a minute.",
        )
        .check(|url| is_bare(url))
        .base_address("https://hc.example.com/ping")
        .or(HOSTED.to_owned());
    let uuid = read.secret(
        "uuid",
        "The check's id: the last part of its ping URL, alone. Whoever knows it can ping. Not with ping_key and slug.",
    );
    let ping_key = read.secret(
        "ping_key",
        "The ping key of the project, from the project's settings. Together with slug it names the check, instead of \
         uuid.",
    );
    let slug = read.text("slug", "The check's slug, with ping_key.").check(|slug| is_slug(slug)).optional();
    let create = read.flag("create", "Whether the service makes the check when no check has the slug.").or(false);

    match (uuid, ping_key, &slug) {
        (true, false, None) if create => read.problem("create", "only works with ping_key and slug, not with uuid"),
        (true, false, None) | (false, true, Some(_)) => {}
        (true, ..) => read.problem("uuid", "already names the check; use either uuid, or ping_key and slug"),
        // A wrong slug was reported already.
        (false, true, None) if read.has_problems() => {}
        (false, true, None) => read.problem("slug", "must be given with ping_key: the check's slug"),
        (false, false, Some(_)) => {
            read.problem("ping_key", "must be given as a secret, with slug: the ping key from the project's settings");
        }
        (false, false, None) if read.has_problems() => {}
        (false, false, None) => read.problem(
            "uuid",
            "must be given as a secret: the check's id, the last part of its ping URL; or else ping_key, with slug",
        ),
    }
    let check = match slug {
        Some(slug) => Check::Slug { slug, create: if create { Create::Missing } else { Create::Never } },
        None => Check::Uuid,
    };
    Config { url, check }
}

/// Checks that the URL does not include the check's id.
fn is_bare(url: &str) -> Result<(), String> {
    if url.split('/').any(is_uuid) {
        return Err("must be the address without the check's id, which goes into the secret uuid".to_owned());
    }
    Ok(())
}

/// Whether this has the form of an id: 8, 4, 4, 4 and 12 hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    let lengths: Vec<_> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

fn is_slug(slug: &str) -> Result<(), String> {
    let right = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    if !slug.is_empty() && slug.len() <= LONGEST_SLUG && slug.bytes().all(right) {
        Ok(())
    } else {
        Err(format!("must be 1 to {LONGEST_SLUG} characters out of a-z, 0-9, - and _"))
    }
}
