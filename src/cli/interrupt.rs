//! Ctrl-C: the first one asks the work to stop, the second one ends the program.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use super::output::Output;
use crate::error::{Error, Result};

/// Listens to Ctrl-C from now on; the flag turns true at the first one.
pub(super) fn flag(out: &Output) -> Result<Arc<AtomicBool>> {
    let (cancel, out) = (Arc::new(AtomicBool::new(false)), out.clone());
    let flag = cancel.clone();
    ctrlc::set_handler(move || {
        if flag.swap(true, SeqCst) {
            std::process::exit(130);
        }
        out.note(
            "stopping: finished models are kept and the same command resumes; Ctrl-C again ends at \
             once",
        );
    })
    .map_err(|error| Error::bug(format!("cannot listen to Ctrl-C: {error}")))?;
    Ok(cancel)
}
