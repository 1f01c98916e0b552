//! Between the crates' types: what the pool read as the engine takes it, and what the engine says as the log shows it.

use std::time::Duration;

use dogwatch_chain::{AccountName, Time};
use dogwatch_engine::{Alert, EndpointReading, Reading, SendReport, Severity};
use dogwatch_rpc::{BroadcastOutcome, BroadcastReport};

use crate::guard::Effects;

pub(super) fn readings(polled: &[dogwatch_rpc::PollAnswer]) -> Vec<EndpointReading> {
    let reading = |polled: &dogwatch_rpc::PollAnswer| EndpointReading {
        endpoint: polled.name.as_str().to_owned(),
        operator: polled.operator.as_str().to_owned(),
        result: match &polled.result {
            Ok(reading) => Ok(Reading {
                head: reading.head.clone(),
                schedule: reading.schedule.clone(),
                witnesses: reading.witnesses.clone(),
            }),
            Err(error) => Err(error.to_string()),
        },
    };
    polled.iter().map(reading).collect()
}

pub(super) fn send_report(report: &BroadcastReport) -> SendReport {
    let troubles = report.results.iter().filter_map(|result| {
        let said = match &result.outcome {
            BroadcastOutcome::Accepted | BroadcastOutcome::Duplicate => return None,
            BroadcastOutcome::KeyMismatch => "the signing key has changed".to_owned(),
            BroadcastOutcome::MissingAuthority => "the signature is not that of the signing key".to_owned(),
            BroadcastOutcome::Expired => "the transaction has expired there".to_owned(),
            BroadcastOutcome::Tapos => "it does not know the reference block".to_owned(),
            BroadcastOutcome::OtherRefusal(error) => error.to_string(),
            BroadcastOutcome::Unknown(error) | BroadcastOutcome::NotSent(error) => error.to_string(),
            _ => "an answer of an unknown kind".to_owned(),
        };
        Some(format!("{}: {said}", result.name))
    });
    SendReport {
        accepted: u32::try_from(report.accepted()).unwrap_or(u32::MAX),
        key_mismatch: u32::try_from(report.key_mismatches()).unwrap_or(u32::MAX),
        troubles: troubles.collect(),
    }
}

/// Time until a third of a slot after the next block is due: blocks need that long to reach public endpoints.
pub(super) fn until_next_poll(now: Time, newest: Option<Time>, interval: Duration) -> Duration {
    let Some(newest) = newest.filter(|newest| now.since(*newest) < interval.saturating_mul(20)) else {
        return interval;
    };
    let slot = interval.as_millis().max(1);
    let phase = now.since(newest).as_millis().checked_rem(slot).unwrap_or(0);
    let target = slot / 3;
    let wait =
        if phase < target { target.saturating_sub(phase) } else { slot.saturating_add(target).saturating_sub(phase) };
    // A block that came early must not make two polls out of one slot.
    let least = slot / 2;
    Duration::from_millis(u64::try_from(wait.max(least)).unwrap_or(u64::MAX))
}

pub(super) fn log_broadcast(site: &str, chain: &str, witness: &AccountName, report: &BroadcastReport) {
    for result in &report.results {
        let (endpoint, outcome) = (&result.name, &result.outcome);
        tracing::info!(site, chain, witness = witness.as_str(), transaction = %report.id, %endpoint, ?outcome, "broadcast");
    }
}

pub(super) fn log_effects(site: &str, chain: &str, witness: &AccountName, effects: &Effects) {
    for record in &effects.records {
        tracing::info!(
            site,
            chain,
            witness = witness.as_str(),
            verdict = ?record.verdict,
            evidence = record.evidence,
            reason = record.reason,
            "decision: {}",
            record.outcome,
        );
    }
    for plan in &effects.sends {
        tracing::info!(
            site,
            chain,
            witness = witness.as_str(),
            from = %plan.from,
            to = %plan.to,
            expiration = %plan.expiration,
            "broadcasting the switch",
        );
    }
    for alert in &effects.alerts {
        log_alert(site, chain, witness.as_str(), alert);
    }
}

pub(super) fn log_alert(site: &str, chain: &str, witness: &str, alert: &Alert) {
    let (key, event, severity) = (&alert.key, alert.event, alert.severity);
    let details = alert.details.replace('\n', "; ");
    if severity >= Severity::Critical {
        tracing::warn!(site, chain, witness, alert = %key, ?event, %severity, details, "{}", alert.summary);
    } else {
        tracing::info!(site, chain, witness, alert = %key, ?event, %severity, details, "{}", alert.summary);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_in_step_with_the_slots() {
        let (slot, head) = (Duration::from_secs(3), Time::from_secs(1000));
        let wait = |after: u64| until_next_poll(head.plus(Duration::from_millis(after)), Some(head), slot).as_millis();
        assert_eq!(wait(1000), 3000);
        assert_eq!(wait(1400), 2600);
        assert_eq!(wait(2900), 1500, "never twice within half a slot");
        assert_eq!(wait(3100), 1500);
        assert_eq!(until_next_poll(head, None, slot), slot);
        assert_eq!(until_next_poll(head.plus(Duration::from_secs(3600)), Some(head), slot), slot);
    }
}
