//! Where a node's process is found.

use std::fmt;
use std::path::{Path, PathBuf};

use rustix::process::Pid;

use crate::process::activity::has_ended;

/// Where systemd and containers keep their control groups (cgroups(7)), version 2 first.
const CGROUPS: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/systemd"];

/// How deep control groups are searched: a slice, a container in it, and what that makes.
const DEPTH: usize = 4;

/// Where the process is found, and which one it is if there are several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A unit of systemd, such as `hived.service`.
    Unit {
        /// Its name.
        unit: String,
        /// The process's name, if not just the largest one is meant.
        process: Option<String>,
    },
    /// A folder of control groups, such as a container's, or the slice in which it runs.
    Cgroup {
        /// The folder.
        folder: PathBuf,
        /// The process's name, if not just the largest one is meant.
        process: Option<String>,
    },
    /// A file that holds the process's number.
    PidFile {
        /// The file.
        file: PathBuf,
        /// The process's name: another process may have got the number since.
        process: Option<String>,
    },
}

/// The process cannot be looked for.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read: {error}", .path.display())]
pub struct ProcessError {
    path: PathBuf,
    error: std::io::Error,
}

impl ProcessError {
    pub(super) fn new(path: PathBuf, error: std::io::Error) -> Self {
        Self { path, error }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let process = match self {
            Self::Unit { unit, process } => {
                write!(f, "unit {unit}")?;
                process
            }
            Self::Cgroup { folder, process } => {
                write!(f, "control group {}", folder.display())?;
                process
            }
            Self::PidFile { file, process } => {
                write!(f, "pid file {}", file.display())?;
                process
            }
        };
        process.as_ref().map_or(Ok(()), |process| write!(f, ", process {process}"))
    }
}

impl Place {
    /// Whether the folder that was named is not there. That of a unit comes and goes with the unit.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self, Self::Cgroup { folder, .. } if !folder.is_dir())
    }

    /// The process, if there is one now.
    pub(super) fn find(&self) -> Result<Option<Pid>, ProcessError> {
        match self {
            Self::Unit { unit, process } => {
                let folders = CGROUPS.iter().filter_map(|root| folder_of(Path::new(root), unit, DEPTH));
                folders.map(|folder| pids(&folder)).next().unwrap_or(Ok(Vec::new())).map(|all| choose(all, process))
            }
            Self::Cgroup { folder, process } => pids(folder).map(|all| choose(all, process)),
            Self::PidFile { file, process } => {
                let text = read(file)?.unwrap_or_default();
                Ok(choose(text.split_whitespace().take(1).filter_map(pid).collect(), process))
            }
        }
    }
}

/// The folder of a unit, which its slice may hold at any depth.
fn folder_of(root: &Path, unit: &str, depth: usize) -> Option<PathBuf> {
    let direct = root.join(unit);
    if direct.is_dir() {
        return Some(direct);
    }
    let deeper = depth.checked_sub(1)?;
    let slices = std::fs::read_dir(root).ok()?.flatten().map(|entry| entry.path());
    slices
        .filter(|path| path.extension().is_some_and(|kind| kind == "slice"))
        .find_map(|slice| folder_of(&slice, unit, deeper))
}

/// All processes of a control group and those in it. One that does not exist has none: it goes with its last process.
fn pids(folder: &Path) -> Result<Vec<Pid>, ProcessError> {
    let (mut all, mut folders) = (Vec::new(), vec![(folder.to_owned(), DEPTH)]);
    while let Some((folder, depth)) = folders.pop() {
        all.extend(read(&folder.join("cgroup.procs"))?.unwrap_or_default().lines().filter_map(pid));
        let Some(deeper) = depth.checked_sub(1) else { continue };
        let inner = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        folders.extend(inner.map(|entry| entry.path()).filter(|path| path.is_dir()).map(|path| (path, deeper)));
    }
    Ok(all)
}

fn read(path: &Path) -> Result<Option<String>, ProcessError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        // A control group that has just been removed answers with ENODEV.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound || error.raw_os_error() == Some(19) => Ok(None),
        Err(error) => Err(ProcessError { path: path.to_owned(), error }),
    }
}

fn pid(text: &str) -> Option<Pid> {
    text.parse().ok().and_then(Pid::from_raw)
}

/// The one of that name. Of several, and without a name, the one that holds most memory: a node dwarfs the scripts around it.
fn choose(all: Vec<Pid>, name: &Option<String>) -> Option<Pid> {
    let there = all.into_iter().filter(|pid| !has_ended(*pid));
    let of_name = there.filter(|pid| name.as_ref().is_none_or(|name| has_name(*pid, name)));
    of_name.filter_map(|pid| Some((resident(pid)?, pid))).max_by_key(|(resident, _)| *resident).map(|(_, pid)| pid)
}

/// Whether a process has that name, of which the kernel keeps 15 bytes.
fn has_name(pid: Pid, name: &str) -> bool {
    let kept = std::fs::read_to_string(format!("/proc/{}/comm", pid.as_raw_nonzero()));
    kept.is_ok_and(|kept| kept.trim_end().as_bytes() == name.as_bytes().get(..15).unwrap_or(name.as_bytes()))
}

/// Its resident pages. `None` if it has ended.
fn resident(pid: Pid) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{}/statm", pid.as_raw_nonzero())).ok()?;
    text.split(' ').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_found_in_its_slice() {
        let root = tempfile::tempdir().unwrap();
        let unit = root.path().join("system.slice/system-hived.slice/hived@one.service");
        std::fs::create_dir_all(&unit).unwrap();
        assert_eq!(folder_of(root.path(), "hived@one.service", DEPTH), Some(unit));
        assert_eq!(folder_of(root.path(), "other.service", DEPTH), None);
    }

    #[test]
    fn the_processes_of_a_container_count_for_its_slice() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("docker-1.scope/init");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(root.path().join("cgroup.procs"), "").unwrap();
        std::fs::write(inner.join("cgroup.procs"), "7\n8\n").unwrap();
        let found: Vec<i32> = pids(root.path()).unwrap().iter().map(|pid| pid.as_raw_nonzero().get()).collect();
        assert_eq!(found, [7, 8]);
        assert!(pids(&root.path().join("gone")).unwrap().is_empty());
    }
}
