//! What `/proc` reports about a process.

use std::time::Duration;

use anyhow::Context as _;

/// Linux counts processor time in `/proc` in hundredths of a second, whatever the kernel's own tick.
const CLOCK_TICK: Duration = Duration::from_millis(10);

/// Memory, in KiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) resident: u64,
    pub(crate) peak: u64,
    /// Heap, stacks and written data.
    pub(crate) anonymous: u64,
    /// The program's own file and other mapped files.
    pub(crate) file: u64,
}

/// Processor time and voluntary context switches of a thread.
#[derive(Clone, Debug)]
pub(crate) struct Thread {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) processor: Duration,
    pub(crate) waits: u64,
}

fn read(process: u32, file: &str) -> anyhow::Result<String> {
    let path = format!("/proc/{process}/{file}");
    std::fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))
}

fn field(status: &str, name: &str) -> anyhow::Result<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
    Ok(line.trim_start_matches([':', ' ', '\t']).split(' ').next().unwrap_or_default().parse()?)
}

pub(crate) fn memory(process: u32) -> anyhow::Result<Memory> {
    let status = read(process, "status")?;
    Ok(Memory {
        resident: field(&status, "VmRSS")?,
        peak: field(&status, "VmHWM")?,
        anonymous: field(&status, "RssAnon")?,
        file: field(&status, "RssFile")?,
    })
}

/// The user and system time of all threads, including those that have ended.
pub(crate) fn processor(process: u32) -> anyhow::Result<Duration> {
    let stat = read(process, "stat")?;
    // The name in parentheses may contain anything. After it come the state and then fields 4, 5, …
    let (_, rest) = stat.rsplit_once(") ").context("an unknown form of stat")?;
    let mut ticks = 0u32;
    for text in rest.split(' ').skip(11).take(2) {
        ticks += text.parse::<u32>()?;
    }
    Ok(CLOCK_TICK * ticks)
}

/// The running threads, with the exact times that the scheduler keeps.
pub(crate) fn threads(process: u32) -> anyhow::Result<Vec<Thread>> {
    let mut threads = Vec::new();
    for entry in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let name = entry?.file_name();
        let task = format!("task/{}", name.display());
        let spent = read(process, &format!("{task}/schedstat"))?;
        threads.push(Thread {
            id: name.to_string_lossy().parse()?,
            name: read(process, &format!("{task}/comm"))?.trim().to_owned(),
            processor: Duration::from_nanos(spent.split(' ').next().unwrap_or_default().parse()?),
            waits: field(&read(process, &format!("{task}/status"))?, "voluntary_ctxt_switches")?,
        });
    }
    Ok(threads)
}
