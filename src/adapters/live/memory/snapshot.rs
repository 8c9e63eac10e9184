//! The history in a file of ours, so that a restart does not lose it.
//!
//! Beside the whole file lie those with what came later (`saved`), numbered from 1, each with the checksum of the whole one to which
//! they belong. Each is replaced in one step. It begins with what it is and in which form, and ends with a checksum over all of it: a file that is
//! torn, of another form or somebody else's is not used, and put aside under another name.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::block::Block;
use super::history::StoredHistory;
use crate::base::{Error, Result};
use crate::domain::name::StreamName;

const MAGIC: &[u8; 8] = b"SWhist\r\n";

/// The same of a file with what came later.
const ADDED: &[u8; 8] = b"SWhist+\n";

/// Of everything before it in a file.
pub(super) type Checksum = [u8; 32];

/// A file that was written.
#[derive(Clone, Copy, Debug)]
pub(super) struct WrittenFile {
    pub(super) bytes: u64,
    pub(super) checksum: Checksum,
}

/// Form of the file and of the blocks in it; another one is not guessed at.
const VERSION: u32 = 1;

/// No block of ours is larger, in bytes.
const LARGEST_BLOCK: usize = 64 << 10;

/// A file that is not used keeps lying under its name with this behind it; the next one replaces it.
const ASIDE: &str = "refused";

/// Writes it whole; what lay beside it goes.
pub(super) fn write(path: &Path, streams: &[StoredHistory]) -> Result<WrittenFile> {
    let written = replace(path, MAGIC, &[], streams).map_err(|error| not_written(path, error))?;
    // Those that stay belong to another file from now on, and are not read.
    (1..).map(|number| numbered(path, number)).take_while(|file| fs::remove_file(file).is_ok()).count();
    Ok(written)
}

/// Writes what came later than the whole file with this checksum, as the one of this number; says how many bytes.
pub(super) fn add(path: &Path, number: u32, whole: Checksum, streams: &[StoredHistory]) -> Result<u64> {
    let file = numbered(path, number);
    replace(&file, ADDED, &whole, streams).map(|written| written.bytes).map_err(|error| not_written(&file, error))
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    beside(path, &number.to_string())
}

fn not_written(path: &Path, error: io::Error) -> Error {
    Error::internal(format!("{} cannot be written: {error}", path.display())).with_source(error)
}

/// What it and the files beside it hold; `None` when there is none.
///
/// # Errors
/// When it cannot be read, or is none of ours as a whole; then it is put aside.
pub(super) fn read(path: &Path) -> Result<Option<Vec<StoredHistory>>> {
    let Some((mut streams, whole)) = read_one(path, MAGIC)? else { return Ok(None) };
    for number in 1.. {
        match read_one(&numbered(path, number), ADDED) {
            Ok(Some((later, of))) if of == whole => append_all(&mut streams, later),
            Ok(_) => break,
            Err(error) => {
                log::warn!("the history before this start ends early: {error}");
                break;
            }
        }
    }
    Ok(Some(streams))
}

fn append_all(streams: &mut Vec<StoredHistory>, later: Vec<StoredHistory>) {
    let place = |(place, stream): (usize, &StoredHistory)| ((stream.server.clone(), stream.name.clone()), place);
    let known: HashMap<_, _> = streams.iter().enumerate().map(place).collect();
    for stream in later {
        match known.get(&(stream.server.clone(), stream.name.clone())) {
            Some(place) => append(&mut streams[*place].blocks, stream.blocks),
            None => streams.push(stream),
        }
    }
}

/// Puts what was added to a stream behind what was known of it: its last block may have grown.
fn append(known: &mut Vec<Arc<Block>>, added: Vec<Arc<Block>>) {
    let has_grown = known
        .last()
        .zip(added.first())
        .is_some_and(|(last, first)| last.start_ms == first.start_ms && first.bytes.starts_with(&last.bytes));
    if has_grown {
        known.pop();
    }
    known.extend(added);
}

/// What one file holds, and the checksum of the whole one; `None` when there is none.
fn read_one(path: &Path, magic: &[u8; 8]) -> Result<Option<(Vec<StoredHistory>, Checksum)>> {
    let why = match File::open(path).map_err(Refused::Unreadable).and_then(|file| read_from(file, magic)) {
        Ok(found) => return Ok(Some(found)),
        Err(Refused::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(Refused::Unreadable(error)) => {
            return Err(Error::internal(format!("{} cannot be read: {error}", path.display())).with_source(error));
        }
        Err(Refused::Wrong(why)) => why,
    };
    let aside = beside(path, ASIDE);
    let kept = match fs::rename(path, &aside) {
        Ok(()) => format!("it is kept as {}", aside.display()),
        Err(error) => format!("it cannot be put aside: {error}"),
    };
    Err(Error::internal(format!("{} is not used: {why}; {kept}", path.display())))
}

enum Refused {
    /// The disk's fault: it may be well later on.
    Unreadable(io::Error),
    /// The file's.
    Wrong(String),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Self::Wrong("it is torn".to_owned());
        }
        Self::Unreadable(error)
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}

/// On the disk when it returns. Always by way of the same file: what a killed run has left is overwritten.
fn replace(path: &Path, magic: &[u8; 8], of: &[u8], streams: &[StoredHistory]) -> io::Result<WrittenFile> {
    let new = beside(path, "new");
    let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    let mut to = Hashing { inner: BufWriter::with_capacity(1 << 16, file), hash: Sha256::new() };
    to.write_all(magic)?;
    to.write_all(&VERSION.to_le_bytes())?;
    to.write_all(of)?;
    to.count(streams.len())?;
    for stream in streams {
        to.text(&stream.server)?;
        to.text(stream.name.as_str())?;
        to.count(stream.blocks.len())?;
        for block in &stream.blocks {
            to.write_all(&block.start_ms.to_le_bytes())?;
            to.write_all(&block.last_ms.to_le_bytes())?;
            to.count(block.bytes.len())?;
            to.write_all(&block.bytes)?;
        }
    }
    let checksum: Checksum = to.hash.finalize().into();
    let mut inner = to.inner;
    inner.write_all(&checksum)?;
    let file = inner.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    let bytes = file.metadata()?.len();
    fs::rename(&new, path)?;
    File::open(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(WrittenFile { bytes, checksum })
}

fn read_from(file: File, magic: &[u8; 8]) -> std::result::Result<(Vec<StoredHistory>, Checksum), Refused> {
    let mut from = Hashing { inner: BufReader::with_capacity(1 << 16, file), hash: Sha256::new() };
    if from.bytes::<8>().ok().as_ref() != Some(magic) {
        return Err(Refused::Wrong("it is no history of streams".to_owned()));
    }
    let version = u32::from_le_bytes(from.bytes()?);
    if version != VERSION {
        return Err(Refused::Wrong(format!(
            "it has form {version}, and this version of the program reads form {VERSION}"
        )));
    }
    let of = if magic == ADDED { Some(from.bytes()?) } else { None };
    let mut streams = Vec::new();
    for _ in 0..from.take_count()? {
        let server = from.take_text()?;
        let name = from.take_text()?;
        let mut blocks = Vec::new();
        for _ in 0..from.take_count()? {
            let start_ms = i64::from_le_bytes(from.bytes()?);
            let last_ms = i64::from_le_bytes(from.bytes()?);
            let bytes = from.take_bytes(LARGEST_BLOCK)?;
            blocks.push(Arc::new(Block { start_ms, last_ms, bytes }));
        }
        // A name that is none is somebody's mistake, and no other stream's.
        if let Ok(name) = StreamName::parse(&name) {
            streams.push(StoredHistory { server, name, blocks });
        }
    }
    let digest: Checksum = from.hash.finalize().into();
    let mut told = [0; 32];
    from.inner.read_exact(&mut told)?;
    if told != digest || from.inner.read(&mut [0])? != 0 {
        return Err(Refused::Wrong("its checksum is wrong".to_owned()));
    }
    Ok((streams, of.unwrap_or(digest)))
}

/// Reads or writes, and hashes what goes through.
struct Hashing<T> {
    inner: T,
    hash: Sha256,
}

impl<T: Write> Hashing<T> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.inner.write_all(bytes)
    }

    fn count(&mut self, count: usize) -> io::Result<()> {
        let count = u32::try_from(count).map_err(|_| io::Error::other("too much for one file"))?;
        self.write_all(&count.to_le_bytes())
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        self.count(text.len())?;
        self.write_all(text.as_bytes())
    }
}

impl<T: Read> Hashing<T> {
    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes)?;
        self.hash.update(bytes);
        Ok(bytes)
    }

    fn take_count(&mut self) -> io::Result<usize> {
        Ok(u32::from_le_bytes(self.bytes()?) as usize)
    }

    fn take_bytes(&mut self, most: usize) -> std::result::Result<Vec<u8>, Refused> {
        let length = self.take_count()?;
        if length > most {
            return Err(Refused::Wrong("it is torn".to_owned()));
        }
        let mut bytes = vec![0; length];
        self.inner.read_exact(&mut bytes)?;
        self.hash.update(&bytes);
        Ok(bytes)
    }

    fn take_text(&mut self) -> std::result::Result<String, Refused> {
        let wrong = |_| Refused::Wrong("it is torn".to_owned());
        String::from_utf8(self.take_bytes(LARGEST_BLOCK)?).map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn streams() -> Vec<StoredHistory> {
        let block = |start_ms, length| Arc::new(Block { start_ms, last_ms: start_ms + 9, bytes: vec![7; length] });
        let name = |text| StreamName::parse(text).expect("a name");
        vec![
            StoredHistory { server: "main".to_owned(), name: name("a"), blocks: vec![block(1, 2_000), block(-5, 3)] },
            StoredHistory { server: "second".to_owned(), name: name("b/c"), blocks: Vec::new() },
        ]
    }

    fn plain(streams: &[StoredHistory]) -> Vec<(String, String, Vec<Block>)> {
        let blocks = |stream: &StoredHistory| stream.blocks.iter().map(|block| Block::clone(block)).collect();
        streams.iter().map(|one| (one.server.clone(), one.name.as_str().to_owned(), blocks(one))).collect()
    }

    #[test]
    fn what_was_written_comes_back_and_is_for_our_own_user() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.snapshot");
        assert!(read(&path).expect("nothing is wrong").is_none());
        for _ in 0..2 {
            let bytes = write(&path, &streams()).expect("written").bytes;
            assert_eq!(bytes, fs::metadata(&path).expect("a file").len());
            assert_eq!(plain(&read(&path).expect("read").expect("a file")), plain(&streams()));
        }
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");
    }

    #[test]
    fn a_torn_foreign_or_old_file_is_put_aside_and_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.snapshot");
        write(&path, &streams()).expect("written");
        let whole = fs::read(&path).expect("a file");
        let changed = |place: usize, value: u8| {
            let mut bytes = whole.clone();
            bytes[place] = value;
            bytes
        };
        for (bytes, says) in [
            (whole[..whole.len() / 2].to_vec(), "torn"),
            (whole[..whole.len() - 1].to_vec(), "torn"),
            ([whole.clone(), vec![0]].concat(), "checksum"),
            (changed(200, 8), "checksum"),
            (changed(whole.len() - 1, whole[whole.len() - 1] ^ 1), "checksum"),
            (changed(8, 9), "form 9"),
            (changed(0, b'x'), "no history of streams"),
            (Vec::new(), "no history of streams"),
            (b"[]".to_vec(), "no history of streams"),
        ] {
            fs::write(&path, &bytes).expect("written");
            let error = read(&path).map(|_| ()).expect_err(says);
            assert!(error.message().contains(says) && error.message().contains("history.snapshot.refused"), "{error}");
            assert!(!path.exists() && fs::read(folder.path().join("history.snapshot.refused")).expect("kept") == bytes);
            assert!(read(&path).expect("the next start has nothing to say").is_none());
        }
    }
}
