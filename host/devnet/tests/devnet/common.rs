//! A devnet in virtual time and the requests that tests make of it.

use std::time::Duration;

use dogwatch_chain::{
    AccountName, Asset, Operation, Profile, PublicKey, SecretKey, SignedTransaction, Symbol, Time, Transaction,
    TransactionId, WitnessProps, WitnessUpdate, transaction_to_json,
};
use dogwatch_devnet::{Devnet, DevnetConfig, RpcIndex};
use serde_json::{Value, json};

/// Genesis: a multiple of every block interval used here.
pub(crate) const GENESIS: &str = "2026-11-23T12:00:00";

pub(crate) struct World {
    pub(crate) net: Devnet,
    pub(crate) now: Time,
}

pub(crate) fn name(text: &str) -> AccountName {
    AccountName::new(text).unwrap()
}

pub(crate) fn world(toml: &str) -> World {
    let config = DevnetConfig::from_toml(toml).unwrap();
    let genesis = Time::parse(GENESIS).unwrap();
    World { net: Devnet::new(&config, genesis).unwrap(), now: genesis }
}

impl World {
    pub(crate) fn slots(&mut self, slots: u32) {
        self.now = self.net.advance_slots(slots);
    }

    /// Runs until the condition holds after a slot, for 500 slots at most.
    pub(crate) fn until(&mut self, what: &str, holds: impl Fn(&Devnet) -> bool) {
        for _ in 0..500 {
            if holds(&self.net) {
                return;
            }
            self.slots(1);
        }
        panic!("never: {what}");
    }

    pub(crate) fn ask(&mut self, rpc: usize, method: &str, params: Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.net.call(RpcIndex(rpc), &request, self.now)
    }

    pub(crate) fn result(&mut self, rpc: usize, method: &str, params: Value) -> Value {
        let answer = self.ask(rpc, method, params);
        answer.get("result").unwrap_or_else(|| panic!("{method}: {answer}")).clone()
    }

    pub(crate) fn profile(&self) -> Profile {
        self.net.profile().clone()
    }

    pub(crate) fn key(&self, node: &str) -> SecretKey {
        self.net.node_key(&name("alice"), node).unwrap().clone()
    }

    /// Alice's key on chain.
    pub(crate) fn on_chain(&self) -> PublicKey {
        self.net.signing_key(&name("alice")).unwrap()
    }

    /// Alice's key as an RPC node shows it.
    pub(crate) fn shown(&mut self, rpc: usize) -> String {
        let witness = self.result(rpc, "condenser_api.get_witness_by_account", json!(["alice"]));
        witness["signing_key"].as_str().unwrap().to_owned()
    }

    pub(crate) fn text(&self, key: PublicKey) -> String {
        key.display(&self.net.profile().prefix).to_string()
    }

    /// A switch of alice's key from one node's to another's, signed with the first.
    pub(crate) fn switch(&self, from: &SecretKey, to: PublicKey) -> SignedTransaction {
        let head = self.net.head();
        Transaction::switch_signing_key(
            name("alice"),
            from.public_key(),
            to,
            head.id,
            head.time.plus(Duration::from_secs(60)),
        )
        .sign(self.net.profile(), from)
        .unwrap()
    }

    pub(crate) fn broadcast(&mut self, rpc: usize, trx: &SignedTransaction) -> Result<TransactionId, Value> {
        let json = transaction_to_json(trx, self.net.profile());
        let answer = self.ask(rpc, "condenser_api.broadcast_transaction", json!([json]));
        match answer.get("error") {
            Some(error) => Err(error.clone()),
            None => {
                assert_eq!(answer["result"], json!({}));
                Ok(trx.transaction.id(self.net.profile()))
            }
        }
    }

    pub(crate) fn status(&mut self, rpc: usize, id: TransactionId) -> String {
        let found = self.result(rpc, "transaction_status_api.find_transaction", json!({ "transaction_id": id }));
        found["status"].as_str().unwrap().to_owned()
    }

    pub(crate) fn missed(&self) -> u32 {
        self.net.snapshot().witnesses[&name("alice")].total_missed
    }

    pub(crate) fn command(&mut self, method: &str, params: Value) {
        let request = json!({ "id": 1, "method": format!("devnet_api.{method}"), "params": params });
        let answer = self.net.control(&request);
        assert!(answer.get("result").is_some(), "{answer}");
    }
}

/// The `witness_update` that gives alice a key, signed with her active key.
pub(crate) fn enable(world: &World, key: PublicKey) -> SignedTransaction {
    let active = world.net.active_key(&name("alice")).unwrap().clone();
    update(world, key, "https://alice.example").sign(world.net.profile(), &active).unwrap()
}

/// An unsigned `witness_update` of alice.
pub(crate) fn update(world: &World, key: PublicKey, url: &str) -> Transaction {
    let head = world.net.head();
    let zero = Asset { millis: 0, symbol: Symbol::Liquid };
    let update = WitnessUpdate {
        owner: name("alice"),
        url: url.into(),
        block_signing_key: key,
        props: WitnessProps { account_creation_fee: zero, maximum_block_size: 65_536, interest_rate: 0 },
        fee: zero,
    };
    Transaction {
        ref_block_num: head.id.ref_block_num(),
        ref_block_prefix: head.id.ref_block_prefix(),
        expiration: head.time.plus(Duration::from_secs(60)),
        operations: vec![Operation::WitnessUpdate(update)],
    }
}

/// Checks the members of a refusal that clients look at.
pub(crate) fn assert_refused(answer: Result<TransactionId, Value>, code: i32, name: &str, text: &str) {
    let error = answer.unwrap_err();
    assert_eq!((&error["code"], &error["data"]["name"]), (&json!(code), &json!(name)), "{error}");
    assert!(error["message"].as_str().unwrap().contains(text), "{error}");
    assert!(error["data"]["stack"][0]["context"]["file"].is_string(), "{error}");
}

/// The switch from primary to standby, changed before it is signed.
pub(crate) fn resigned(world: &World, change: impl FnOnce(&mut Transaction)) -> SignedTransaction {
    let primary = world.key("primary");
    let mut trx = world.switch(&primary, world.key("standby").public_key()).transaction;
    change(&mut trx);
    trx.sign(world.net.profile(), &primary).unwrap()
}
