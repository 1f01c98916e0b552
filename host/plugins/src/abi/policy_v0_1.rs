//! Policies, version 0.1.

use super::policy_types::policy_types;

#[allow(missing_docs, missing_debug_implementations, unreachable_pub, unused_qualifications, reason = "generated")]
#[allow(clippy::all, clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::use_self, reason = "generated")]
#[allow(clippy::needless_pass_by_value, clippy::uninlined_format_args, clippy::unwrap_used, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit/policy/v0.1", world: "policy-plugin" });
}

policy_types!(bindings::dogwatch::policy::types);

fn node_to(node: &engine::NodeView) -> types::Node {
    types::Node {
        name: node.name.clone(),
        health: health_to(node.health),
        health_for: millis(node.health_for),
        head_age: node.head_age.map(millis),
        eligible: node.eligible,
    }
}

fn switch_to(switch: &engine::PastSwitch) -> types::PastSwitch {
    types::PastSwitch {
        at: switch.at.as_millis(),
        from: holder_to(switch.from),
        to: holder_to(switch.to),
        outcome: outcome_to(switch.outcome),
    }
}

fn situation_to(situation: &engine::Situation) -> types::Situation {
    types::Situation {
        now: situation.now.as_millis(),
        mode: mode_to(situation.mode),
        site: situation.site.clone(),
        chain: situation.chain.clone(),
        witness: situation.witness.as_str().to_owned(),
        block_interval: millis(situation.block_interval),
        round_length: situation.round_length,
        verdict: verdict_to(situation.verdict),
        view: view_to(&situation.view),
        holder: holder_to(situation.holder),
        holder_since: situation.holder_since.map(|slot| slot.0),
        slots: situation.slots.iter().map(slot_to).collect(),
        next_slot: situation.next_slots.first().copied().map(upcoming_to),
        nodes: situation.nodes.iter().map(node_to).collect(),
        switches: situation.switches.iter().map(switch_to).collect(),
        switching: situation.switching,
        paused_until: situation.paused_until.map(|time| time.as_millis()),
    }
}
