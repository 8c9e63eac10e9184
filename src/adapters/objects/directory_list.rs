//! Every object of the folder, in the order of its folders, and what each says of itself.
//!
//! ```text
//! <root>/<folder of a session>/+metadata.jsonl    a line for each object that was put there: {"name": ..., "metadata": {...}}
//! ```
//!
//! A line is on disk before its object: an object of this version never stands without it. A line that was torn is none, and of two the
//! last one counts.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::directory_fault::fault;
use super::{ListedObject, ObjectPage};
use crate::base::Result;
use crate::domain::object_metadata::ObjectMetadata;

/// Beside the objects of a folder. `+` cannot stand in a key.
const FILE: &str = "+metadata.jsonl";

#[derive(Serialize, Deserialize)]
struct Line {
    name: String,
    metadata: ObjectMetadata,
}

/// Writes what an object says of itself. It is on disk on return.
pub(super) fn note(folder: &Path, name: &str, metadata: &ObjectMetadata) -> std::io::Result<()> {
    let line = serde_json::to_string(&Line { name: name.to_owned(), metadata: metadata.clone() })?;
    let mut file = File::options().create(true).append(true).open(folder.join(FILE))?;
    // In one piece; one before it may have been torn.
    file.write_all(format!("\n{line}\n").as_bytes())?;
    file.sync_all()
}

/// What an object says of itself; nothing where nobody has written it.
pub(super) fn noted(folder: &Path, name: &str) -> std::io::Result<ObjectMetadata> {
    let file = match File::open(folder.join(FILE)) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(ObjectMetadata::new()),
        Err(error) => return Err(error),
    };
    let mut found = ObjectMetadata::new();
    for line in BufReader::new(file).split(b'\n') {
        let line = serde_json::from_slice::<Line>(&line?).ok();
        if let Some(line) = line.filter(|line| line.name == name) {
            found = line.metadata;
        }
    }
    Ok(found)
}

/// A stretch of the list.
pub(super) fn list(root: &Path, after: Option<&str>, limit: usize) -> Result<ObjectPage> {
    let after: Vec<&str> = after.map(|key| key.split('/').collect()).unwrap_or_default();
    // One more than asked for tells whether more follow.
    let mut walk = Walk { limit: limit.saturating_add(1), found: Vec::new() };
    walk.folder(root, "", &after)?;
    let has_more = walk.found.len() > limit;
    walk.found.truncate(limit);
    Ok(ObjectPage { items: walk.found, has_more })
}

struct Walk {
    limit: usize,
    found: Vec<ListedObject>,
}

impl Walk {
    /// What is in a folder behind `after`, whose parts go on from here.
    fn folder(&mut self, folder: &Path, prefix: &str, after: &[&str]) -> Result<()> {
        let fault = |error| fault(folder, error);
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            // Removed meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound && !prefix.is_empty() => return Ok(()),
            Err(error) => return Err(fault(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            // A name that is no text is no object of ours, and neither is what we keep for ourselves.
            let name = entry.map_err(fault)?.file_name().into_string().ok();
            let first = after.first().copied().unwrap_or_default();
            names.extend(name.filter(|name| !name.starts_with(['+', '.']) && name.as_str() >= first));
        }
        names.sort();
        for name in names {
            if self.found.len() >= self.limit {
                return Ok(());
            }
            let path = folder.join(&name);
            let Ok(found) = fs::metadata(&path) else { continue };
            let key = format!("{prefix}{name}");
            let (is_on_the_way, rest) = match after.split_first() {
                Some((first, rest)) if *first == name => (true, rest),
                _ => (false, &[][..]),
            };
            if found.is_dir() {
                self.folder(&path, &format!("{key}/"), rest)?;
            } else if !is_on_the_way {
                self.found.push(ListedObject { key, bytes: found.len() });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_goes_on_where_it_ended_and_leaves_out_what_is_ours() {
        let root = tempfile::tempdir().expect("a folder");
        let keys = ["a/1/x", "a/1/y", "a/2/x", "a.b/1/x", "b", "c/d/e/f"];
        for name in keys.iter().chain(&["+incoming/z", ".hidden", "a/1/+metadata.jsonl"]) {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, name).expect("written");
        }
        for limit in [1, 2, 100] {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = list(root.path(), after.as_deref(), limit).expect("listed");
                after = page.items.last().map(|object| object.key.clone());
                found.extend(page.items.into_iter().map(|object| object.key));
                if !page.has_more {
                    break;
                }
            }
            assert_eq!(found, keys, "{limit} at a time");
        }
        let gone = list(root.path(), Some("a/1/xx"), 1).expect("listed");
        assert_eq!(gone.items[0].key, "a/1/y", "behind one that is gone");
    }

    #[test]
    fn of_two_lines_the_last_counts_and_a_torn_one_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let with = |value: &str| ObjectMetadata::from([("sha256".to_owned(), value.to_owned())]);
        assert_eq!(noted(folder.path(), "x").expect("read"), ObjectMetadata::new());
        note(folder.path(), "x", &with("1")).expect("written");
        let mut file = File::options().append(true).open(folder.path().join(FILE)).expect("a file");
        file.write_all(b"\n{\"name\":\"x\",\"meta").expect("torn");
        note(folder.path(), "y", &with("2")).expect("written");
        note(folder.path(), "x", &with("3")).expect("written");
        assert_eq!(
            (noted(folder.path(), "x").expect("read"), noted(folder.path(), "y").expect("read")),
            (with("3"), with("2"))
        );
    }
}
