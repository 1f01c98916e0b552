//! From the engine's types to those of the SDK and back, for a policy that runs natively. In the sandbox the plugin
//! interface does the same.

use std::time::Duration;

use dogwatch_alerts::Severity;
use dogwatch_engine as engine;
use dogwatch_sdk::policy as sdk;

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn holder(holder: engine::Holder<engine::NodeIndex>) -> sdk::Holder {
    match holder {
        engine::Holder::Node(engine::NodeIndex(index)) => sdk::Holder::Node(u32::try_from(index).unwrap_or(u32::MAX)),
        engine::Holder::Disabled => sdk::Holder::Disabled,
        engine::Holder::Foreign => sdk::Holder::Foreign,
    }
}

fn view(view: &engine::ChainView) -> sdk::ChainView {
    sdk::ChainView {
        head_block: view.head.0,
        head_slot: view.head_slot.0,
        head_age: millis(view.head_age),
        irreversible_block: view.irreversible.0,
        participation: view.participation,
        agreement: match view.agreement {
            engine::Agreement::Agreed => sdk::Agreement::Agreed,
            engine::Agreement::Single => sdk::Agreement::Single,
            engine::Agreement::Thin => sdk::Agreement::Thin,
            engine::Agreement::Disagreed => sdk::Agreement::Disagreed,
            engine::Agreement::Blind => sdk::Agreement::Blind,
        },
        endpoints_fresh: view.endpoints_fresh,
        endpoints_total: view.endpoints_total,
    }
}

fn own_slot(own: &engine::OwnSlot) -> sdk::OwnSlot {
    sdk::OwnSlot {
        slot: own.slot.0,
        time: own.time.as_millis(),
        outcome: match own.outcome {
            engine::SlotOutcome::Produced => sdk::Outcome::Produced,
            engine::SlotOutcome::Missed => sdk::Outcome::Missed,
            engine::SlotOutcome::ChainWide => sdk::Outcome::ChainWide,
        },
        holder: holder(own.holder),
    }
}

fn node(node: &engine::NodeView) -> sdk::Node {
    sdk::Node {
        name: node.name.clone(),
        health: match node.health {
            engine::Health::Healthy => sdk::Health::Healthy,
            engine::Health::Unhealthy => sdk::Health::Unhealthy,
            engine::Health::Unknown => sdk::Health::Unknown,
        },
        health_for: millis(node.health_for),
        head_age: node.head_age.map(millis),
        eligible: node.eligible,
        evidence: node.evidence.iter().map(evidence).collect(),
        missed_for_others: node.missed_for_others.map(|slot| slot.0),
    }
}

fn evidence(evidence: &engine::Evidence) -> sdk::Evidence {
    sdk::Evidence {
        source: match evidence.source {
            engine::Source::Tripwire => sdk::Source::Tripwire,
            engine::Source::Probe => sdk::Source::Probe,
            engine::Source::Beat => sdk::Source::Beat,
        },
        grade: match evidence.grade {
            engine::Grade::Good => sdk::Grade::Good,
            engine::Grade::Silent => sdk::Grade::Silent,
            engine::Grade::Refused => sdk::Grade::Refused,
            engine::Grade::Unfit => sdk::Grade::Unfit,
            engine::Grade::Behind => sdk::Grade::Behind,
            engine::Grade::Stalled => sdk::Grade::Stalled,
            engine::Grade::Gone => sdk::Grade::Gone,
        },
        lasts: millis(evidence.lasts),
    }
}

fn upcoming(next: engine::NextSlot) -> sdk::NextSlot {
    sdk::NextSlot { slot: next.slot.0, starts_in: millis(next.starts_in) }
}

fn past_switch(switch: &engine::PastSwitch) -> sdk::PastSwitch {
    sdk::PastSwitch {
        at: switch.at.as_millis(),
        from: holder(switch.from),
        to: holder(switch.to),
        outcome: match switch.outcome {
            engine::SwitchOutcome::Pending => sdk::SwitchOutcome::Pending,
            engine::SwitchOutcome::Applied => sdk::SwitchOutcome::Applied,
            engine::SwitchOutcome::Failed => sdk::SwitchOutcome::Failed,
            engine::SwitchOutcome::Overtaken => sdk::SwitchOutcome::Overtaken,
        },
        origin: match switch.origin {
            engine::Origin::Policy => sdk::Origin::Policy,
            engine::Origin::Operator | engine::Origin::Planned | engine::Origin::Failback => sdk::Origin::Operator,
            engine::Origin::Elsewhere => sdk::Origin::Elsewhere,
        },
    }
}

/// The situation as a policy gets it.
pub(super) fn situation(situation: &engine::Situation) -> sdk::Situation {
    sdk::Situation {
        now: situation.now.as_millis(),
        mode: match situation.mode {
            engine::Mode::Observe => sdk::Mode::Observe,
            engine::Mode::Armed => sdk::Mode::Armed,
        },
        site: situation.site.clone(),
        chain: situation.chain.clone(),
        witness: situation.witness.as_str().to_owned(),
        block_interval: millis(situation.block_interval),
        round_length: situation.round_length,
        verdict: match situation.verdict {
            engine::Verdict::Fine => sdk::Verdict::Fine,
            engine::Verdict::Me => sdk::Verdict::Me,
            engine::Verdict::Chain => sdk::Verdict::Chain,
            engine::Verdict::CannotTell => sdk::Verdict::CannotTell,
        },
        view: view(&situation.view),
        holder: holder(situation.holder),
        holder_since: situation.holder_since.map(|slot| slot.0),
        slots: situation.slots.iter().map(own_slot).collect(),
        next_slots: situation.next_slots.iter().copied().map(upcoming).collect(),
        suspected_miss: situation.suspected_miss.map(|slot| slot.0),
        unscheduled: situation.unscheduled.map(upcoming),
        lands: situation.lands.map(upcoming),
        nodes: situation.nodes.iter().map(node).collect(),
        switches: situation.switches.iter().map(past_switch).collect(),
        switching: situation.switching,
        paused_until: situation.paused_until.map(|time| time.as_millis()),
    }
}

/// A policy's decision as the engine takes it.
pub(super) fn decision(decision: sdk::Decision) -> engine::Decision {
    engine::Decision {
        action: match decision.action {
            sdk::Action::Stay => engine::Action::Stay,
            sdk::Action::SwitchTo(index) => {
                engine::Action::SwitchTo(engine::NodeIndex(usize::try_from(index).unwrap_or(usize::MAX)))
            }
            sdk::Action::Disable => engine::Action::Disable,
        },
        reason: decision.reason,
        alerts: decision.alerts.into_iter().map(alert).collect(),
        ask_again: decision.ask_again.map(Duration::from_millis),
        memory: decision.memory,
    }
}

fn alert(alert: sdk::Alert) -> engine::PolicyAlert {
    engine::PolicyAlert {
        id: alert.id,
        severity: match alert.severity {
            sdk::Severity::Info => Severity::Info,
            sdk::Severity::Warning => Severity::Warning,
            sdk::Severity::Critical => Severity::Critical,
            sdk::Severity::Page => Severity::Page,
        },
        summary: alert.summary,
    }
}
