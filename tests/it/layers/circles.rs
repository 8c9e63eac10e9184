//! Files that import one another in a circle, those of one room too. A name that a `mod.rs` passes on (`pub use`) counts as
//! the file that defines it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::{is_test, module_of, references, shipped, sources};

type Modules = BTreeMap<Vec<String>, String>;

/// The file that stands for the longest part of this path, and what of the path is left.
fn file_of<'a>(path: &'a [String], modules: &Modules) -> Option<(&'a [String], &'a [String])> {
    (1..=path.len()).rev().map(|length| path.split_at(length)).find(|(head, _)| modules.contains_key(*head))
}

/// The `use` lines of the text that pass names on, and the rest of it.
fn split_passed_on(text: &str) -> (String, String) {
    let (mut passed_on, mut rest) = (String::new(), String::new());
    let mut inside = false;
    for line in text.lines() {
        let start = line.trim_start();
        let begins = start.starts_with("pub use ") || start.starts_with("pub(") && start.contains(") use ");
        inside |= begins;
        let into = if inside { &mut passed_on } else { &mut rest };
        into.push_str(line);
        into.push('\n');
        inside &= !line.contains(';');
    }
    (passed_on, rest)
}

/// Paths that begin with a child of this module, as absolute ones: `child::name` in `mod.rs`.
fn with_children(text: &str, module: &[String], modules: &Modules) -> String {
    let is_child = |name: &&Vec<String>| name.len() == module.len() + 1 && name.starts_with(module);
    let mut text = text.to_owned();
    for child in modules.keys().filter(is_child) {
        let name = child.last().expect("a child has a name");
        let (from, to) = (format!("{name}::"), format!("crate::{}::", child.join("::")));
        let mut opened = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(at) = rest.find(&from) {
            let before = rest[..at].chars().next_back();
            let is_own = !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '$'));
            opened.push_str(&rest[..at]);
            opened.push_str(if is_own { &to } else { &from });
            rest = &rest[at + from.len()..];
        }
        opened.push_str(rest);
        text = opened;
    }
    text
}

/// Who imports whom.
fn imports(modules: &Modules) -> BTreeMap<&[String], BTreeSet<&[String]>> {
    let mut passed_on: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    let mut used = Vec::new();
    for (module, text) in modules {
        let (names, rest) = split_passed_on(&with_children(text, module, modules));
        for path in references(&names, module) {
            if let (Some((file, _)), Some(name)) = (file_of(&path, modules), path.last()) {
                passed_on.insert([module.as_slice(), std::slice::from_ref(name)].concat(), file.to_vec());
            }
        }
        used.push((module.as_slice(), references(&rest, module)));
    }
    let mut found: BTreeMap<&[String], BTreeSet<&[String]>> = BTreeMap::new();
    for (module, paths) in used {
        for path in paths {
            let Some((mut file, mut rest)) = file_of(&path, modules).map(|(file, rest)| (file.to_vec(), rest)) else {
                continue;
            };
            while let Some(at) =
                rest.first().and_then(|name| passed_on.get(&[file.as_slice(), std::slice::from_ref(name)].concat()))
            {
                file.clone_from(at);
                rest = &rest[1..];
            }
            let (file, _) = modules.get_key_value(&file).expect("a file of ours");
            if file.as_slice() != module {
                found.entry(module).or_default().insert(file);
            }
        }
    }
    found
}

/// All that can be reached from here.
fn reached<'a>(from: &'a [String], imports: &BTreeMap<&'a [String], BTreeSet<&'a [String]>>) -> BTreeSet<&'a [String]> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(at) = next.pop() {
        next.extend(imports.get(at).into_iter().flatten().filter(|to| seen.insert(**to)));
    }
    seen
}

/// Every circle as the sorted names of its files.
fn circles(modules: &Modules) -> BTreeSet<Vec<String>> {
    let imports = imports(modules);
    let reach: BTreeMap<&[String], BTreeSet<&[String]>> =
        imports.keys().map(|module| (*module, reached(module, &imports))).collect();
    let circle = |module: &&[String]| -> Option<Vec<String>> {
        let mine = reach.get(module).filter(|mine| mine.contains(module))?;
        let back = mine.iter().filter(|other| reach.get(**other).is_some_and(|theirs| theirs.contains(module)));
        Some(back.map(|name| name.join("::")).collect())
    };
    reach.keys().filter_map(circle).collect()
}

#[test]
fn no_files_import_one_another_in_a_circle() {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    files.retain(|file| !is_test(file));
    let text = |file: &Path| shipped(&fs::read_to_string(file).expect("a source is readable"));
    let modules: Modules = files.iter().map(|file| (module_of(file), text(file))).collect();
    let circles = circles(&modules);
    let found: Vec<String> = circles.iter().map(|circle| circle.join(" <-> ")).collect();
    assert!(found.is_empty(), "{} circles of files:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_circle_is_found_also_through_a_name_that_is_passed_on() {
    let module = |name: &str, text: &str| (name.split("::").map(str::to_owned).collect(), text.to_owned());
    let modules: Modules = [
        module("a", "pub use one::One;\nmod one;\nmod two;\nfn f() { two::g() }"),
        module("a::one", "use super::two::Two;"),
        module("a::two", "use crate::a::One;"),
        module("b", "use crate::a::One;"),
    ]
    .into();
    assert_eq!(circles(&modules).into_iter().collect::<Vec<_>>(), [["a::one", "a::two"]]);
}
