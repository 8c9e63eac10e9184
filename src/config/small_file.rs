//! Files that somebody names and that hold a page of text: certificates, keys, configuration.

use std::fs::File;
use std::io::{Error, ErrorKind, Read};
use std::path::Path;

/// No certificate, key or configuration is larger, in bytes; a device has no end.
const LARGEST: u64 = 4 << 20;

/// All of it.
///
/// # Errors
/// Those of the system, and `InvalidData` when there is more than such a file holds.
pub fn read(file: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    File::open(file)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error::new(ErrorKind::InvalidData, format!("it holds more than {} MiB", LARGEST >> 20)));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_and_a_device_without_end_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("one");
        std::fs::write(&file, "text").expect("written");
        assert_eq!(read(&file).expect("read"), b"text");
        assert_eq!(read(Path::new("/dev/zero")).expect_err("no end").kind(), ErrorKind::InvalidData);
        assert_eq!(read(&folder.path().join("none")).expect_err("none").kind(), ErrorKind::NotFound);
    }
}
