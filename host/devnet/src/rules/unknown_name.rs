//! The error for a name that the state does not have.

use dogwatch_chain::AccountName;
use serde_json::{Value, json};

use crate::error_reply::{ErrorReply, Exception};

/// The index lookup's error, word for word.
pub(super) fn unknown_name(name: &AccountName, object: &str, index: &str) -> ErrorReply {
    let string = "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >";
    let text = format!(
        "0 exception: unspecified\nunknown key: {name} of type: {string} at multiindex lookup: \
         hive::chain::{object}.index<hive::chain::{index}>\n    \
         {{\"kt\":\"{string}\",\"multiindex\":\"hive::chain::{object}\",\
         \"indexed_by_typename\":\"hive::chain::{index}\",\"key\":\"{name}\"}}\n    chainbase.hpp:1243 get"
    );
    let place = ("transaction_util.cpp", 265, "verify_authority");
    ErrorReply::thrown(Exception::OutOfRange, text.clone(), place, json!({ "what": Value::String(text) }))
}
