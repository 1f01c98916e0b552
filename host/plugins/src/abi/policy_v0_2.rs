//! Policies, version 0.2.

use super::policy_types::policy_types;

#[allow(missing_docs, missing_debug_implementations, unreachable_pub, unused_qualifications, reason = "generated")]
#[allow(clippy::all, clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::use_self, reason = "generated")]
#[allow(clippy::needless_pass_by_value, clippy::uninlined_format_args, clippy::unwrap_used, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit/policy/v0.2", world: "policy-plugin" });
}

policy_types!(bindings::dogwatch::policy::types);

fn node_to(node: &engine::NodeView) -> types::Node {
    types::Node {
        name: node.name.clone(),
        health: health_to(node.health),
        health_for: millis(node.health_for),
        head_age: node.head_age.map(millis),
        eligible: node.eligible,
        evidence: node.evidence.iter().map(evidence_to).collect(),
        missed_for_others: node.missed_for_others.map(|slot| slot.0),
    }
}

fn evidence_to(evidence: &engine::Evidence) -> types::Evidence {
    types::Evidence {
        source: match evidence.source {
            engine::Source::Tripwire => types::Source::Tripwire,
            engine::Source::Probe => types::Source::Probe,
            engine::Source::Beat => types::Source::Beat,
        },
        grade: match evidence.grade {
            engine::Grade::Good => types::Grade::Good,
            engine::Grade::Silent => types::Grade::Silent,
            engine::Grade::Refused => types::Grade::Refused,
            engine::Grade::Unfit => types::Grade::Unfit,
            engine::Grade::Behind => types::Grade::Behind,
            engine::Grade::Stalled => types::Grade::Stalled,
            engine::Grade::Gone => types::Grade::Gone,
        },
        lasts: millis(evidence.lasts),
    }
}

fn switch_to(switch: &engine::PastSwitch) -> types::PastSwitch {
    types::PastSwitch {
        at: switch.at.as_millis(),
        from: holder_to(switch.from),
        to: holder_to(switch.to),
        outcome: outcome_to(switch.outcome),
        origin: match switch.origin {
            engine::Origin::Policy => types::Origin::Policy,
            engine::Origin::Operator | engine::Origin::Planned | engine::Origin::Failback => types::Origin::Operator,
            engine::Origin::Elsewhere => types::Origin::Elsewhere,
        },
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
        next_slots: situation.next_slots.iter().copied().map(upcoming_to).collect(),
        suspected_miss: situation.suspected_miss.map(|slot| slot.0),
        unscheduled: situation.unscheduled.map(upcoming_to),
        lands: situation.lands.map(upcoming_to),
        nodes: situation.nodes.iter().map(node_to).collect(),
        switches: situation.switches.iter().map(switch_to).collect(),
        switching: situation.switching,
        paused_until: situation.paused_until.map(|time| time.as_millis()),
    }
}
