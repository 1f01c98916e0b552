//! The chain that good endpoints show: a block every three seconds, and nothing else happens.

use std::sync::LazyLock;

use dogwatch_chain::{BlockId, PublicKey, Time};
use dogwatch_rpc::Clock;
use serde_json::{Value, json};

const INTERVAL_MS: i64 = 3000;
const ROUND: u32 = 21;

macro_rules! capture {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../captures/", $name, ".json"))).unwrap()["response"].take()
    };
}

/// What the endpoints of this run say of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// Which branch they are on; 0 is the truth.
    pub(crate) branch: u8,
    /// By how many blocks their head differs from what it should be.
    pub(crate) off: i32,
    /// By how many seconds its time does.
    pub(crate) time_off: i32,
    /// Stands still at that block.
    pub(crate) frozen_at: Option<u32>,
    /// Whose key they say is alice's; 0 is the truth.
    pub(crate) key: u8,
}

/// The truth.
pub(crate) const TRUTH: View = View { branch: 0, off: 0, time_off: 0, frozen_at: None, key: 0 };

/// The block of this moment.
pub(crate) fn height() -> u32 {
    let ms = Clock::system().now().since(Time::from_millis(0)).as_millis();
    u32::try_from(ms / 3000 - 590_000_000).unwrap()
}

/// When a block was made.
fn made(num: u32) -> Time {
    Time::from_millis((i64::from(num) + 590_000_000) * INTERVAL_MS)
}

pub(crate) fn id(num: u32, branch: u8) -> BlockId {
    format!("{num:08x}{}", format!("{branch:02x}").repeat(16)).parse().unwrap()
}

fn alices_key() -> String {
    let witness = capture!("condenser_api.get_witness_by_account.active");
    witness["result"]["signing_key"].as_str().unwrap().to_owned()
}

/// The signing key of alice that is on chain.
pub(crate) static KEY: LazyLock<PublicKey> =
    LazyLock::new(|| PublicKey::parse(&alices_key(), &dogwatch_chain::Profile::hive_testnet().prefix).unwrap());

fn lie(n: u8) -> String {
    let key = dogwatch_chain::SecretKey::from_bytes([n; 32]).unwrap().public_key();
    key.display(&dogwatch_chain::Profile::hive_testnet().prefix).to_string()
}

impl View {
    pub(crate) fn head(&self) -> u32 {
        self.frozen_at.unwrap_or_else(|| height().checked_add_signed(self.off).unwrap())
    }

    /// The result of a call, or an error.
    pub(crate) fn answer(&self, call: &Value) -> Value {
        let method = call["method"].as_str().unwrap_or_default();
        let mut answer = match method.strip_prefix("condenser_api.").unwrap_or(method) {
            "get_version" => capture!("condenser_api.get_version"),
            "get_config" => capture!("condenser_api.get_config"),
            "get_dynamic_global_properties" => self.properties(),
            "get_witness_schedule" => {
                let mut schedule = capture!("condenser_api.get_witness_schedule");
                schedule["result"]["next_shuffle_block_num"] = json!(self.head() / ROUND * ROUND + ROUND);
                schedule
            }
            "get_active_witnesses" => capture!("condenser_api.get_active_witnesses.include_future"),
            "get_witness_by_account" => {
                let mut witness = capture!("condenser_api.get_witness_by_account.active");
                if self.key > 0 {
                    witness["result"]["signing_key"] = json!(lie(self.key));
                }
                witness
            }
            "get_block" => self.block(u32::try_from(call["params"][0].as_u64().unwrap_or(0)).unwrap_or(0)),
            "broadcast_transaction" => json!({ "jsonrpc": "2.0", "result": {} }),
            // Of any length one likes.
            "get_account_history" => {
                let length = usize::try_from(call["params"][0].as_u64().unwrap_or(0)).unwrap();
                json!({ "jsonrpc": "2.0", "result": ["x".repeat(length)] })
            }
            _ => capture!("error.unknown_method"),
        };
        answer["id"] = call["id"].clone();
        answer
    }

    fn properties(&self) -> Value {
        let mut properties = capture!("condenser_api.get_dynamic_global_properties");
        let (num, result) = (self.head(), &mut properties["result"]);
        let second = i64::from(made(num).as_secs()) + i64::from(self.time_off);
        result["head_block_number"] = json!(num);
        result["head_block_id"] = json!(id(num, self.branch));
        result["last_irreversible_block_num"] = json!(num - 1);
        result["current_aslot"] = json!(num);
        result["time"] = json!(Time::from_millis(second * 1000).to_string());
        properties
    }

    fn block(&self, num: u32) -> Value {
        if num > self.head() {
            return json!({ "jsonrpc": "2.0", "result": null });
        }
        let mut block = capture!("condenser_api.get_block.plain");
        block["result"]["block_id"] = json!(id(num, self.branch));
        block["result"]["previous"] = json!(id(num - 1, self.branch));
        block["result"]["timestamp"] = json!(made(num).to_string());
        block
    }
}
