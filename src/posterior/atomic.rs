//! Files that appear whole or not at all: written aside in the same folder, synced, renamed.

use crate::error::{Error, Result};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// Removes the hidden files that a killed [`write`] left in a folder; nobody else may be writing there.
pub fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(".tmp") {
            // What cannot be removed does no harm.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Writes `bytes` as the file `path`; folders on the way are created.
///
/// Until the last byte is on the disk only a hidden file `.<name>.<random>.tmp` in the same folder
/// exists; any error removes it and leaves an older `path` as it was.
///
/// # Errors
/// An input error with the path, e.g. when the disk is full or the folder cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |e: io::Error| failure(path, &e);
    let (Some(name), Some(parent)) = (path.file_name(), path.parent()) else {
        return Err(Error::input(format!("{} cannot be the name of a file", path.display())));
    };
    // The parent of a bare file name is the empty path: the current folder.
    let folder = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let prefix = format!(".{}.", name.to_string_lossy());
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".tmp");
    // Like any new file, readable as the umask says, not by the owner alone.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut aside = builder.tempfile_in(folder).map_err(failed)?;
    aside.as_file_mut().write_all(bytes).map_err(failed)?;
    aside.as_file().sync_all().map_err(failed)?;
    aside.persist(path).map_err(|e| failed(e.error))?;
    // Makes the new name survive a power cut. Some network file systems cannot do it; the file is
    // whole in any case.
    #[cfg(unix)]
    let _ = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// The error of a failed write, with what to do where that is known.
fn failure(path: &Path, error: &io::Error) -> Error {
    let failed = Error::io(path, "write", error);
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            failed.help("free some space, or choose another disk with --out")
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            failed.help("choose a folder that you can write to with --out")
        }
        _ => failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use std::fs;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn writes_and_replaces_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/run.json");
        write(&path, b"one, the longer text").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(path.parent().unwrap()), ["run.json"]);
    }

    #[test]
    fn what_a_kill_left_is_swept_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in [".run.json.a1b2.tmp", "run.json", ".hidden", "notes.tmp"] {
            fs::write(folder.path().join(name), b"x").unwrap();
        }
        sweep(folder.path());
        let mut left = names(folder.path());
        left.sort();
        assert_eq!(left, [".hidden", "notes.tmp", "run.json"]);
        sweep(&folder.path().join("absent"));
    }

    #[test]
    fn says_which_path_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        write(&file, b"").unwrap();
        let inside = file.join("run.json");
        let error = write(&inside, b"x").unwrap_err();
        assert_eq!(error.kind(), Kind::Input);
        assert!(error.message().contains(&inside.display().to_string()), "{error}");
        assert!(write(Path::new("/"), b"x").is_err());
    }

    #[test]
    fn an_error_keeps_what_was_there_and_removes_the_aside() {
        let folder = tempfile::tempdir().unwrap();
        // A folder is never replaced by a file: the rename fails, after everything is written.
        let taken = folder.path().join("taken");
        write(&taken.join("old"), b"old").unwrap();
        assert!(write(&taken, &[7; 1 << 20]).is_err());
        assert_eq!(names(folder.path()), ["taken"]);
        assert_eq!(fs::read(taken.join("old")).unwrap(), b"old");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_says_so() {
        let full = io::Error::from_raw_os_error(28);
        let error = failure(Path::new("out/x"), &full);
        assert!(error.message().starts_with("cannot write out/x: No space left"), "{error}");
        assert!(error.help_text().unwrap().contains("--out"));
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_as_the_umask_says() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (plain, ours) = (folder.path().join("plain"), folder.path().join("ours"));
        fs::write(&plain, b"").unwrap();
        write(&ours, b"").unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(plain), mode(ours));
    }
}
