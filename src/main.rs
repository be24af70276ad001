//! The program: the library's command line.

use std::{env, process::ExitCode};

fn main() -> ExitCode {
    // Mesa's layer that sorts devices for desktops complains on stderr wherever there is no desktop.
    if env::var_os("NODEVICE_SELECT").is_none() {
        // SAFETY: no other thread runs yet.
        unsafe { env::set_var("NODEVICE_SELECT", "1") };
    }
    gigamix::cli::run(env::args_os())
}
