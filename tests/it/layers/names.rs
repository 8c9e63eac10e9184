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

/// A type that a line declares, in Rust or TypeScript.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Declaration<'a> {
    pub(super) name: &'a str,
    /// Other files of Rust see it: it is `pub` to some, and within nothing.
    is_shared: bool,
}

pub(super) fn declaration(line: &str) -> Option<Declaration<'_>> {
    let bare = line.trim_start();
    let bare = bare.strip_prefix("export ").unwrap_or(bare);
    let rest = match bare.strip_prefix("pub(") {
        Some(rest) => rest.split_once(") ")?.1,
        None => bare.strip_prefix("pub ").unwrap_or(bare),
    };
    let kinds = ["struct ", "enum ", "trait ", "type ", "class ", "interface "];
    let name = kinds.iter().find_map(|kind| rest.strip_prefix(kind))?;
    let name = name.split(|c: char| !c.is_alphanumeric() && c != '_').next().filter(|name| !name.is_empty())?;
    Some(Declaration { name, is_shared: line.starts_with("pub") })
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
        for Declaration { name, .. } in text.lines().filter_map(declaration).filter(|one| one.is_shared) {
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
        ("pub struct Hub {", Some(("Hub", true))),
        ("pub(super) enum ItemKey {", Some(("ItemKey", true))),
        ("pub(in crate::actors) struct Slot {", Some(("Slot", true))),
        ("pub type Result<T, E = Error> = core::Result<T, E>;", Some(("Result", true))),
        ("pub trait Keep: Send {", Some(("Keep", true))),
        ("pub fn structure() {", None),
        ("struct Private;", Some(("Private", false))),
        ("    pub struct Inner;", Some(("Inner", false))),
        ("export interface Route {", Some(("Route", false))),
        ("export class Turns {", Some(("Turns", false))),
        ("let told = 1;", None),
        ("/// type of a thing", None),
    ];
    for (line, wanted) in table {
        let found = declaration(line).map(|one| (one.name, one.is_shared));
        assert_eq!(found, wanted, "{line}");
    }
}
