//! Whether a process does anything, from `/proc` (proc(5)).

use rustix::process::Pid;

/// What a process has done so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Activity {
    /// The processor time of its threads, where it can be read. The unit does not matter.
    time: Option<u64>,
    run: Run,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Run {
    Free,
    /// Stopped by a signal.
    Stopped,
    /// It has crashed, and its memory is being written to disk. It does nothing else any more.
    DumpingCore,
}

impl Activity {
    /// What it has done until now.
    pub(super) fn of(pid: Pid) -> Self {
        let folder = format!("/proc/{}", pid.as_raw_nonzero());
        let stat = std::fs::read_to_string(format!("{folder}/stat")).unwrap_or_default();
        let stat = Stat::parse(&stat);
        let ticks = stat.as_ref().and_then(|stat| stat.ticks);
        let status = std::fs::read_to_string(format!("{folder}/status")).unwrap_or_default();
        let run = if status.lines().any(|line| line == "CoreDumping:\t1") {
            Run::DumpingCore
        } else if stat.is_some_and(|stat| stat.state == "T") {
            Run::Stopped
        } else {
            Run::Free
        };
        Self { time: nanoseconds(&folder).or(ticks), run }
    }

    /// Whether a signal has stopped it.
    pub(super) fn is_stopped(self) -> bool {
        self.run == Run::Stopped
    }

    /// Whether it has crashed, and is only still there for its core dump.
    pub(super) fn has_crashed(self) -> bool {
        self.run == Run::DumpingCore
    }

    /// Whether its processor time can be read.
    pub(super) fn is_measured(self) -> bool {
        self.time.is_some()
    }
}

/// Whether it has ended: what is left of it waits for its parent to take notice, which may never happen.
pub(super) fn has_ended(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    Stat::parse(&stat).is_none_or(|stat| matches!(stat.state, "Z" | "X"))
}

/// What its threads have used, to the nanosecond. A kernel may be built without that.
fn nanoseconds(folder: &str) -> Option<u64> {
    let mut sum: Option<u64> = None;
    for task in std::fs::read_dir(format!("{folder}/task")).ok()?.flatten() {
        let Ok(text) = std::fs::read_to_string(task.path().join("schedstat")) else { continue };
        let used: u64 = text.split(' ').next()?.parse().ok()?;
        sum = Some(sum.unwrap_or(0).wrapping_add(used));
    }
    // A kernel that does not count says 0.
    sum.filter(|sum| *sum > 0)
}

/// The fields of `/proc/PID/stat` that matter here.
struct Stat<'a> {
    state: &'a str,
    /// Processor time in ticks of 10 ms.
    ticks: Option<u64>,
}

impl<'a> Stat<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        // The name, in parentheses, may hold spaces and parentheses.
        let (_, rest) = text.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let state = fields.next()?;
        let mut times = fields.skip(10).map(|field| field.parse::<u64>().ok());
        let ticks = times.next().flatten().zip(times.next().flatten());
        Some(Self { state, ticks: ticks.map(|(user, system)| user.wrapping_add(system)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_hides_nothing() {
        let stat = Stat::parse("12 (a) T (b) S 1 12 12 0 -1 4194304 100 0 0 0 70 8 0 0 20 0 1 0 5 6 7").unwrap();
        assert_eq!((stat.state, stat.ticks), ("S", Some(78)));
        assert!(Stat::parse("").is_none());
    }
}
