//! The state that all sessions of a mail server share.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::fault::MailFault;
use super::mail::Mail;
use super::options::Options;

/// What all sessions share.
#[derive(Debug)]
pub(super) struct MailState {
    pub(super) options: Options,
    pub(super) mails: Vec<Mail>,
    pub(super) commands: Vec<Vec<String>>,
    pub(super) faults: VecDeque<Option<MailFault>>,
}

pub(super) fn lock(state: &Mutex<MailState>) -> MutexGuard<'_, MailState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
