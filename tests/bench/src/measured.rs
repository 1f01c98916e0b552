//! The figures of a proxy under load, and how they are printed.

use std::time::Duration;

use tokio::time::Instant;

use crate::figures::{self, Sample};
use crate::load::Clients;
use crate::proxies::{Make, Proxy};

/// The unit of processor time.
const TICK: f64 = 0.01;

#[derive(Debug)]
pub(crate) struct Measured {
    /// Valid answers per second.
    pub(crate) rate: f64,
    /// How long they took; `None` if there were none.
    took: Option<Sample>,
    /// `None` without a proxy.
    processor: Option<Processor>,
    lost: u32,
    /// Why one request was lost.
    why: Option<String>,
}

#[derive(Clone, Copy, Debug)]
struct Processor {
    /// The number of cores that it kept busy.
    cores: f64,
    /// Valid answers per second of processor time.
    answers: f64,
}

impl Measured {
    /// Measures the clients' requests for this long.
    pub(crate) async fn take(clients: &mut Clients, proxy: Option<&Proxy>, span: Duration) -> anyhow::Result<Self> {
        let before = proxy.map(Proxy::processor).transpose()?;
        let began = Instant::now();
        let tally = clients.load(span).await?;
        let elapsed = began.elapsed().as_secs_f64();
        let after = proxy.map(Proxy::processor).transpose()?;
        let answers = tally.answered.len() as f64;
        let processor = before.zip(after).map(|(before, after)| {
            let spent = after.saturating_sub(before).as_secs_f64();
            Processor { cores: spent / elapsed, answers: answers / spent.max(TICK) }
        });
        Ok(Self {
            rate: f64::from(tally.in_time) / span.as_secs_f64(),
            took: Sample::new(tally.answered).ok(),
            processor,
            lost: tally.lost,
            why: tally.why,
        })
    }

    fn percentile(&self, percent: usize) -> Option<Duration> {
        self.took.as_ref().map(|took| took.percentile(percent))
    }

    fn per_core(&self) -> Option<f64> {
        self.processor.map(|processor| processor.answers)
    }

    /// Prints a line, with the rate compared to another.
    pub(crate) fn print(&self, what: &str, against: Option<(f64, &str)>) {
        let took = |percent| self.percentile(percent).map_or_else(none, figures::short);
        let cores = self.processor.map_or_else(none, |processor| format!("{:.2}", processor.cores));
        let per_core = self.per_core().map_or_else(none, |answers| format!("{answers:.0}"));
        let ratio = match against {
            Some((rate, name)) => format!("{:.2} × {name}", self.rate / rate.max(f64::MIN_POSITIVE)),
            None => "baseline".to_owned(),
        };
        let (rate, p50, p99, lost) = (self.rate, took(50), took(99), self.lost);
        println!("  {what:<42}{rate:>11.0}{p50:>10}{p99:>10}{cores:>7}{per_core:>10}{lost:>7}  {ratio}");
        if let Some(why) = &self.why {
            println!("    one was lost so: {}", why.chars().take(96).collect::<String>());
        }
    }
}

/// The text for a missing figure.
fn none() -> String {
    "–".to_owned()
}

/// Prints the heading of a table.
pub(crate) fn heading(title: &str) {
    let columns = format!("{:>11}{:>10}{:>10}{:>7}{:>10}{:>7}", "answers/s", "p50", "p99", "cores", "per core", "lost");
    println!("\n  {title}");
    println!("  {:<42}{columns}  rate is", "");
}

/// Prints how Dogwatch compares with the best of the others, figure by figure.
pub(crate) fn compare(seen: &[(Make, Measured)]) {
    let of = |own: bool| {
        let wanted = seen.iter().filter(move |(make, _)| (*make == Make::Dogwatch) == own);
        wanted.map(|(_, measured)| measured)
    };
    let per_core = |own| of(own).filter_map(Measured::per_core).max_by(f64::total_cmp);
    let p99 = |own| of(own).filter_map(|measured| measured.percentile(99)).min();
    let (Some(rate), Some(best)) = (per_core(true), per_core(false)) else { return };
    let (Some(took), Some(least)) = (p99(true), p99(false)) else { return };
    println!(
        "  Dogwatch beside the better of the others: {:.2} × the answers per core, {:.2} × the p99",
        rate / best.max(f64::MIN_POSITIVE),
        took.as_secs_f64() / least.as_secs_f64().max(1e-9)
    );
}
