//! Log events about a chain: decisions, broadcasts, alerts.

use dogwatch_alerts::{AlertReport, Change, Severity};
use dogwatch_chain::AccountName;
use dogwatch_rpc::BroadcastReport;

use crate::chain::witness::Effects;

pub(super) fn broadcast(site: &str, chain: &str, witness: &AccountName, report: &BroadcastReport) {
    for result in &report.results {
        let (endpoint, outcome) = (&result.name, &result.outcome);
        tracing::info!(site, chain, witness = witness.as_str(), transaction = %report.id, %endpoint, ?outcome, "broadcast");
    }
}

pub(super) fn effects(site: &str, chain: &str, witness: &AccountName, effects: &Effects) {
    let policy = effects.policy.as_ref().map(|policy| policy.name.as_str());
    let sha256 = effects.policy.as_ref().map(|policy| policy.sha256.as_str());
    for record in &effects.records {
        tracing::info!(
            site,
            chain,
            witness = witness.as_str(),
            verdict = ?record.verdict,
            evidence = record.evidence,
            reason = record.reason,
            policy,
            policy_sha256 = sha256,
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
    for report in &effects.reports {
        alert(site, report);
    }
}

pub(super) fn alert(site: &str, report: &AlertReport) {
    let AlertReport { change, notice, .. } = report;
    let (key, severity, summary) = (&notice.key, notice.severity, &notice.summary);
    let (chain, witness) = (key.chain(), key.witness());
    let details = notice.details.replace('\n', "; ");
    match change {
        Change::Refreshed => {
            tracing::debug!(site, chain, witness, alert = %key, ?change, %severity, details, "{summary}")
        }
        _ if severity >= Severity::Critical => {
            tracing::warn!(site, chain, witness, alert = %key, ?change, %severity, details, "{summary}");
        }
        _ => tracing::info!(site, chain, witness, alert = %key, ?change, %severity, details, "{summary}"),
    }
}
