//! Puts a copy of a database file in the place of another one. A crash at any moment leaves the database as it was,
//! or a mark that stops the next start until the installation was repeated; the replaced files are kept aside.

use super::file::{Lock, create_private, remove, sync_folder, views_path, with_suffix};
use crate::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

/// A copy that is not whole yet.
const INCOMING: &str = ".incoming";
/// A whole copy on its way into its place.
const RESTORING: &str = ".restoring";
/// Bytes copied at a time.
const CHUNK: usize = 1 << 20;

/// Size and BLAKE3 of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Bytes.
    pub bytes: u64,
    /// BLAKE3 of all of them.
    pub hash: [u8; 32],
}

/// Reads a file as a whole.
///
/// # Errors
/// [`Error::File`] when it cannot be read.
pub fn fingerprint(path: impl AsRef<Path>) -> Result<Fingerprint, Error> {
    let path = path.as_ref();
    File::open(path).and_then(|file| copied(file, std::io::sink())).map_err(Error::file(path))
}

/// Installs a copy of `from` as the database at `to`, whose views are removed. What stood there is kept: its files
/// get `aside` behind their names. The copy must have this fingerprint.
///
/// # Errors
/// [`Error::Owned`] while a process has the database, [`Error::Altered`] when the copy is another one.
pub fn install(
    from: impl AsRef<Path>,
    expected: &Fingerprint,
    to: impl AsRef<Path>,
    aside: &str,
) -> Result<(), Error> {
    let (from, to) = (from.as_ref(), to.as_ref());
    let _owner = Lock::take(to)?;
    let (incoming, restoring) = (with_suffix(to, INCOMING), with_suffix(to, RESTORING));
    remove(&incoming)?;
    create_private(&incoming).map_err(Error::file(&incoming))?;
    let found = copy(from, &incoming)?;
    if found != *expected {
        remove(&incoming)?;
        return Err(Error::Altered { path: from.to_owned() });
    }
    rename(&incoming, &restoring)?;
    sync_folder(to)?;
    // From here to the last step the mark stops a start: a log must not meet another database.
    for suffix in ["-wal", "-shm", ""] {
        let file = with_suffix(to, suffix);
        if file.exists() {
            rename(&file, &with_suffix(&file, aside))?;
        }
    }
    remove(&views_path(to))?;
    sync_folder(to)?;
    rename(&restoring, to)?;
    sync_folder(to)
}

/// Refuses a database whose installation was cut short.
pub(super) fn require_installed(path: &Path) -> Result<(), Error> {
    let mark = with_suffix(path, RESTORING);
    if mark.exists() { Err(Error::Restoring { mark }) } else { Ok(()) }
}

fn copy(from: &Path, to: &Path) -> Result<Fingerprint, Error> {
    let source = File::open(from).map_err(Error::file(from))?;
    let target = || -> std::io::Result<Fingerprint> {
        let mut target = OpenOptions::new().write(true).open(to)?;
        let found = copied(source, &mut target)?;
        target.sync_all()?;
        Ok(found)
    };
    target().map_err(Error::file(to))
}

fn copied(mut from: impl Read, mut to: impl Write) -> std::io::Result<Fingerprint> {
    let mut hasher = blake3::Hasher::new();
    let (mut chunk, mut bytes) = (vec![0; CHUNK], 0);
    loop {
        let read = match from.read(&mut chunk) {
            Ok(0) => return Ok(Fingerprint { bytes, hash: *hasher.finalize().as_bytes() }),
            Ok(read) => read,
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        hasher.update(&chunk[..read]);
        to.write_all(&chunk[..read])?;
        bytes += read as u64;
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::rename(from, to).map_err(Error::file(from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_copy_takes_the_place_and_what_stood_there_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["copy", "nija.db", "nija.db-wal", "nija-views.db"] {
            fs::write(at(name), name).unwrap();
        }
        let print = fingerprint(at("copy")).unwrap();
        assert_eq!(print.bytes, 4);
        fs::write(at("other"), "copz").unwrap();
        let other = install(at("other"), &print, at("nija.db"), ".before");
        assert!(matches!(other, Err(Error::Altered { .. })));
        assert_eq!(fs::read(at("nija.db")).unwrap(), b"nija.db");
        install(at("copy"), &print, at("nija.db"), ".before").unwrap();
        let read = |name: &str| fs::read_to_string(at(name)).unwrap();
        assert_eq!(read("nija.db"), "copy");
        assert_eq!(
            (read("nija.db.before"), read("nija.db-wal.before")),
            ("nija.db".into(), "nija.db-wal".into())
        );
        assert!(!at("nija.db-wal").exists() && !at("nija-views.db").exists());
        assert!(require_installed(&at("nija.db")).is_ok());
        fs::write(at("nija.db.restoring"), "").unwrap();
        assert!(matches!(require_installed(&at("nija.db")), Err(Error::Restoring { .. })));
    }

    #[test]
    fn a_database_in_use_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (copy, to) = (folder.path().join("copy"), folder.path().join("nija.db"));
        fs::write(&copy, "copy").unwrap();
        let print = fingerprint(&copy).unwrap();
        let owner = Lock::take(&to).unwrap();
        assert!(matches!(install(&copy, &print, &to, ".before"), Err(Error::Owned { .. })));
        drop(owner);
        install(&copy, &print, &to, ".before").unwrap();
    }
}
