//! Logging: plain lines for people, JSON for machines, always on standard error. Standard output is for answers.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// How log events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One line of text per event.
    #[default]
    Plain,
    /// One JSON object per event and line.
    Json,
}

/// Starts logging. `DOGWATCH_LOG` sets what is logged (`info` by default), in the syntax of tracing's filters.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_env("DOGWATCH_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // A log that nobody reads any more must not stop the daemon; reporting the error on the same log would.
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    // A second call, in tests, changes nothing.
    let _ = match format {
        LogFormat::Plain => builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
    };
}
