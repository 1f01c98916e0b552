//! `dogwatch endpoints`: the endpoints, best first.

use std::path::Path;

use dogwatch_client::{EndpointStatus, Failure, Status};
use dogwatch_rpc::{PollRequest, Pool};
use serde::Serialize;

use crate::chain::convert::endpoint_status;
use crate::cli::common::Format;
use crate::cli::daemon;
use crate::clock::Clock;
use crate::config::Config;

/// How often the endpoints are asked without a daemon: a frozen one shows only in that its head does not move.
const ROUNDS: u32 = 3;

/// A chain and its endpoints, as `--json` prints them.
#[derive(Debug, Serialize)]
struct Chain {
    name: String,
    agreement: String,
    endpoints: Vec<EndpointStatus>,
}

/// Where the answers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// The running daemon.
    Daemon,
    /// The endpoints themselves.
    Endpoints,
}

pub(super) async fn endpoints(config: &Path, from: From, format: Format, clock: Clock) -> Result<(), Failure> {
    let mut chains = match from {
        From::Daemon => from_daemon(config).await?,
        From::Endpoints => from_endpoints(config, clock).await?,
    };
    for chain in &mut chains {
        chain.endpoints.sort_by_key(|endpoint| endpoint.rank);
    }
    format.print(&chains, |chains| {
        let tables: Vec<String> = chains.iter().map(shown).collect();
        tables.join("\n").trim_end().to_owned()
    })
}

async fn from_daemon(config: &Path) -> Result<Vec<Chain>, Failure> {
    let status: Status = daemon::of(config)?.get("/status").await?;
    let chain = |chain: dogwatch_client::ChainStatus| Chain {
        name: chain.name,
        agreement: chain.verdict,
        endpoints: chain.endpoints,
    };
    Ok(status.chains.into_iter().map(chain).collect())
}

async fn from_endpoints(path: &Path, clock: Clock) -> Result<Vec<Chain>, Failure> {
    let (config, problems) = Config::load(path);
    let Some(config) = config else { return Err(Failure::input(problems)) };
    let mut chains = Vec::new();
    for chain in &config.chains {
        let options = crate::chain::options::pool_options(chain, clock);
        let pool = Pool::new(chain.profile.clone(), chain.endpoints.clone(), options).map_err(Failure::input)?;
        for round in 0..ROUNDS {
            if round > 0 {
                tokio::time::sleep(chain.profile.block_interval).await;
            }
            pool.poll(&PollRequest { witnesses: &[], block: None }).await;
        }
        chains.push(Chain {
            name: chain.profile.name.clone(),
            agreement: pool.agreement().map_or_else(String::new, |agreement| agreement.verdict.to_string()),
            endpoints: pool.status(clock.now()).iter().map(endpoint_status).collect(),
        });
    }
    Ok(chains)
}

fn shown(chain: &Chain) -> String {
    let head = ["#", "endpoint", "health", "head", "age", "lag", "p50", "p90", "budget", "standing"];
    let mut rows: Vec<Vec<String>> = vec![head.map(str::to_owned).into()];
    let mut notes = String::new();
    for endpoint in &chain.endpoints {
        let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let millis = |value: Option<u64>| or_dash(value.map(|ms| format!("{ms} ms")));
        rows.push(vec![
            endpoint.rank.to_string(),
            endpoint.name.clone(),
            endpoint.health.clone(),
            or_dash(endpoint.head.map(|head| head.to_string())),
            or_dash(endpoint.head_age_ms.map(|ms| format!("{}.{} s", ms / 1000, ms % 1000 / 100))),
            or_dash(endpoint.lag.map(|lag| lag.to_string())),
            millis(endpoint.latency_p50_ms),
            millis(endpoint.latency_p90_ms),
            endpoint.budget_left.to_string(),
            endpoint.standing.clone().unwrap_or_else(|| "-".to_owned()),
        ]);
        if let Some(upgrade) = &endpoint.upgrade {
            notes.push_str(&format!(
                "  {}: asked over https, although the configuration says http://: {upgrade}\n",
                endpoint.name
            ));
        }
        if let Some(error) = &endpoint.last_error {
            notes.push_str(&format!("  {}: {} failures: {error}\n", endpoint.name, endpoint.failures));
        }
        for (method, error) in &endpoint.methods {
            notes.push_str(&format!("  {}: {method}: {error}\n", endpoint.name));
        }
    }
    format!("chain {}: {}\n{}{notes}", chain.name, chain.agreement, table(&rows))
}

/// Columns as wide as their widest cell.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        text.push_str("  ");
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}
