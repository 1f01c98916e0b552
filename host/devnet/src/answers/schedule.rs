//! The witness schedule.

use serde_json::{Value, json};

use super::context::{AnswerContext, JsonForm};
use super::globals::{chain_properties, running_version};

/// Whether an answer includes the next round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FutureRound {
    Omitted,
    Included,
}

/// `get_witness_schedule`.
pub(crate) fn schedule(context: AnswerContext<'_>, form: JsonForm, future: FutureRound) -> Value {
    let rounds = &context.state.rounds;
    let dynamics = |unit: u32, budget: u32, pool: u32, decay: u32, min: u32| {
        json!({
            "resource_unit": unit, "budget_per_time_unit": budget, "pool_eq": pool, "max_pool_size": pool,
            "decay_params": { "decay_per_time_unit": decay, "decay_per_time_unit_denom_shift": 36 },
            "min_decay": min,
        })
    };
    let mut json = json!({
        "id": 0,
        "current_virtual_time": "0",
        "next_shuffle_block_num": rounds.next_shuffle,
        "current_shuffled_witnesses": rounds.current,
        "num_scheduled_witnesses": rounds.current.len(),
        "elected_weight": 1,
        "timeshare_weight": 5,
        "miner_weight": 1,
        "witness_pay_normalization_factor": 25,
        "median_props": chain_properties(context, form),
        "majority_version": running_version(context.setup.lineage),
        "max_voted_witnesses": context.setup.profile.round_length.saturating_sub(1),
        "max_miner_witnesses": 0,
        "max_runner_witnesses": 1,
        "hardfork_required_witnesses": 17,
        "account_subsidy_rd": dynamics(10_000, 797, 157_691_079, 347_321, 0),
        "account_subsidy_witness_rd": dynamics(10_000, 996, 9_384_019, 7_293_741, 1),
        "min_witness_account_subsidy_decay": 0,
    });
    if let (FutureRound::Included, Some(future), Some(members)) = (future, &rounds.future, json.as_object_mut()) {
        members.insert("future_shuffled_witnesses".into(), json!(future));
    }
    json
}

/// `get_active_witnesses`: the current round; on request also an empty name and the next round.
pub(crate) fn active(context: AnswerContext<'_>, future: FutureRound) -> Value {
    let rounds = &context.state.rounds;
    let mut names: Vec<&str> = rounds.current.iter().map(|name| name.as_str()).collect();
    if let (FutureRound::Included, Some(future)) = (future, &rounds.future) {
        names.push("");
        names.extend(future.iter().map(|name| name.as_str()));
    }
    json!(names)
}
