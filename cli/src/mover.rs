//! What moves contexts to other applications: a command of the user's, or nothing.

use folkmoot::{ContextMove, Moved, Upgrader};
use std::process::{Command, Stdio};

/// Most characters that are kept of what a command said as it failed.
const MAX_SAID: usize = 200;

/// Runs a command for each context; without one, a context needs no work.
#[derive(Debug)]
pub(crate) struct ByCommand(pub(crate) Option<String>);

impl Upgrader for ByCommand {
    fn upgrade<'a>(&'a self, step: &'a ContextMove) -> Moved<'a> {
        let Some(command) = self.0.clone() else { return Box::pin(std::future::ready(Ok(()))) };
        let step = step.clone();
        Box::pin(async move {
            let ran = tokio::task::spawn_blocking(move || run(&command, &step)).await;
            ran.unwrap_or_else(|_| Err("the command was not run".to_owned()))
        })
    }
}

fn run(command: &str, step: &ContextMove) -> Result<(), String> {
    let hex = |bytes: &[u8; 32]| crate::naming::hex(bytes);
    let mut shell = if cfg!(windows) { Command::new("cmd") } else { Command::new("sh") };
    let output = shell
        .arg(if cfg!(windows) { "/C" } else { "-c" })
        .arg(command)
        .env("FOLKMOOT_CONTEXT", step.context.to_string())
        .env("FOLKMOOT_FROM", hex(&step.from_application))
        .env("FOLKMOOT_TO", hex(&step.application_id))
        .env("FOLKMOOT_MIGRATION", step.migration.as_deref().unwrap_or_default())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("the command did not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last: String = said.lines().last().unwrap_or_default().chars().take(MAX_SAID).collect();
    Err(if last.is_empty() { format!("it ended with {}", output.status) } else { last })
}
