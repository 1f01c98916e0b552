//! The hashes that identify assertions to Hive's clients.

use sha2::{Digest as _, Sha256};

/// The hash of an asserted expression: a real node's if we have seen it, otherwise a made-up one.
pub(super) fn assert_hash(expression: &str) -> String {
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
