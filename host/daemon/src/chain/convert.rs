//! Converts between the crates' types: the pool's readings to the engine's, broadcast results to the engine's report,
//! endpoints to their status.

use dogwatch_client::{EndpointStatus, millis};
use dogwatch_engine::{ClockOffset, EndpointReading, ReadFailure, Reading, SendReport, ServerDate};
use dogwatch_rpc::{AnswerDate, BroadcastOutcome, BroadcastReport};

use crate::chain::local_time::LocalTime;

/// The answers, with dates by what this machine's clock shows now: it may have been set since they came.
pub(super) fn readings(polled: &[dogwatch_rpc::PollAnswer], local: &LocalTime) -> Vec<EndpointReading> {
    let date = |AnswerDate { date, asked, received }: AnswerDate| ServerDate {
        date,
        asked: local.at(asked),
        received: local.at(received),
    };
    let reading = |polled: &dogwatch_rpc::PollAnswer| EndpointReading {
        endpoint: polled.name.as_str().to_owned(),
        operator: polled.operator.as_str().to_owned(),
        date: polled.date.map(date),
        result: match &polled.result {
            Ok(reading) => Ok(Reading {
                head: reading.head.clone(),
                schedule: reading.schedule.clone(),
                witnesses: reading.witnesses.clone(),
            }),
            Err(error) => Err(ReadFailure::new(error.to_string())),
        },
    };
    polled.iter().map(reading).collect()
}

/// In milliseconds, positive if the clock is ahead.
pub(super) fn offset_millis(offset: ClockOffset) -> i64 {
    let signed = |by| i64::try_from(millis(by)).unwrap_or(i64::MAX);
    match offset {
        ClockOffset::None => 0,
        ClockOffset::Ahead(by) => signed(by),
        ClockOffset::Behind(by) => signed(by).saturating_neg(),
    }
}

pub(super) fn send_report(report: &BroadcastReport) -> SendReport {
    let troubles = report.results.iter().filter_map(|result| {
        let said = match &result.outcome {
            BroadcastOutcome::Accepted | BroadcastOutcome::Duplicate => return None,
            BroadcastOutcome::KeyMismatch => "the signing key has changed".to_owned(),
            BroadcastOutcome::MissingAuthority => "the signature does not match the signing key".to_owned(),
            BroadcastOutcome::Expired => "the transaction has expired there".to_owned(),
            BroadcastOutcome::Tapos => "it does not know the reference block".to_owned(),
            BroadcastOutcome::OtherRefusal(error) => error.to_string(),
            BroadcastOutcome::Unknown(error) | BroadcastOutcome::NotSent(error) => error.to_string(),
            _ => "an unknown kind of answer".to_owned(),
        };
        Some(format!("{}: {said}", result.name))
    });
    SendReport {
        accepted: u32::try_from(report.accepted()).unwrap_or(u32::MAX),
        key_mismatch: u32::try_from(report.key_mismatches()).unwrap_or(u32::MAX),
        troubles: troubles.collect(),
    }
}

/// An endpoint's status as the pool alone sees it.
pub(crate) fn endpoint_status(status: &dogwatch_rpc::EndpointSnapshot) -> EndpointStatus {
    EndpointStatus {
        name: status.name.to_string(),
        operator: status.operator.to_string(),
        rank: status.rank,
        health: status.health.to_string(),
        standing: status.standing.map(|standing| standing.to_string()),
        head: status.head.as_ref().map(|head| head.num().0),
        head_age_ms: status.head_age.map(millis),
        lag: status.lag,
        latency_p50_ms: status.latency_p50.map(millis),
        latency_p90_ms: status.latency_p90.map(millis),
        failures: status.failures,
        last_error: status.last_error.as_ref().map(ToString::to_string),
        methods: status.methods.iter().map(|(method, error)| (method.clone(), error.to_string())).collect(),
        upgrade: status.upgrade.map(|upgrade| upgrade.to_string()),
        budget_left: status.budget_left,
        trouble: None,
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "test code")]
mod tests;
