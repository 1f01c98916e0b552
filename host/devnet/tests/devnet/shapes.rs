//! The devnet's answers, compared with those of a real node to the same requests.

use std::path::Path;
use std::time::Duration;

use crate::common::{World, enable, name, update, world};
use dogwatch_chain::{Operation, PublicKey, WitnessSetProperties, transaction_to_json};
use serde_json::{Value, json};

/// Alice, bob and carol, as on the test network where the answers were captured.
const NET: &str = r#"
chain = "hive-testnet"
spare = 7
witnesses = [
    { name = "alice", nodes = [{ name = "primary" }, { name = "standby" }] },
    { name = "bob", nodes = [{ name = "primary" }] },
    { name = "carol", nodes = [{ name = "primary" }] },
]
"#;

fn capture(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures").join(file);
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Everything in `ours` that a real node's answer does not have, or has with another type.
fn differences(at: &str, ours: &Value, real: &Value, found: &mut Vec<String>) {
    if kind(ours) != kind(real) {
        found.push(format!("{at}: {} here, {} on a real node", kind(ours), kind(real)));
        return;
    }
    match (ours, real) {
        (Value::Object(ours), Value::Object(real)) => {
            for (name, value) in ours {
                // The data in a frame of the stack may differ.
                let free = at.contains("/stack/") && name == "data";
                match real.get(name) {
                    _ if free => {}
                    Some(real) => differences(&format!("{at}/{name}"), value, real, found),
                    None => found.push(format!("{at}/{name}: a real node has no such member")),
                }
            }
        }
        (Value::Array(ours), Value::Array(real)) => {
            for (index, value) in ours.iter().enumerate() {
                if let Some(real) = real.get(index).or(real.last()) {
                    differences(&format!("{at}/{index}"), value, real, found);
                }
            }
        }
        _ => {}
    }
}

fn assert_same_shape(file: &str, ours: &Value) {
    let mut found = Vec::new();
    differences("", ours, &capture(file)["response"], &mut found);
    assert!(found.is_empty(), "{file}: {found:#?}\n{ours}");
}

/// The parts of a refusal that clients go by.
fn essence(answer: &Value) -> Value {
    let error = &answer["error"];
    json!({
        "code": error["code"], "message": error["message"], "id": answer["id"],
        "data": { "code": error["data"]["code"], "name": error["data"]["name"], "message": error["data"]["message"],
            "assert_hash": error["data"]["assert_hash"] },
    })
}

fn replay(world: &mut World, file: &str) -> Value {
    world.net.call(dogwatch_devnet::RpcIndex(0), &capture(file)["request"], world.now)
}

/// 503 slots, three of them missed: the state of the real chain.
fn like_the_real_one() -> World {
    let mut world = world(NET);
    world.slots(20);
    world.command("halt", json!({}));
    world.slots(3);
    world.command("resume", json!({}));
    world.slots(480);
    world
}

#[test]
fn reads_have_the_shape_of_a_real_nodes() {
    let mut world = like_the_real_one();
    for file in [
        "batch.json",
        "block_api.get_block.future_block.json",
        "block_api.get_block.json",
        "block_api.get_block_header.json",
        "block_api.get_block_range.json",
        "condenser_api.get_accounts.json",
        "condenser_api.get_accounts.unknown.json",
        "condenser_api.get_active_witnesses.include_future.json",
        "condenser_api.get_active_witnesses.json",
        "condenser_api.get_block.future_block.json",
        "condenser_api.get_block.plain.json",
        "condenser_api.get_block_header.json",
        "condenser_api.get_chain_properties.json",
        "condenser_api.get_config.json",
        "condenser_api.get_dynamic_global_properties.json",
        "condenser_api.get_hardfork_version.json",
        "condenser_api.get_version.json",
        "condenser_api.get_witness_by_account.active.json",
        "condenser_api.get_witness_by_account.unknown.json",
        "condenser_api.get_witness_count.json",
        "condenser_api.get_witness_schedule.json",
        "condenser_api.get_witnesses_by_vote.json",
        "condenser_api.is_known_transaction.json",
        "database_api.find_witnesses.json",
        "database_api.find_witnesses.unknown.json",
        "database_api.get_active_witnesses.json",
        "database_api.get_config.json",
        "database_api.get_dynamic_global_properties.json",
        "database_api.get_version.json",
        "database_api.get_witness_schedule.include_future.json",
        "database_api.get_witness_schedule.json",
        "id_missing.json",
        "id_string.json",
        "legacy_call_form.json",
        "transaction_status_api.find_transaction.unknown.json",
        "transaction_status_api.find_transaction.with_expiration_past.json",
    ] {
        let ours = replay(&mut world, file);
        assert_same_shape(file, &ours);
        assert_eq!(ours["id"], capture(file)["response"]["id"], "{file}");
    }
}

#[test]
fn every_field_that_a_client_reads_is_there() {
    let mut world = like_the_real_one();
    let head = [
        "head_block_number",
        "head_block_id",
        "time",
        "current_aslot",
        "recent_slots_filled",
        "participation_count",
        "last_irreversible_block_num",
    ]
    .as_slice();
    let witness = [
        "owner",
        "url",
        "signing_key",
        "total_missed",
        "last_confirmed_block_num",
        "running_version",
        "props/account_creation_fee",
        "props/maximum_block_size",
        "props/hbd_interest_rate",
    ]
    .as_slice();
    let schedule = ["next_shuffle_block_num", "current_shuffled_witnesses", "num_scheduled_witnesses"].as_slice();
    let block = [
        "previous",
        "timestamp",
        "witness",
        "block_id",
        "signing_key",
        "transaction_ids",
        "transactions",
        "witness_signature",
        "transaction_merkle_root",
        "extensions",
    ]
    .as_slice();
    for (file, below, fields) in [
        ("condenser_api.get_dynamic_global_properties.json", "/result", head),
        ("database_api.get_dynamic_global_properties.json", "/result", head),
        ("condenser_api.get_witness_by_account.active.json", "/result", witness),
        ("database_api.find_witnesses.json", "/result/witnesses/1", witness),
        ("condenser_api.get_witness_schedule.json", "/result", schedule),
        ("database_api.get_witness_schedule.include_future.json", "/result", ["future_shuffled_witnesses"].as_slice()),
        ("condenser_api.get_block.plain.json", "/result", block),
        ("block_api.get_block_range.json", "/result/blocks/0", block),
        ("condenser_api.get_version.json", "/result", ["blockchain_version", "chain_id"].as_slice()),
        ("condenser_api.get_config.json", "/result", ["HIVE_CHAIN_ID", "HIVE_ADDRESS_PREFIX"].as_slice()),
    ] {
        let (ours, real) = (replay(&mut world, file), capture(file)["response"].clone());
        for field in fields {
            let pointer = format!("{below}/{field}");
            let (ours, real) = (ours.pointer(&pointer), real.pointer(&pointer));
            let real = real.unwrap_or_else(|| panic!("{file} has no {pointer}"));
            let ours = ours.unwrap_or_else(|| panic!("{file}: the devnet has no {pointer}"));
            assert_eq!(kind(ours), kind(real), "{file}{pointer}");
        }
    }
    // The same slots and blocks give the same numbers.
    let ours = replay(&mut world, "condenser_api.get_dynamic_global_properties.json");
    let real = capture("condenser_api.get_dynamic_global_properties.json")["response"].clone();
    for field in ["head_block_number", "current_aslot", "recent_slots_filled", "last_irreversible_block_num"] {
        assert_eq!(ours["result"][field], real["result"][field], "{field}");
    }
    let ours = replay(&mut world, "condenser_api.get_witness_schedule.json");
    assert_eq!(ours["result"]["next_shuffle_block_num"], 504);
    let both = replay(&mut world, "condenser_api.get_active_witnesses.include_future.json");
    assert_eq!((both["result"].as_array().unwrap().len(), &both["result"][21]), (43, &json!("")));
}

/// Requests that are refused in any state.
#[test]
fn refusals_are_those_of_a_real_node_word_for_word() {
    let mut world = like_the_real_one();
    for file in [
        "condenser_api.get_witnesses_by_vote.limit_too_big.json",
        "error.account_creation_fee_mainnet_symbol.json",
        "error.batch_empty.json",
        "error.empty_url.json",
        "error.hbd_interest_rate_too_high.json",
        "error.id_float.json",
        "error.id_null.json",
        "error.invalid_account_name.get_witness_by_account.json",
        "error.malformed_public_key.bad_checksum.json",
        "error.malformed_public_key.empty.json",
        "error.malformed_public_key.garbage.json",
        "error.malformed_public_key.wrong_prefix.json",
        "error.malformed_public_key.zero_o_l_chars.json",
        "error.malformed_signature_hex.json",
        "error.maximum_block_size_too_low.json",
        "error.method_without_api.json",
        "error.missing_params.json",
        "error.network_broadcast_api.max_block_age.json",
        "error.no_jsonrpc_member.json",
        "error.no_operations.json",
        "error.params_object_to_condenser_api.json",
        "error.plugin_not_loaded.wallet_bridge_api.json",
        "error.tapos_wrong_ref_block_prefix.json",
        "error.too_many_params.json",
        "error.transaction_expiration_with_Z.json",
        "error.unknown_api.json",
        "error.unknown_method.json",
        "error.wrong_param_type.json",
    ] {
        if file.contains("max_block_age") {
            world.now = world.now.plus(Duration::from_millis(2900));
        }
        let ours = replay(&mut world, file);
        assert_eq!(essence(&ours), essence(&capture(file)["response"]), "{file}");
        assert_same_shape(file, &ours);
    }
}

/// Refusals that depend on the state: caused here, and compared with those of the real node.
#[test]
fn refused_transactions_read_as_on_a_real_node() {
    let mut world = like_the_real_one();
    let (primary, standby) = (world.key("primary"), world.key("standby"));
    let active = world.net.active_key(&name("alice")).unwrap().clone();
    let good = world.switch(&primary, standby.public_key());
    let wrong = good.transaction.clone().sign(world.net.profile(), &standby).unwrap();
    let mut from_null = good.transaction.clone();
    let switch = WitnessSetProperties::switch_signing_key(name("alice"), PublicKey::NULL, primary.public_key());
    from_null.operations = vec![Operation::WitnessSetProperties(switch)];
    let from_null = from_null.sign(world.net.profile(), &primary).unwrap();
    let stale = world.switch(&standby, primary.public_key());
    let plain = update(&world, standby.public_key(), "https://alice.example");
    let profile = world.profile();
    let signed = |change: &dyn Fn(&mut dogwatch_chain::Transaction)| {
        let mut trx = plain.clone();
        change(&mut trx);
        trx.sign(&profile, &active).unwrap()
    };
    let now = world.net.head().time;
    let mut twice = signed(&|_| {});
    twice.signatures.push(twice.signatures[0]);
    let nobody = signed(&|trx| {
        if let Operation::WitnessUpdate(op) = &mut trx.operations[0] {
            op.owner = name("nosuchaccount");
        }
    });
    let mut zero = transaction_to_json(&signed(&|_| {}), &profile);
    zero["signatures"][0] = format!("1f{}", "0".repeat(128)).into();
    let json = |trx: &dogwatch_chain::SignedTransaction| transaction_to_json(trx, &profile);
    for (file, trx) in [
        ("witness_set_properties.error.wrong_signer.json", json(&wrong)),
        ("witness_set_properties.error.enable_from_null.json", json(&from_null)),
        ("witness_set_properties.error.stale_key.json", json(&stale)),
        ("error.unknown_account.broadcast.json", json(&nobody)),
        ("error.expired_transaction.json", json(&signed(&|trx| trx.expiration = now))),
        (
            "error.expiration_too_far.2days.json",
            json(&signed(&|trx| trx.expiration = now.plus(Duration::from_secs(172_800)))),
        ),
        ("error.missing_active_authority.wrong_key.json", json(&plain.clone().sign(&profile, &standby).unwrap())),
        ("error.duplicate_signatures.json", json(&twice)),
        ("error.invalid_signature_zero.json", zero),
        ("witness_set_properties.success.json", json(&good)),
        ("witness_set_properties.error.duplicate.json", json(&good)),
    ] {
        let real = capture(file);
        let ours = world.ask(0, "condenser_api.broadcast_transaction", json!([trx]));
        let mut expected = essence(&real["response"]);
        expected["id"] = json!(1);
        assert_eq!(essence(&ours), expected, "{file}");
        assert_same_shape(file, &ours);
    }
    let file = "witness_set_properties.verify_authority.wrong_key.json";
    let ours = world.ask(0, "condenser_api.verify_authority", json!([json(&wrong)]));
    assert_eq!(ours["error"]["message"], capture(file)["response"]["error"]["message"]);
    assert_same_shape(file, &ours);
}

#[test]
fn transactions_in_blocks_look_as_they_were_sent() {
    let mut world = like_the_real_one();
    let trx = enable(&world, world.key("standby").public_key());
    let id = world.broadcast(0, &trx).unwrap();
    let ask = |world: &mut World, method: &str, params: Value| world.ask(0, method, params);
    let find = json!({ "transaction_id": id });
    let ours = ask(&mut world, "transaction_status_api.find_transaction", find.clone());
    assert_same_shape("transaction_status_api.find_transaction.in_mempool.json", &ours);
    world.until("included", |net| !net.snapshot().key_changes.is_empty());
    let ours = ask(&mut world, "transaction_status_api.find_transaction", find);
    assert_same_shape("transaction_status_api.find_transaction.in_block.json", &ours);
    let num = ours["result"]["block_num"].clone();
    let ours = ask(&mut world, "condenser_api.get_block", json!([num]));
    assert_same_shape("condenser_api.get_block.with_witness_update_null_key.json", &ours);
    assert_eq!(ours["result"]["transactions"][0]["transaction_id"], json!(id));
    let ours = ask(&mut world, "block_api.get_block", json!({ "block_num": num }));
    let operation = &ours["result"]["block"]["transactions"][0]["operations"][0];
    assert_eq!(operation["type"], "witness_update_operation");
    assert_eq!(operation["value"]["fee"], json!({ "amount": "0", "precision": 3, "nai": "@@000000021" }));

    // The newer form of a transaction is accepted too, with the same signature.
    let next = enable(&world, world.key("primary").public_key());
    let mut newer = transaction_to_json(&next, world.net.profile());
    let value = newer["operations"][0][1].clone();
    let zero = json!({ "amount": "0", "precision": 3, "nai": "@@000000021" });
    newer["operations"][0] = json!({ "type": "witness_update_operation", "value": value });
    newer["operations"][0]["value"]["fee"] = zero.clone();
    newer["operations"][0]["value"]["props"]["account_creation_fee"] = zero;
    let params = json!({ "trx": newer, "max_block_age": -1 });
    assert_eq!(ask(&mut world, "network_broadcast_api.broadcast_transaction", params)["result"], json!({}));
}

#[test]
fn the_hex_of_a_transaction_is_that_of_a_real_node() {
    let mut world = like_the_real_one();
    let file = "condenser_api.get_transaction_hex.json";
    let ours = replay(&mut world, file);
    assert_eq!(ours["result"], capture(file)["response"]["result"]);
}
