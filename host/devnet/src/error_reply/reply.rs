//! An error as JSON-RPC carries it.

use dogwatch_chain::Time;
use serde_json::{Value, json};

use super::assert_hash::assert_hash;
use super::exception::Exception;
use crate::lineage::Lineage;

/// Where in the node's source an exception is thrown: file, line and function.
pub(crate) type SourceLocation = (&'static str, u32, &'static str);

/// An error as a node words it.
#[derive(Clone, Debug)]
pub(crate) struct ErrorReply(Box<ErrorDetails>);

#[derive(Clone, Debug)]
struct ErrorDetails {
    exception: Option<Exception>,
    /// Set by the JSON-RPC layer; by default it follows from the exception.
    code: Option<i32>,
    expression: String,
    text: String,
    suffix: &'static str,
    location: SourceLocation,
    data: Value,
    trx: Option<Value>,
}

impl ErrorReply {
    /// The error of `FC_ASSERT` and similar macros: the expression that was false, and a text.
    pub(crate) fn check(
        exception: Exception,
        expression: &str,
        text: impl Into<String>,
        location: SourceLocation,
        data: Value,
    ) -> Self {
        Self(Box::new(ErrorDetails {
            exception: Some(exception),
            code: None,
            expression: expression.to_owned(),
            text: text.into(),
            suffix: "",
            location,
            data,
            trx: None,
        }))
    }

    /// The error of `FC_ASSERT`.
    pub(crate) fn assert(expression: &str, text: impl Into<String>, location: SourceLocation, data: Value) -> Self {
        Self::check(Exception::Assert, expression, text, location, data)
    }

    /// An exception thrown without an expression.
    pub(crate) fn thrown(exception: Exception, text: impl Into<String>, location: SourceLocation, data: Value) -> Self {
        Self::check(exception, "", text, location, data)
    }

    /// An error of the JSON-RPC layer itself, without data.
    pub(crate) fn protocol(code: i32, text: &str) -> Self {
        let mut error = Self::assert("", text, ("", 0, ""), Value::Null).with_code(code);
        error.0.exception = None;
        error
    }

    /// The same error with a code of the JSON-RPC layer.
    pub(crate) fn with_code(mut self, code: i32) -> Self {
        self.0.code = Some(code);
        self
    }

    /// Adds the sentence that Hive appends if the signatures fit neither way of packing the transaction.
    pub(crate) fn both_encodings(mut self, lineage: Lineage) -> Self {
        if lineage == Lineage::Hive
            && matches!(self.0.exception, Some(Exception::MissingActive | Exception::MissingOther))
        {
            self.0.suffix = "Transaction failed to validate using both new (hf26) and legacy serialization";
        }
        self
    }

    /// The same error with the transaction in its stack, where nodes quote it.
    pub(crate) fn echoing(mut self, trx: Value) -> Self {
        self.0.trx = Some(trx);
        self
    }

    /// The member `error` of the response.
    pub(crate) fn to_json(&self, lineage: Lineage, now: Time) -> Value {
        let ErrorDetails { exception, code, expression, text, suffix, location, data, trx } = &*self.0;
        let Some(exception) = *exception else {
            return json!({ "code": code, "message": text });
        };
        let (data_code, name, title) = exception.data();
        let code = code.unwrap_or(match (lineage, exception) {
            (_, Exception::Assert) => -32003,
            // On Steem only assertions have a code of their own; on Hive the other macros assert too.
            (Lineage::Hive, _) if exception.by_macro() => -32003,
            _ => -32000,
        });
        let message = match (exception.by_macro(), lineage, exception) {
            (true, Lineage::Steem, Exception::Assert) | (true, Lineage::Hive, _) => {
                format!("{title}:{expression}: {text}{suffix}")
            }
            (false, _, Exception::OutOfRange) => format!("{text}:{text}: "),
            _ => format!("{title}:{text}"),
        };
        let title = if exception == Exception::OutOfRange { text.as_str() } else { title };
        let frame = |level: &str, (file, line, method): SourceLocation, format: &str, data: &Value| {
            json!({
                "context": {
                    "level": level, "file": file, "line": line, "method": method, "hostname": "",
                    "thread_name": "write_queue", "timestamp": Time::from_secs(now.as_secs()).to_string(),
                },
                "format": format,
                "data": data,
            })
        };
        let mut stack = vec![frame("error", *location, text, data)];
        if let Some(trx) = trx {
            let data = json!({ "full_transaction->get_transaction()": trx });
            stack.push(frame("warn", ("database.cpp", 2705, "_apply_transaction"), "", &data));
        }
        let mut data = json!({ "code": data_code, "name": name, "message": title, "stack": stack });
        if let (Lineage::Hive, Some(members)) = (lineage, data.as_object_mut()) {
            if exception.by_macro() {
                members.insert("extension".into(), json!({ "assertion_expression": expression }));
                members.insert("assert_hash".into(), assert_hash(expression).into());
            } else {
                members.insert("extension".into(), json!({}));
            }
        }
        json!({ "code": code, "message": message, "data": data })
    }
}
