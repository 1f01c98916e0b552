//! Reading from a block's operations which signing keys they set.

use serde_json::Value;

use crate::facts::KeyChange;
use crate::key::PublicKey;
use crate::name::AccountName;
use crate::profile::Profile;

/// The signing key that an operation in a block sets, if it sets one. Operations may be `["name", {…}]` or
/// `{"type": "name_operation", "value": {…}}`.
///
/// What cannot be read is no key change: blocks are full of operations that nobody here knows.
pub fn key_change_from_json(operation: &Value, profile: &Profile) -> Option<KeyChange> {
    let (name, fields) = match operation.as_array().map(Vec::as_slice) {
        Some([name, fields]) => (name.as_str()?, fields),
        _ => (operation.get("type")?.as_str()?.strip_suffix("_operation")?, operation.get("value")?),
    };
    let key = match name {
        "witness_update" => PublicKey::parse(fields.get("block_signing_key")?.as_str()?, &profile.prefix).ok()?,
        "witness_set_properties" => new_signing_key(fields.get("props")?)?,
        _ => return None,
    };
    Some(KeyChange { witness: AccountName::new(fields.get("owner")?.as_str()?).ok()?, key })
}

fn new_signing_key(props: &Value) -> Option<PublicKey> {
    let named = |prop: &&Value| prop.get(0).and_then(Value::as_str) == Some("new_signing_key");
    let prop = props.as_array()?.iter().find(named)?;
    let mut bytes = [0; 33];
    hex::decode_to_slice(prop.get(1)?.as_str()?, &mut bytes).ok()?;
    Some(PublicKey::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_operations_in_both_forms() {
        let profile = Profile::hive();
        let key = PublicKey::from_bytes([2; 33]);
        let text = key.display(&profile.prefix).to_string();
        let set = json!({
            "owner": "alice", "extensions": [],
            "props": [["key", "03".repeat(33)], ["new_signing_key", "02".repeat(33)]],
        });
        let update =
            json!({ "owner": "alice", "url": "https://example.com", "block_signing_key": text, "fee": "0.000 HIVE" });
        let alice = AccountName::new("alice").unwrap();
        for (name, fields) in [("witness_set_properties", set), ("witness_update", update)] {
            let expected = Some(KeyChange { witness: alice.clone(), key });
            assert_eq!(key_change_from_json(&json!([name, fields]), &profile), expected);
            let typed = json!({ "type": format!("{name}_operation"), "value": fields });
            assert_eq!(key_change_from_json(&typed, &profile), expected);
        }
        let disabled =
            json!(["witness_set_properties", { "owner": "alice", "props": [["new_signing_key", "00".repeat(33)]] }]);
        assert_eq!(key_change_from_json(&disabled, &profile), Some(KeyChange { witness: alice, key: PublicKey::NULL }));
    }

    #[test]
    fn everything_else_changes_no_key() {
        let price = json!({ "owner": "alice", "props": [["key", "02".repeat(33)], ["url", "0a"]] });
        let cut = json!({ "owner": "alice", "props": [["new_signing_key", "0202"]] });
        let others = [
            json!(["vote", { "voter": "alice", "author": "bob", "permlink": "a", "weight": 10_000 }]),
            json!(["witness_set_properties", price]),
            json!(["witness_set_properties", cut]),
            json!(["witness_set_properties", { "owner": "alice", "props": {} }]),
            json!(["witness_set_properties"]),
            json!(["witness_update", { "owner": "alice", "block_signing_key": "STM1" }]),
            json!({ "type": "vote_operation", "value": {} }),
            json!({ "type": "witness_update", "value": {} }),
            json!([]),
            json!(null),
        ];
        for other in others {
            assert_eq!(key_change_from_json(&other, &Profile::hive()), None, "{other}");
        }
    }
}
