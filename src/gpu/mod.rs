//! The device: adapters, kernels, buffers and submissions; the only room that names wgpu.

mod adapter;
mod buffer;
mod cache;
mod kernel;
mod program;
mod submit;

use std::{
    collections::HashMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

pub use adapter::{AdapterInfo, AdapterKind, Choice, adapters};
pub use buffer::{Buffer, Fetch, Part};
pub use kernel::{Access, Kernel};
pub use program::Program;
pub use submit::Command;

use crate::error::{Error, Result};
use cache::Cache;

/// How long the device may work on what was submitted before it counts as hung.
const PATIENCE: Duration = Duration::from_secs(120);

/// An open device with its queue. Shared freely between threads; everything is in the order of the
/// calls. Once the device is lost every call says so.
pub struct Gpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
    info: AdapterInfo,
    limits: wgpu::Limits,
    /// Why the device can no longer be used.
    fault: Arc<OnceLock<String>>,
    kernels: Mutex<HashMap<kernel::Key, Kernel>>,
    cache: Option<Cache>,
    staging: Mutex<Option<wgpu::Buffer>>,
    tally: Tally,
}

#[derive(Default)]
struct Tally {
    dispatches: AtomicU64,
    submissions: AtomicU64,
    bytes_read: AtomicU64,
    bytes_written: AtomicU64,
}

/// What was asked of the device since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Kernels started.
    pub dispatches: u64,
    /// Command buffers submitted, those of reads included.
    pub submissions: u64,
    /// Bytes copied from the device.
    pub bytes_read: u64,
    /// Bytes copied to the device.
    pub bytes_written: u64,
}

impl Gpu {
    /// Opens an adapter with all that its limits allow. Kernels compiled in earlier runs are taken
    /// from the user's cache folder, those of this one are left there.
    ///
    /// # Errors
    /// No such adapter (the message lists those that exist), or the driver refuses.
    pub fn open(choice: &Choice) -> Result<Self> {
        Self::open_with(choice, Cache::folder().as_deref())
    }

    /// [`Gpu::open`] with the folder of compiled kernels, or without any.
    fn open_with(choice: &Choice, folder: Option<&Path>) -> Result<Self> {
        let (info, adapter) = adapter::choose(choice)?;
        let limits = adapter.limits();
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("gigamix"),
            required_features: adapter.features() & wgpu::Features::PIPELINE_CACHE,
            required_limits: limits.clone(),
            ..Default::default()
        };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor))
            .map_err(|error| Error::device(format!("cannot open {info}: {error}")))?;

        // Both would panic if nobody listened.
        let fault = Arc::new(OnceLock::new());
        let (lost, stray) = (fault.clone(), fault.clone());
        device.set_device_lost_callback(move |_, reason| {
            let reason = if reason.is_empty() { "the driver gave no reason" } else { &reason };
            let _ = lost.set(format!("was lost: {reason}"));
        });
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            let _ = stray.set(format!("failed: {}", flat(&error)));
        }));

        let cache = Cache::open(&device, &adapter, folder);
        let (kernels, staging, tally) = Default::default();
        Ok(Self { device, queue, info, limits, fault, kernels, cache, staging, tally })
    }

    /// The adapter behind the device.
    pub fn info(&self) -> &AdapterInfo {
        &self.info
    }

    /// What was asked of the device so far.
    pub fn counters(&self) -> Counters {
        Counters {
            dispatches: self.tally.dispatches.load(Relaxed),
            submissions: self.tally.submissions.load(Relaxed),
            bytes_read: self.tally.bytes_read.load(Relaxed),
            bytes_written: self.tally.bytes_written.load(Relaxed),
        }
    }

    /// Waits, asleep, until all that was submitted is done.
    ///
    /// # Errors
    /// The device is lost, or does not finish within two minutes, after which it counts as lost.
    pub fn wait(&self) -> Result<()> {
        self.wait_at_most(PATIENCE)
    }

    fn wait_at_most(&self, patience: Duration) -> Result<()> {
        self.alive()?;
        let wait = wgpu::PollType::Wait { submission_index: None, timeout: Some(patience) };
        // wgpu panics if the driver reports the loss of the device to a poll; it holds no lock then.
        let polled = catch_unwind(AssertUnwindSafe(|| self.device.poll(wait)));
        let fault = match polled {
            Ok(Ok(_)) => return self.alive(),
            Ok(Err(wgpu::PollError::Timeout)) => format!("did not finish within {patience:?}"),
            Ok(Err(error)) => format!("failed: {error}"),
            Err(_) => "was lost while it was waited for".into(),
        };
        let _ = self.fault.set(fault);
        self.alive()
    }

    /// Runs `work` and collects what wgpu has to say about it.
    fn guarded<R>(&self, doing: impl fmt::Display, work: impl FnOnce() -> R) -> Result<R> {
        self.alive()?;
        use wgpu::ErrorFilter::{Internal, OutOfMemory, Validation};
        let scopes = [OutOfMemory, Internal, Validation].map(|f| self.device.push_error_scope(f));
        let result = work();
        // Scopes are a stack: the last one pushed is popped first.
        let error =
            scopes.into_iter().rev().filter_map(|scope| pollster::block_on(scope.pop())).last();
        self.alive()?;
        let Some(error) = error else { return Ok(result) };
        // A lost device makes every later call invalid: let the loss be reported, if it is one.
        self.wait()?;
        let device = &self.info.name;
        Err(match &error {
            wgpu::Error::OutOfMemory { .. } => {
                Error::device(format!("{device} is out of memory while {doing}"))
                    .help("fit fewer models at once, or run on the processor with --device cpu")
            }
            _ => Error::device(format!("{device} failed while {doing}: {}", flat(&error)))
                .help("please report this with the output of `gigamix devices`"),
        })
    }

    /// An error if the device can no longer be used.
    fn alive(&self) -> Result<()> {
        let Some(fault) = self.fault.get() else { return Ok(()) };
        Err(Error::device(format!("the device {} {fault}", self.info)).help(
            "run the command again to resume; if it happens again, update the driver \
             or run on the processor with --device cpu",
        ))
    }
}

impl Drop for Gpu {
    fn drop(&mut self) {
        // wgpu waits for the queue when it drops it, and panics if that fails: leave a broken
        // device to the operating system.
        if self.fault.get().is_some() {
            std::mem::forget(self.queue.clone());
        } else if let Some(cache) = &self.cache {
            cache.save();
        }
    }
}

impl fmt::Debug for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gpu").field("info", &self.info).finish_non_exhaustive()
    }
}

/// wgpu's indented tree of causes in one line.
fn flat(error: &wgpu::Error) -> String {
    let mut causes = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    if causes.is_empty() {
        causes.push(error.to_string());
    }
    let lines = causes.iter().flat_map(|cause| cause.lines());
    lines.map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(": ")
}

/// The lock, also after a panic elsewhere: what these locks guard is whole between statements.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(crate) mod testing {
    use std::io::Write;

    use super::*;

    /// A software device for tests. Without one the tests that need it are not run and say so,
    /// unless `GIGAMIX_REQUIRE_VULKAN=1` turns that into a failure.
    pub(crate) fn software() -> Option<Gpu> {
        software_with(None)
    }

    /// [`software`] with a folder of compiled kernels: others leave nothing behind.
    pub(crate) fn software_with(folder: Option<&Path>) -> Option<Gpu> {
        match Gpu::open_with(&Choice::Software, folder) {
            Ok(gpu) => Some(gpu),
            Err(error) if std::env::var_os("GIGAMIX_REQUIRE_VULKAN").is_some_and(|v| v == "1") => {
                panic!("GIGAMIX_REQUIRE_VULKAN=1, but {}", error.one_line())
            }
            Err(error) => {
                // Not eprintln: the test harness would swallow it.
                let test = std::thread::current().name().unwrap_or_default().to_owned();
                let _ = writeln!(std::io::stderr(), "{test}: not run: {}", error.one_line());
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
