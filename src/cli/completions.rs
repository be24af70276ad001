//! `gigamix completions`: scripts that let a shell complete the command line.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{args::CommandLine, output::Output};
use crate::error::Result;

/// Prints the script of a shell.
pub(super) fn print(shell: Shell, out: &Output) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut CommandLine::command(), "gigamix", &mut script);
    out.print(&String::from_utf8_lossy(&script))
}
