//! Compiled kernels on disk, so that the next run on the same driver need not compile them again.
//!
//! Vulkan only: Metal and DX12 keep such a cache themselves. A cache that cannot be read or written
//! costs time, never an answer, so nothing here fails.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy;
use sha2::{Digest, Sha256};

/// A larger file is not read, and so replaced by the kernels of this run: there is no way to drop
/// single kernels that nobody needs any longer.
const LARGEST: u64 = 64 << 20;

/// Bytes of the digest that a file begins with.
const DIGEST: usize = 32;

/// The kernels that a device has compiled, in this run and in earlier ones.
pub(super) struct Cache {
    kernels: wgpu::PipelineCache,
    path: PathBuf,
    /// The bytes that the file had when it was read.
    read: Vec<u8>,
}

impl Cache {
    /// The user's folder for what can be made again: `$XDG_CACHE_HOME/gigamix` or
    /// `~/.cache/gigamix`, on Windows `%LOCALAPPDATA%\gigamix`.
    pub(super) fn folder() -> Option<PathBuf> {
        etcetera::choose_base_strategy().ok().map(|base| base.cache_dir().join("gigamix"))
    }

    /// The cache of an adapter; `None` if its interface has none, or there is no folder.
    pub(super) fn open(
        device: &wgpu::Device,
        adapter: &wgpu::Adapter,
        folder: Option<&Path>,
    ) -> Option<Self> {
        if !device.features().contains(wgpu::Features::PIPELINE_CACHE) {
            return None;
        }
        let path = folder?.join(wgpu::util::pipeline_cache_key(&adapter.get_info())?);
        let read = load(&path).unwrap_or_default();
        let descriptor = wgpu::PipelineCacheDescriptor {
            label: Some("gigamix"),
            data: Some(&read).filter(|read| !read.is_empty()).map(Vec::as_slice),
            // Bytes of another driver, or of another version of it, are not used.
            fallback: true,
        };
        // SAFETY: the data were returned by `get_data` of such a cache: the file lies in the user's
        // own folder, and a file whose digest is not that of its bytes was not read.
        let kernels = unsafe { device.create_pipeline_cache(&descriptor) };
        Some(Self { kernels, path, read })
    }

    /// What a kernel is compiled with.
    pub(super) fn kernels(&self) -> &wgpu::PipelineCache {
        &self.kernels
    }

    /// Writes the file anew if there are other kernels than it had.
    pub(super) fn save(&self) {
        if let Some(kernels) = self.kernels.get_data()
            && kernels != self.read
        {
            // The disk may be full, or the folder read-only: the next run compiles again.
            let _ = store(&self.path, &kernels);
        }
    }
}

/// The kernels in a file; `None` if it is absent, too large or not as it was written.
fn load(path: &Path) -> Option<Vec<u8>> {
    if fs::metadata(path).ok()?.len() > LARGEST {
        return None;
    }
    let mut bytes = fs::read(path).ok()?;
    let kernels = bytes.split_off(bytes.len().min(DIGEST));
    (bytes == Sha256::digest(&kernels).as_slice()).then_some(kernels)
}

/// Writes a file aside and renames it, as other processes may be reading and writing it too.
fn store(path: &Path, kernels: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut aside = tempfile::NamedTempFile::new_in(folder)?;
    aside.write_all(&Sha256::digest(kernels))?;
    aside.write_all(kernels)?;
    aside.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_only_if_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/kernels");
        assert_eq!(load(&path), None);
        store(&path, b"compiled").unwrap();
        assert_eq!(load(&path).as_deref(), Some(&b"compiled"[..]));

        let whole = fs::read(&path).unwrap();
        for at in [0, DIGEST, whole.len() - 1] {
            let mut spoiled = whole.clone();
            spoiled[at] ^= 1;
            fs::write(&path, spoiled).unwrap();
            assert_eq!(load(&path), None, "byte {at} is wrong");
        }
        for length in [0, DIGEST - 1, DIGEST, whole.len() - 1] {
            fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(load(&path), None, "{length} bytes");
        }
        let too_large = fs::File::create(&path).unwrap();
        too_large.set_len(LARGEST + 1).unwrap();
        assert_eq!(load(&path), None);
    }
}
