//! Every fault, and how it must be told.

use dogwatch_rpc::Standing;

use crate::authority::Certificate;
use crate::chain::{TRUTH, View, height};
use crate::fault::{End, Fault, Spoil};

/// How a fault shows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shows {
    /// The endpoint's polls fail, with this in the reason.
    Error(&'static str),
    /// Its polls are answered, and beside two good endpoints it stands like this.
    Standing(fn(&Standing) -> bool),
    /// Nothing is wrong with its head: the witness's key is what it lies about.
    Lie,
    /// It is slow, and no more.
    Late,
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) fault: Fault,
    pub(crate) shows: Shows,
}

const HTML: &[u8] = b"<!doctype html><html><body>Scheduled maintenance</body></html>";
const SWAGGER: &[u8] = b"<!DOCTYPE html>\n<html><head><title>Swagger UI</title></head><body><div id=\"swagger-ui\">";
const HEALTH: &[u8] = br#"{"status":"OK","datetime":"2018-07-28T07:00:00.000Z","source_commit":"abc"}"#;
const DEEP: [u8; 4096] = [b'['; 4096];
const NOT_UTF8: &[u8] = b"{\"jsonrpc\":\"2.0\",\"result\":\"\xff\xfe\",\"id\":1}";

/// All of them. The numbers of blocks are those of this moment.
pub(crate) fn cases() -> Vec<Case> {
    use Shows::{Error, Standing as Stands};
    let mut cases = Vec::new();
    let mut add = |name, fault, shows| cases.push(Case { name, fault, shows });

    add("connection refused", Fault::Refuse, Error("not reachable"));
    add("name not found", Fault::NoSuchName, Error("cannot resolve its name"));
    add("closed at once", Fault::CloseAtOnce, Error(""));
    add("mute: not even a handshake", Fault::Mute, Error("connecting took longer"));
    add("no TLS at the port", Fault::NotTls, Error("there may be no TLS"));
    add("certificate expired", Fault::Certificate(Certificate::Expired), Error("renew the certificate"));
    add(
        "certificate for another name",
        Fault::Certificate(Certificate::OtherName),
        Error("that the certificate is for"),
    );
    add("certificate of a stranger", Fault::Certificate(Certificate::Stranger), Error("lacks the authority"));
    add("hangs after the request", Fault::Hang, Error("took longer"));
    add("slower than the timeout", Fault::Slow(30_000), Error("took longer"));
    add("slow, within the timeout", Fault::Slow(200), Shows::Late);
    add("byte by byte", Fault::Drip, Error("took longer"));
    add("reset after the request", Fault::Reset, Error("connection broke"));
    add("closed in mid-body", Fault::CutInBody(End::Close), Error("connection broke"));
    add("reset in mid-body", Fault::CutInBody(End::Reset), Error("connection broke"));
    add("50 MB, announced", Fault::Flood { announced: Some(50 << 20) }, Error("larger than"));
    add("no end, unannounced", Fault::Flood { announced: None }, Error("larger than"));
    add("a kilobyte that becomes a megabyte", Fault::Bomb, Error("larger than"));

    let redirect = |status, to| Fault::Status(status, vec![("Location", to)]);
    add("301 to another host", redirect(301, "https://elsewhere.example/"), Error("to another host"));
    add("302 to another path", redirect(302, "/login"), Error("to another path"));
    add("307 from https to http", redirect(307, "http://faulty.test/"), Error("from https to http"));
    add("308 to itself", redirect(308, "/"), Error("back to the same URL"));
    add("308 to another port", redirect(308, "https://faulty.test:8443/"), Error("non-default port"));
    add("303, which would be a GET", redirect(303, "https://faulty.test/"), Error("gives no URL to repeat"));
    add("301 without a place", Fault::Status(301, vec![]), Error("no usable Location"));
    add("301 out of HTTP", redirect(301, "ftp://faulty.test/"), Error("a scheme other than HTTP"));

    for (name, status, says) in [
        ("status 201", 201, "HTTP status 201"),
        ("status 204", 204, "HTTP status 204"),
        ("status 400", 400, "HTTP status 400"),
        ("status 401", 401, "credentials that this machine lacks"),
        ("status 403", 403, "credentials that this machine lacks"),
        ("status 404", 404, "not a JSON-RPC endpoint"),
        ("status 405", 405, "not a JSON-RPC endpoint"),
        ("status 429", 429, "too many requests"),
        ("status 500", 500, "the provider's side"),
        ("status 502", 502, "the provider's side"),
        ("status 503", 503, "the provider's side"),
        ("status 504", 504, "the provider's side"),
    ] {
        add(name, Fault::Status(status, vec![]), Error(says));
    }
    add("429 with seconds", Fault::Status(429, vec![("Retry-After", "120")]), Error("a pause of 120 s"));
    let dates = vec![("Retry-After", "Sat, 28 Jul 2018 07:01:30 GMT"), ("Date", "Sat, 28 Jul 2018 07:00:00 GMT")];
    add("429 with a date", Fault::Status(429, dates), Error("a pause of 90 s"));
    add("503 with seconds", Fault::Status(503, vec![("Retry-After", "7")]), Error("a pause of 7 s"));
    add("429 with nonsense", Fault::Status(429, vec![("Retry-After", "soon")]), Error("too many requests"));

    add("an empty body", Fault::Page(b""), Error("it is empty"));
    add("a web page", Fault::Page(HTML), Error("is not JSON"));
    add("a swagger page", Fault::Page(SWAGGER), Error("is not JSON"));
    add("a health document", Fault::Page(HEALTH), Error("not JSON-RPC"));
    add("an empty list", Fault::Page(b"[]"), Error("not JSON-RPC"));
    add("a mere text", Fault::Page(b"\"ok\""), Error("not JSON-RPC"));
    add("brackets without end", Fault::Page(&DEEP), Error("is not JSON"));
    add("bytes that are no text", Fault::Page(b"\xff\xfe{}"), Error("is not JSON"));
    // Such bytes within a text are a user's, and cost nothing else.
    add("a text that is no text", Fault::Page(NOT_UTF8), Error("another request's id"));

    for (name, spoil, says) in [
        ("truncated JSON", Spoil::Truncated, "breaks off"),
        ("another request's id", Spoil::WrongId, "another request's id"),
        ("no id", Spoil::NoId, "another request's id"),
        ("the id as text", Spoil::TextId, "another request's id"),
        ("no version", Spoil::NoVersion, "no \"jsonrpc\""),
        ("JSON-RPC 1.0", Spoil::OldVersion, "no \"jsonrpc\""),
        ("a null result", Spoil::NullResult, ""),
        ("a list for an object", Spoil::ListResult, ""),
        ("an empty object", Spoil::EmptyResult, ""),
        ("result and error", Spoil::BothMembers, "both a result and an error"),
        ("neither result nor error", Spoil::NeitherMember, "neither a result nor an error"),
        ("an internal error", Spoil::InternalError, "chain id"),
        ("a gateway's timeout", Spoil::GatewayTimeout, "chain id"),
        ("methods not offered", Spoil::NotOffered, "chain id"),
        ("a batch with an answer missing", Spoil::BatchLacksOne, "lacks an answer"),
        ("a batch with an answer twice", Spoil::BatchHasOneTwice, "two answers with one id"),
        ("one result for a batch", Spoil::OneForTheBatch, "one result for a whole batch"),
        ("another chain", Spoil::OtherChain, "wrong chain: expected id"),
        ("a chain that is not told", Spoil::NoChainId, "chain id"),
        ("a head that contradicts itself", Spoil::HeadDiffersFromId, "is not the one in head_block_id"),
        ("a schedule without witnesses", Spoil::FewWitnesses, "fewer witnesses"),
    ] {
        add(name, Fault::Spoilt(spoil), Error(says));
    }

    let other = |view| Fault::Other(view);
    let stale = |standing: &Standing| matches!(standing, Standing::Stale { .. } | Standing::Frozen { .. });
    let fork = |standing: &Standing| matches!(standing, Standing::MinorityFork { .. } | Standing::Disputed { .. });
    let future = |standing: &Standing| matches!(standing, Standing::Future { .. });
    add("stale: ten minutes behind", other(View { off: -200, ..TRUTH }), Stands(stale));
    add("stale: a day behind", other(View { off: -28_800, ..TRUTH }), Stands(stale));
    add("frozen at a block", other(View { frozen_at: Some(height() - 40), ..TRUTH }), Stands(stale));
    add("on a fork of its own", other(View { branch: 9, ..TRUTH }), Stands(fork));
    add("a head of the future", other(View { off: 200, ..TRUTH }), Stands(future));
    add("a clock that is an hour ahead", other(View { time_off: 3600, ..TRUTH }), Stands(future));
    add("a clock that is an hour behind", other(View { time_off: -3600, ..TRUTH }), Stands(stale));
    add(
        "impossibly far ahead",
        other(View { off: 5000, time_off: -15_000, ..TRUTH }),
        Stands(|standing| matches!(standing, Standing::Ahead { .. })),
    );
    add("another key for the witness", other(View { key: 7, ..TRUTH }), Shows::Lie);
    cases
}
