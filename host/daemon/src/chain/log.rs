//! Log events of a chain: decisions, broadcasts, alerts.

use dogwatch_chain::AccountName;
use dogwatch_engine::{Alert, Severity};
use dogwatch_rpc::BroadcastReport;

use crate::chain::witness::Effects;

pub(super) fn broadcast(site: &str, chain: &str, witness: &AccountName, report: &BroadcastReport) {
    for result in &report.results {
        let (endpoint, outcome) = (&result.name, &result.outcome);
        tracing::info!(site, chain, witness = witness.as_str(), transaction = %report.id, %endpoint, ?outcome, "broadcast");
    }
}

pub(super) fn effects(site: &str, chain: &str, witness: &AccountName, effects: &Effects) {
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
        self::alert(site, chain, witness.as_str(), alert);
    }
}

pub(super) fn alert(site: &str, chain: &str, witness: &str, alert: &Alert) {
    let (key, event, severity) = (&alert.key, alert.event, alert.severity);
    let details = alert.details.replace('\n', "; ");
    if severity >= Severity::Critical {
        tracing::warn!(site, chain, witness, alert = %key, ?event, %severity, details, "{}", alert.summary);
    } else {
        tracing::info!(site, chain, witness, alert = %key, ?event, %severity, details, "{}", alert.summary);
    }
}
