//! What is seen of a proxy under load, and how it is printed.

use std::time::Duration;

use tokio::time::Instant;

use crate::figures::{self, Sample};
use crate::load::Clients;
use crate::proxies::{Make, Proxy};

/// What was seen of a proxy under load.
#[derive(Debug)]
struct Measured {
    /// Good answers per second.
    rate: f64,
    /// How long they took; nothing where there was none.
    took: Option<Sample>,
    processor: Option<Processor>,
    lost: u32,
    why: Option<String>,
}

#[derive(Clone, Copy, Debug)]
struct Processor {
    /// How many cores it kept busy.
    cores: f64,
    /// Good answers for a second of one.
    answers_per_second: f64,
}

async fn measure(clients: &mut Clients, proxy: Option<&Proxy>, span: Duration) -> anyhow::Result<Measured> {
    let before = proxy.map(Proxy::processor).transpose()?;
    let began = Instant::now();
    let tally = clients.load(span).await?;
    let elapsed = began.elapsed().as_secs_f64();
    let after = proxy.map(Proxy::processor).transpose()?;
    let answers = tally.answered.len() as f64;
    let processor = before.zip(after).map(|(before, after)| {
        let spent = after.saturating_sub(before).as_secs_f64();
        Processor { cores: spent / elapsed, answers_per_second: answers / spent.max(f64::MIN_POSITIVE) }
    });
    Ok(Measured {
        rate: f64::from(tally.in_time) / span.as_secs_f64(),
        took: Sample::new(tally.answered).ok(),
        processor,
        lost: tally.lost,
        why: tally.why,
    })
}

fn heading(title: &str) {
    println!(
        "  {title}\n  {:<42}{:>11}{:>10}{:>10}{:>7}{:>10}{:>6}  rate is",
        "", "answers/s", "p50", "p99", "cores", "per core", "lost"
    );
}

/// Prints what was seen, and how the rate compares with another.
fn line(what: &str, measured: &Measured, against: Option<(f64, &str)>) {
    let none = || "–".to_owned();
    let took = |percent| measured.took.as_ref().map_or_else(none, |took| figures::short(took.percentile(percent)));
    let cores = measured.processor.map_or_else(none, |processor| format!("{:.2}", processor.cores));
    let per_core = measured.processor.map_or_else(none, |processor| format!("{:.0}", processor.answers_per_second));
    let ratio = against.map_or_else(
        || "baseline".to_owned(),
        |(rate, name)| format!("{:.2} × {name}", measured.rate / rate.max(f64::MIN_POSITIVE)),
    );
    println!(
        "  {what:<42}{:>11.0}{:>10}{:>10}{cores:>7}{per_core:>10}{:>6}  {ratio}",
        measured.rate,
        took(50),
        took(99),
        measured.lost
    );
    if let Some(why) = &measured.why {
        println!("    one was lost so: {}", why.chars().take(96).collect::<String>());
    }
}

/// How Dogwatch compares with the better of the others, in each respect.
fn compare(seen: &[(Make, Measured)]) {
    let per_core = |measured: &Measured| measured.processor.map(|processor| processor.answers_per_second);
    let p99 = |measured: &Measured| measured.took.as_ref().map(|took| took.percentile(99).as_secs_f64());
    let own = seen.iter().find(|(make, _)| *make == Make::Dogwatch).map(|(_, measured)| measured);
    let others = || seen.iter().filter(|(make, _)| *make != Make::Dogwatch).map(|(_, measured)| measured);
    let most = others().filter_map(per_core).max_by(f64::total_cmp);
    let least = others().filter_map(p99).min_by(f64::total_cmp);
    if let (Some(own_rate), Some(most), Some(own_p99), Some(least)) =
        (own.and_then(per_core), most, own.and_then(p99), least)
    {
        println!(
            "  Dogwatch beside the better of the others: {:.2} × its answers per core, {:.2} × its p99.",
            own_rate / most,
            own_p99 / least
        );
    }
}
