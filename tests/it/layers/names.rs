//! One meaning per name: file names say whose they are, and a type that more than one file sees has a name that is there once. A
//! type of one file alone is read beside its meaning, and may be called as briefly as that allows.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::sources;

/// The built-in media server speaks MediaMTX's words, which may be ours too.
const OWN_WORDS: &str = "src/demo";

/// Every folder has these.
const EVERYWHERE: [&str; 2] = ["mod.rs", "tests.rs"];

/// A name of two files may be told apart by their folders; one of three cannot.
const MOST_FILES: usize = 2;

fn all() -> Vec<PathBuf> {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    assert!(files.len() > 20, "the sources were found");
    files
}

/// Name of the type that a line declares to other files, if it does.
fn declared(line: &str) -> Option<&str> {
    let rest = match line.strip_prefix("pub(") {
        Some(rest) => rest.split_once(") ")?.1,
        None => line.strip_prefix("pub ")?,
    };
    let rest = ["struct ", "enum ", "trait ", "type "].iter().find_map(|word| rest.strip_prefix(word))?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().filter(|name| !name.is_empty())
}

#[test]
fn no_name_of_a_file_stands_more_than_twice() {
    let mut places: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in all() {
        let name = file.file_name().expect("a file").to_string_lossy().into_owned();
        if !EVERYWHERE.contains(&name.as_str()) {
            places.entry(name).or_default().push(file);
        }
    }
    places.retain(|_, files| files.len() > MOST_FILES);
    assert!(places.is_empty(), "say whose each of them is: {places:#?}");
}

#[test]
fn a_type_of_several_files_has_a_name_of_its_own() {
    let mut places: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in all().into_iter().filter(|file| !file.starts_with(OWN_WORDS)) {
        let text = fs::read_to_string(&file).expect("a source is readable");
        for name in text.lines().filter_map(declared) {
            places.entry(name.to_owned()).or_default().push(file.clone());
        }
    }
    assert!(places.len() > 100, "the types were found");
    places.retain(|_, files| files.len() > 1);
    assert!(places.is_empty(), "each needs a name that says whose it is: {places:#?}");
}

#[test]
fn declarations_are_found() {
    let table = [
        ("pub struct Hub {", Some("Hub")),
        ("pub(super) enum ItemKey {", Some("ItemKey")),
        ("pub(in crate::actors) struct Slot {", Some("Slot")),
        ("pub type Result<T, E = Error> = core::Result<T, E>;", Some("Result")),
        ("pub trait Keep: Send {", Some("Keep")),
        ("pub fn structure() {", None),
        ("struct Private;", None),
        ("    pub struct Inner;", None),
    ];
    for (line, name) in table {
        assert_eq!(declared(line), name, "{line}");
    }
}
