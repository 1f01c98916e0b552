//! Writes the journal, beside everything else.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use super::DIRECTORY;
use super::entry::JournalEntry;
use super::segment::Segment;

/// Entries that wait for the disk at most: what comes while they do is lost.
const WAITING: usize = 256;
/// Entries after which everything is handed to the system: what a killed daemon may lose.
const FLUSHED: u32 = 20;
/// Entries that are dropped after the disk took none, before it is tried again.
const RESTS: u32 = 20;

/// Takes entries for the journal. Cheap to clone; nobody waits for the disk.
#[derive(Clone, Debug)]
pub struct DecisionJournal(Option<SyncSender<JournalEntry>>);

impl DecisionJournal {
    /// Writes into that state directory, from a thread of its own, which ends with the last clone.
    pub fn start(site: &str, state_dir: &Path) -> Self {
        let (sender, entries) = sync_channel(WAITING);
        let (site, directory) = (site.to_owned(), state_dir.join(DIRECTORY));
        let writer = thread::Builder::new().name("decisions".to_owned());
        match writer
            .spawn(move || Writer { site, directory, segment: None, unflushed: 0, rests: 0, told: false }.run(&entries))
        {
            Ok(_) => Self(Some(sender)),
            Err(error) => {
                tracing::warn!(%error, "the journal of decisions is not kept");
                Self(None)
            }
        }
    }

    /// Notes a decision.
    pub fn note(&self, entry: JournalEntry) {
        let Some(sender) = &self.0 else { return };
        if let Err(TrySendError::Full(_)) = sender.try_send(entry) {
            tracing::debug!("a decision is not in the journal: the disk is too slow");
        }
    }
}

struct Writer {
    site: String,
    directory: PathBuf,
    segment: Option<Segment>,
    unflushed: u32,
    /// How many entries are still dropped since the disk took none.
    rests: u32,
    told: bool,
}

impl Writer {
    fn run(mut self, entries: &Receiver<JournalEntry>) {
        while let Ok(entry) = entries.recv() {
            if self.rests > 0 {
                self.rests = self.rests.saturating_sub(1);
                continue;
            }
            match self.write(&entry) {
                Ok(()) => self.told = false,
                Err(error) => {
                    if !self.told {
                        let (site, directory) = (&self.site, self.directory.display());
                        tracing::warn!(site, %error, "the journal of decisions cannot be written to {directory}");
                    }
                    (self.segment, self.rests, self.told) = (None, RESTS, true);
                }
            }
        }
        if let Some(segment) = self.segment {
            let _ = segment.finish();
        }
    }

    fn write(&mut self, entry: &JournalEntry) -> io::Result<()> {
        let segment = match &mut self.segment {
            Some(segment) => segment,
            none => none.insert(Segment::begin(&self.directory, entry)?),
        };
        segment.write(entry)?;
        self.unflushed = self.unflushed.saturating_add(1);
        // What somebody will look for in the morning must be there in the morning.
        let quiet = entry.answer.decision().is_some_and(|decision| decision.action == dogwatch_engine::Action::Stay);
        if !quiet || self.unflushed >= FLUSHED {
            segment.flush()?;
            self.unflushed = 0;
        }
        // A file that somebody removed is written to no end: the next one is begun in its place soon.
        if segment.is_full()
            && let Some(full) = self.segment.take()
        {
            full.finish()?;
        }
        Ok(())
    }
}
