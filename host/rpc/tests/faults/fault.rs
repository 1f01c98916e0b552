//! What a server may do to its clients.

use serde_json::Value;

use crate::authority::Certificate;
use crate::chain::View;

/// What happens to a connection, and to the requests on it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fault {
    /// Nothing: it answers with the truth.
    None,
    /// Nobody listens.
    Refuse,
    /// The name cannot be looked up.
    NoSuchName,
    /// Connections are closed before a word is said.
    CloseAtOnce,
    /// Connections are taken, and nothing is ever said: no handshake either.
    Mute,
    /// The handshake's answer is not TLS.
    NotTls,
    /// Another certificate.
    Certificate(Certificate),
    /// Nothing follows the request.
    Hang,
    /// The answer begins so many milliseconds late.
    Slow(u64),
    /// The answer comes byte by byte, and never to its end.
    Drip,
    /// The request is read, and the connection reset.
    Reset,
    /// The answer ends in the middle, by a close or by a reset.
    CutInBody(End),
    /// The answer says how long it is, or not, and goes on.
    Flood { announced: Option<usize> },
    /// A few bytes that become a million.
    Bomb,
    /// Another status, with these headers.
    Status(u16, Vec<(&'static str, &'static str)>),
    /// A page, with status 200.
    Page(&'static [u8]),
    /// The right answers, spoilt.
    Spoilt(Spoil),
    /// Right answers about a chain that is not the truth.
    Other(View),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Close,
    Reset,
}

/// What becomes of each answer object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoil {
    WrongId,
    NoId,
    TextId,
    NoVersion,
    OldVersion,
    NullResult,
    ListResult,
    EmptyResult,
    BothMembers,
    NeitherMember,
    InternalError,
    GatewayTimeout,
    NotOffered,
    BatchLacksOne,
    BatchHasOneTwice,
    OneForTheBatch,
    Truncated,
    OtherChain,
    NoChainId,
    HeadDiffersFromId,
    FewWitnesses,
}

impl Spoil {
    /// The answers to a request, as they go out.
    pub(crate) fn apply(self, answers: &mut Value) -> Vec<u8> {
        if let Value::Array(all) = answers {
            match self {
                Self::BatchLacksOne => drop(all.pop()),
                Self::BatchHasOneTwice => all[0] = all[1].clone(),
                Self::OneForTheBatch => return all[0].to_string().into_bytes(),
                _ => {}
            }
            all.iter_mut().for_each(|answer| self.one(answer));
        } else {
            self.one(answers);
        }
        let mut body = answers.to_string().into_bytes();
        if self == Self::Truncated {
            body.truncate(body.len() / 2);
        }
        body
    }

    fn one(self, answer: &mut Value) {
        let error = |code: i64, message: &str| serde_json::json!({ "code": code, "message": message });
        let object = answer.as_object_mut().unwrap();
        match self {
            Self::WrongId => drop(object.insert("id".into(), 999_999_999.into())),
            Self::NoId => drop(object.remove("id")),
            Self::TextId => {
                let text = object["id"].to_string();
                object.insert("id".into(), text.into());
            }
            Self::NoVersion => drop(object.remove("jsonrpc")),
            Self::OldVersion => drop(object.insert("jsonrpc".into(), "1.0".into())),
            Self::NullResult => drop(object.insert("result".into(), Value::Null)),
            Self::ListResult => drop(object.insert("result".into(), Value::Array(Vec::new()))),
            Self::EmptyResult => drop(object.insert("result".into(), serde_json::json!({}))),
            Self::BothMembers => drop(object.insert("error".into(), error(1, "both"))),
            Self::NeitherMember => drop(object.remove("result")),
            Self::InternalError | Self::GatewayTimeout | Self::NotOffered => {
                object.remove("result");
                let error = match self {
                    Self::InternalError => error(-32603, "Internal Error"),
                    Self::GatewayTimeout => error(1000, "Request Timeout"),
                    _ => error(-32601, "Method not found"),
                };
                object.insert("error".into(), error);
            }
            _ => {
                let result = &mut object["result"];
                let is_of = |member: &str| result.get(member).is_some();
                match self {
                    Self::OtherChain if is_of("chain_id") => result["chain_id"] = "ab".repeat(32).into(),
                    Self::OtherChain | Self::NoChainId => {
                        if let Some(members) = result.as_object_mut() {
                            members.retain(|name, _| !name.to_lowercase().contains("chain_id"));
                        }
                    }
                    Self::HeadDiffersFromId if is_of("head_block_number") => result["head_block_number"] = 5.into(),
                    Self::FewWitnesses if is_of("num_scheduled_witnesses") => {
                        result["current_shuffled_witnesses"] = Value::Array(Vec::new());
                    }
                    _ => {}
                }
            }
        }
    }
}
