//! The methods that nodes offer.

use std::time::Duration;

use dogwatch_chain::{SignedTransaction, Time};
use serde_json::{Value, json};

use super::params::{check_name_length, future_round, number, text, texts};
use super::read_transaction::read_transaction;
use super::request::NodeRequest;
use crate::answers::{AnswerContext, JsonForm, accounts, blocks, globals, schedule, status, witnesses};
use crate::error_reply::{ErrorReply, Exception};
use crate::rules::check_authority;

/// The outcome of a method.
#[derive(Debug)]
pub(crate) enum MethodOutcome {
    /// An answer.
    Answer(Value),
    /// A transaction to be broadcast.
    Broadcast { trx: Box<SignedTransaction>, mode: BroadcastMode },
}

/// When a broadcast is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BroadcastMode {
    /// At once.
    Asynchronous,
    /// When the transaction is in a block or has expired.
    Synchronous,
}

/// The APIs of a node.
const APIS: [&str; 6] =
    ["condenser_api", "database_api", "block_api", "network_broadcast_api", "transaction_status_api", "jsonrpc"];

impl NodeRequest<'_> {
    /// Runs the method that the request names.
    pub(crate) fn run(&self, context: AnswerContext<'_>) -> Result<MethodOutcome, ErrorReply> {
        let outcome = match self.api {
            "condenser_api" => self.condenser(context),
            "database_api" => self.database(context),
            "block_api" => self.block(context),
            "network_broadcast_api" if self.method == "broadcast_transaction" => {
                let trx = self.member("trx").unwrap_or(&Value::Null);
                self.check_age(context)?;
                return self.broadcast(context, trx, BroadcastMode::Asynchronous);
            }
            "transaction_status_api" if self.method == "find_transaction" => self.find_transaction(context).map(Some),
            _ => Ok(None),
        };
        match outcome? {
            // The members of a transaction to be broadcast keep their names.
            Some(MethodOutcome::Answer(value)) => {
                Ok(MethodOutcome::Answer(globals::renamed(value, context.setup.lineage)))
            }
            Some(outcome) => Ok(outcome),
            None => Err(self.not_found()),
        }
    }

    fn condenser(&self, context: AnswerContext<'_>) -> Result<Option<MethodOutcome>, ErrorReply> {
        let args = self.args()?;
        let read = |value: Value| Ok(Some(MethodOutcome::Answer(value)));
        let profile = &context.setup.profile;
        match self.method {
            "get_dynamic_global_properties" => read(globals::dynamic(context, JsonForm::Legacy)),
            "get_version" => read(globals::version(context)),
            "get_config" => read(globals::config(context, JsonForm::Legacy)),
            "get_hardfork_version" => read(globals::hardfork(context)),
            "get_chain_properties" => read(globals::chain_properties(context, JsonForm::Legacy)),
            "get_witness_schedule" => read(schedule::schedule(context, JsonForm::Legacy, future_round(args.first()))),
            "get_active_witnesses" => read(schedule::active(context, future_round(args.first()))),
            "get_witness_by_account" => {
                let name = text(self.only(args)?);
                check_name_length(name)?;
                read(witnesses::by_account(context, name, JsonForm::Legacy))
            }
            "get_witness_count" => read(json!(context.state.witnesses.len())),
            "get_witnesses_by_vote" => {
                let [from, limit] = self.exactly(args)?;
                let limit = number(limit)?;
                if !(1..=1000).contains(&limit) {
                    let expression = "0 < args.limit && args.limit <= DATABASE_API_SINGLE_QUERY_LIMIT";
                    let place = ("database_api_accounts.cpp", 140, "list_witnesses");
                    return Err(ErrorReply::assert(expression, "limit not set or too big", place, json!({})));
                }
                read(witnesses::by_vote(context, text(from), usize::try_from(limit).unwrap_or(usize::MAX)))
            }
            "get_accounts" => {
                let names = args.first().unwrap_or(&Value::Null);
                read(accounts::accounts(context, &texts(names)?))
            }
            "get_block" => read(blocks::legacy(context, number(self.only(args)?)?)),
            "get_block_header" => read(blocks::legacy_header(context, number(self.only(args)?)?)),
            "is_known_transaction" => read(json!(status::known(context, text(self.only(args)?)))),
            "get_transaction_hex" => {
                let signed = read_transaction(self.only(args)?, profile)?;
                let mut bytes = signed.transaction.to_bytes(profile);
                // There are only a few signatures, so their number fits a one-byte varint.
                bytes.push(u8::try_from(signed.signatures.len().min(127)).unwrap_or(0));
                let signatures: String = signed.signatures.iter().map(|signature| signature.to_hex()).collect();
                read(json!(hex::encode(bytes) + &signatures))
            }
            "verify_authority" => {
                let signed = read_transaction(self.only(args)?, profile)?;
                check_authority(context.setup, context.state, &signed)?;
                read(json!(true))
            }
            "broadcast_transaction" => self.broadcast(context, self.only(args)?, BroadcastMode::Asynchronous).map(Some),
            "broadcast_transaction_synchronous" => {
                self.broadcast(context, self.only(args)?, BroadcastMode::Synchronous).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn database(&self, context: AnswerContext<'_>) -> Result<Option<MethodOutcome>, ErrorReply> {
        let read = |value: Value| Ok(Some(MethodOutcome::Answer(value)));
        let future = future_round(self.member("include_future"));
        match self.method {
            "get_dynamic_global_properties" => read(globals::dynamic(context, JsonForm::Nai)),
            "get_version" => read(globals::version(context)),
            "get_config" => read(globals::config(context, JsonForm::Nai)),
            "get_witness_schedule" => read(schedule::schedule(context, JsonForm::Nai, future)),
            "get_active_witnesses" => read(json!({ "witnesses": schedule::active(context, future) })),
            "find_witnesses" => {
                let owners = self.member("owners").map(texts).transpose()?.unwrap_or_default();
                read(witnesses::find(context, &owners))
            }
            "verify_authority" => {
                let signed = read_transaction(self.member("trx").unwrap_or(&Value::Null), &context.setup.profile)?;
                check_authority(context.setup, context.state, &signed)?;
                read(json!({ "valid": true }))
            }
            "is_known_transaction" => {
                let id = self.member("id").map_or("", text);
                read(json!({ "is_known": status::known(context, id) }))
            }
            _ => Ok(None),
        }
    }

    fn block(&self, context: AnswerContext<'_>) -> Result<Option<MethodOutcome>, ErrorReply> {
        let read = |value: Value| Ok(Some(MethodOutcome::Answer(value)));
        let num = |name| self.member(name).map_or(Ok(0), number);
        match self.method {
            "get_block" => read(blocks::block(context, num("block_num")?)),
            "get_block_header" => read(blocks::header(context, num("block_num")?)),
            "get_block_range" => read(blocks::range(context, num("starting_block_num")?, num("count")?.min(1000))),
            _ => Ok(None),
        }
    }

    fn find_transaction(&self, context: AnswerContext<'_>) -> Result<MethodOutcome, ErrorReply> {
        let expiration = match self.member("expiration").and_then(Value::as_str) {
            None => None,
            Some(at) => Some(Time::parse(at).map_err(|error| {
                let place = ("time.cpp", 90, "from_iso_string");
                ErrorReply::thrown(Exception::BadLexicalCast, error.to_string(), place, json!({}))
            })?),
        };
        Ok(MethodOutcome::Answer(status::find(context, self.member("transaction_id").map_or("", text), expiration)))
    }

    fn broadcast(
        &self,
        context: AnswerContext<'_>,
        trx: &Value,
        mode: BroadcastMode,
    ) -> Result<MethodOutcome, ErrorReply> {
        let trx = read_transaction(trx, &context.setup.profile)?;
        Ok(MethodOutcome::Broadcast { trx: Box::new(trx), mode })
    }

    /// Refuses a broadcast if the head is older than the seconds that the client allows.
    fn check_age(&self, context: AnswerContext<'_>) -> Result<(), ErrorReply> {
        let most = self.member("max_block_age").and_then(Value::as_i64).unwrap_or(-1);
        let age = context.now.since(context.state.time);
        match u64::try_from(most) {
            Ok(most) if age > Duration::from_secs(most) => {
                let place = ("network_broadcast_api.cpp", 70, "broadcast_transaction");
                let expression = "!check_max_block_age( args.max_block_age )";
                Err(ErrorReply::assert(expression, "", place, json!({})))
            }
            _ => Ok(()),
        }
    }

    fn not_found(&self) -> ErrorReply {
        let place = ("json_rpc_plugin.cpp", 402, "find_api_method");
        if APIS.contains(&self.api) {
            let text = format!("Could not find method {}", self.method);
            ErrorReply::assert("method_itr != api_itr->second.end()", text, place, json!({ "method": self.method }))
        } else {
            let text = format!("Could not find API {}", self.api);
            ErrorReply::assert("api_itr != data._registered_apis.end()", text, place, json!({ "api": self.api }))
        }
        .with_code(-32002)
    }
}
