//! Why a read has no answer.

use std::fmt;
use std::time::Duration;

use crate::endpoint::EndpointName;
use crate::error::RpcError;

/// A read that no endpoint answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The error of each endpoint; one without an entry was asked and has not answered.
    pub causes: Vec<(EndpointName, RpcError)>,
    /// The deadline, if it passed before every endpoint had been tried.
    pub deadline: Option<Duration>,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.deadline {
            Some(after) => write!(f, "no endpoint answered within {after:?}")?,
            None => f.write_str("no endpoint answered")?,
        }
        for (name, error) in &self.causes {
            write!(f, "; {name}: {error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ReadError {}
