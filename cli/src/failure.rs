//! Why a command ends early, and with which exit code.

use folkmoot_core::crypto::SignError;
use folkmoot_core::{DraftError, ReceiveError};
use std::io;
use std::process::ExitCode;

/// Why a command ends early. Each is told in one line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file that cannot be read, or holds no ops: which, where and why.
    #[error("{0}")]
    Input(String),
    /// A store that cannot be opened or read: which, why, and what to do.
    #[error("{0}")]
    Store(String),
    /// A store that could not be written: which, and why.
    #[error("{0}")]
    Lost(String),
    /// The account could not be written.
    #[error("stdout cannot be written: {0}")]
    Output(#[from] io::Error),
    /// The demo's replicas do not agree.
    #[error("the replicas do not agree: {0}")]
    Disagree(&'static str),
    /// The demo could not do what it tells.
    #[error("the demo could not go on: {0}")]
    Demo(String),
}

impl Failure {
    /// 2 where the caller asked for what cannot be done, 1 where doing it failed.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Input(_) | Self::Store(_) => ExitCode::from(2),
            Self::Output(_) | Self::Lost(_) | Self::Disagree(_) | Self::Demo(_) => ExitCode::FAILURE,
        }
    }
}

impl From<DraftError> for Failure {
    fn from(error: DraftError) -> Self {
        Self::Demo(error.to_string())
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        Self::Demo(error.to_string())
    }
}

impl From<ReceiveError> for Failure {
    fn from(error: ReceiveError) -> Self {
        Self::Demo(error.to_string())
    }
}
