//! Refusals in the form that nodes give them.

use dogwatch_chain::Time;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Which lineage of nodes to answer like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lineage {
    Hive,
    Steem,
}

/// The exception a node throws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thrown {
    Assert,
    BadCast,
    Parse,
    EndOfFile,
    Unspecified,
    OutOfRange,
    BadLexicalCast,
    MissingActive,
    MissingOther,
    DuplicateSignature,
    Expiration,
    Tapos,
}

impl Thrown {
    /// `data.code`, `data.name`, `data.message`.
    fn data(self) -> (u32, &'static str, &'static str) {
        match self {
            Self::Unspecified => (0, "exception", "unspecified"),
            Self::Parse => (4, "parse_error_exception", "Parse Error"),
            Self::BadCast => (7, "bad_cast_exception", "Bad Cast"),
            Self::Assert => (10, "assert_exception", "Assert Exception"),
            Self::EndOfFile => (11, "eof_exception", "End Of File"),
            Self::OutOfRange => (13, "N5boost10wrapexceptISt12out_of_rangeEE", "0 exception: unspecified"),
            Self::BadLexicalCast => (
                13,
                "N5boost10wrapexceptINS_16bad_lexical_castEEE",
                "bad lexical cast: source type value could not be interpreted as target",
            ),
            Self::MissingActive => (3_010_000, "tx_missing_active_auth", "missing required active authority"),
            Self::MissingOther => (3_040_000, "tx_missing_other_auth", "missing required other authority"),
            Self::DuplicateSignature => (3_060_000, "tx_duplicate_sig", "duplicate signature included"),
            Self::Expiration => (4_030_100, "transaction_expiration_exception", "transaction expiration exception"),
            Self::Tapos => (4_030_200, "transaction_tapos_exception", "transaction tapos exception"),
        }
    }

    fn by_macro(self) -> bool {
        matches!(
            self,
            Self::Assert
                | Self::MissingActive
                | Self::MissingOther
                | Self::DuplicateSignature
                | Self::Expiration
                | Self::Tapos
        )
    }
}

/// Where in the node's source the exception was thrown.
pub(crate) type Place = (&'static str, u32, &'static str);

/// An error as JSON-RPC carries it.
#[derive(Clone, Debug)]
pub(crate) struct NodeError(Box<Details>);

#[derive(Clone, Debug)]
struct Details {
    thrown: Option<Thrown>,
    /// Fixed by the JSON-RPC layer; otherwise it follows from what was thrown.
    code: Option<i32>,
    expression: String,
    text: String,
    suffix: &'static str,
    place: Place,
    data: Value,
    trx: Option<Value>,
}

impl NodeError {
    /// `FC_ASSERT` and its kin: the expression that was false, and a text.
    pub(crate) fn check(thrown: Thrown, expression: &str, text: impl Into<String>, place: Place, data: Value) -> Self {
        Self(Box::new(Details {
            thrown: Some(thrown),
            code: None,
            expression: expression.to_owned(),
            text: text.into(),
            suffix: "",
            place,
            data,
            trx: None,
        }))
    }

    pub(crate) fn assert(expression: &str, text: impl Into<String>, place: Place, data: Value) -> Self {
        Self::check(Thrown::Assert, expression, text, place, data)
    }

    /// An exception thrown without an expression.
    pub(crate) fn thrown(thrown: Thrown, text: impl Into<String>, place: Place, data: Value) -> Self {
        Self::check(thrown, "", text, place, data)
    }

    /// An error of the JSON-RPC layer itself, without data.
    pub(crate) fn protocol(code: i32, text: &str) -> Self {
        let mut error = Self::assert("", text, ("", 0, ""), Value::Null).with_code(code);
        error.0.thrown = None;
        error
    }

    pub(crate) fn with_code(mut self, code: i32) -> Self {
        self.0.code = Some(code);
        self
    }

    /// The sentence that Hive adds when neither way of packing the transaction fits its signatures.
    pub(crate) fn both_encodings(mut self, lineage: Lineage) -> Self {
        if lineage == Lineage::Hive && matches!(self.0.thrown, Some(Thrown::MissingActive | Thrown::MissingOther)) {
            self.0.suffix = "Transaction failed to validate using both new (hf26) and legacy serialization";
        }
        self
    }

    /// Nodes echo the transaction in the stack.
    pub(crate) fn echoing(mut self, trx: Value) -> Self {
        self.0.trx = Some(trx);
        self
    }

    pub(crate) fn to_json(&self, lineage: Lineage, now: Time) -> Value {
        let Details { thrown, code, expression, text, suffix, place, data, trx } = &*self.0;
        let Some(thrown) = *thrown else {
            return json!({ "code": code, "message": text });
        };
        let (data_code, name, title) = thrown.data();
        let code = code.unwrap_or(match (lineage, thrown) {
            (_, Thrown::Assert) => -32003,
            // Steem's JSON-RPC layer sorts out only assertions; Hive made its other macros assertions too.
            (Lineage::Hive, _) if thrown.by_macro() => -32003,
            _ => -32000,
        });
        let message = match (thrown.by_macro(), lineage, thrown) {
            (true, Lineage::Steem, Thrown::Assert) | (true, Lineage::Hive, _) => {
                format!("{title}:{expression}: {text}{suffix}")
            }
            (false, _, Thrown::OutOfRange) => format!("{text}:{text}: "),
            _ => format!("{title}:{text}"),
        };
        let title = if thrown == Thrown::OutOfRange { text.as_str() } else { title };
        let frame = |level: &str, (file, line, method): Place, format: &str, data: &Value| {
            json!({
                "context": {
                    "level": level, "file": file, "line": line, "method": method, "hostname": "",
                    "thread_name": "write_queue", "timestamp": Time::from_secs(now.as_secs()).to_string(),
                },
                "format": format,
                "data": data,
            })
        };
        let mut stack = vec![frame("error", *place, text, data)];
        if let Some(trx) = trx {
            let data = json!({ "full_transaction->get_transaction()": trx });
            stack.push(frame("warn", ("database.cpp", 2705, "_apply_transaction"), "", &data));
        }
        let mut data = json!({ "code": data_code, "name": name, "message": title, "stack": stack });
        if let (Lineage::Hive, Some(members)) = (lineage, data.as_object_mut()) {
            if thrown.by_macro() {
                members.insert("extension".into(), json!({ "assertion_expression": expression }));
                members.insert("assert_hash".into(), assert_hash(expression).into());
            } else {
                members.insert("extension".into(), json!({}));
            }
        }
        json!({ "code": code, "message": message, "data": data })
    }
}

/// The hash by which Hive's clients can tell assertions apart; those seen on a real node, others made up.
fn assert_hash(expression: &str) -> String {
    let seen = match expression {
        "signing_key == witness.signing_key" => "13495976495003141211",
        "!is_known_transaction( trx_id )" => "13387939760965089378",
        "s.check_authority( auth, \"?\", \"?\" )" => "11163840341221190834",
        "s.check_authority( id )" => "8028055836448166003",
        "now < full_transaction->get_runtime_expiration()" => "15547926314412055595",
        "trx.expiration <= now + HIVE_MAX_TIME_UNTIL_SIGNATURE_EXPIRATION" => "18083054294815937444",
        "trx.ref_block_prefix == tapos_block_summary.block_id._hash[1]" => "9727785264098047378",
        "str.size() > 0" => "10764410497911720449",
        "operations.size() > 0" => "6215446810186363223",
        "api_itr != data._registered_apis.end()" => "13750519470524334703",
        "method_itr != api_itr->second.end()" => "7693992138104256440",
        "v.size() == 2" => "14981283872383296705",
        "is_canonical(c)" => "2330317193123361995",
        "args.size() == 1" => "1163401527353880020",
        "!check_max_block_age( args.max_block_age )" => "4716502953486857149",
        "0 < args.limit && args.limit <= DATABASE_API_SINGLE_QUERY_LIMIT" => "17514538304006355483",
        "account_creation_fee.amount >= HIVE_MIN_ACCOUNT_CREATION_FEE" => "13298044044757384424",
        "b58_with_prefix.size() > prefix_len" => "14618944618926461147",
        "b58_with_prefix.substr( 0, prefix_len ) == prefix" => "18429097972888964677",
        "false" => "3372626016653902757",
        "in_len <= sizeof(data)" => "15599059534279751802",
        "maximum_block_size >= HIVE_MIN_BLOCK_SIZE_LIMIT" => "12531308791266848275",
        "memcmp( (char*)&check, data.data + sizeof(key), sizeof(check) ) == 0" => "852945074663262876",
        "new_signature_info.signature_keys.insert(fc::ecc::public_key(signature, new_signature_info.sig_digest)).second" => {
            "10995027679849894287"
        }
        "number <= HIVE_100_PERCENT" => "16102042441813917168",
        "s == sizeof(data)" => "9636002984027607685",
        other => {
            let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(Sha256::digest(other));
            return u64::from_le_bytes([a, b, c, d, e, f, g, h]).to_string();
        }
    };
    seen.to_owned()
}
