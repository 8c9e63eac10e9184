//! Imports point down and in no circle, rooms hold none of the words they forbid, and names are the field's: reads the sources.

mod circles;
mod names;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

/// Layers from the ground up. Modules of one row are siblings and may not know one another.
const LAYERS: [&[&str]; 7] = [
    &["base"],
    &["config", "domain"],
    &["adapters"],
    &["actors"],
    &["http", "demo", "logging", "signals"],
    &["app"],
    &["cli", "main"],
];

/// Layers whose folders are siblings too, with what all of them may share.
const WITH_SIBLINGS: [(&str, &[&str]); 2] = [
    ("adapters", &["folder", "request_thread", "tls"]),
    ("actors", &["supervision", "incidents", "single_flight", "rate_limit"]),
];

/// Files of `src` that tests share.
const TEST_HELPERS: [&str; 4] = ["testkit", "testpooler", "testserver", "testworld"];

fn rank(module: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&module))
}

/// What is wrong with `from` (module path, outermost first) naming `to`, if anything.
fn fault(from: &[String], to: &[String]) -> Option<&'static str> {
    let (from_top, to_top) = (from.first()?, to.first()?);
    let (below, above) = (rank(from_top)?, rank(to_top)?);
    if from_top != to_top {
        return match above.cmp(&below) {
            std::cmp::Ordering::Less => None,
            std::cmp::Ordering::Equal => Some("names its sibling"),
            std::cmp::Ordering::Greater => Some("points up"),
        };
    }
    let (_, shared) = WITH_SIBLINGS.iter().find(|(layer, _)| layer == from_top)?;
    let (from_room, to_room) = (from.get(1)?, to.get(1)?);
    let room = Path::new("src").join(from_top).join(to_room);
    let is_room = room.is_dir() || room.with_extension("rs").is_file();
    (is_room && from_room != to_room && !shared.contains(&to_room.as_str())).then_some("names its sibling")
}

/// Every `crate::...` and `super::...` path in the text, absolute, braces opened.
fn references(text: &str, module: &[String]) -> Vec<Vec<String>> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | ':')) {
                continue;
            }
            let mut rest = &code[at..];
            let mut base = Vec::new();
            if let Some(tail) = rest.strip_prefix("crate::") {
                rest = tail;
            } else {
                base = module.to_vec();
                while let Some(tail) = rest.strip_prefix("super::") {
                    base.pop();
                    rest = tail;
                }
            }
            open(rest, &base, &mut found);
        }
    }
    found
}

/// Reads `a::b` or `{a, b::{c, d}}` at the start of `rest`.
fn open(rest: &str, base: &[String], found: &mut Vec<Vec<String>>) {
    if let Some(inner) = rest.strip_prefix('{') {
        let mut depth = 0;
        let mut item = String::new();
        for c in inner.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                _ => {}
            }
            if c == ',' && depth == 0 {
                open(item.trim(), base, found);
                item.clear();
            } else {
                item.push(c);
            }
        }
        if !item.trim().is_empty() {
            open(item.trim(), base, found);
        }
        return;
    }
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let (name, tail) = rest.split_at(end);
    let mut path = base.to_vec();
    if !name.is_empty() && name != "self" {
        path.push(name.to_owned());
    }
    match tail.strip_prefix("::") {
        Some(deeper) if path.len() < 6 => open(deeper, &path, found),
        _ => found.push(path),
    }
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src is readable").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// Whether the file holds tests alone.
fn is_test(file: &Path) -> bool {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let in_tests = file.iter().any(|part| part == "tests" || part == "behaviour");
    in_tests || stem == "tests" || stem.ends_with("_tests") || TEST_HELPERS.contains(&stem)
}

#[test]
fn what_only_sounds_like_a_test_is_none() {
    for (file, wanted) in [
        ("src/actors/hub/tests.rs", true),
        ("src/domain/attribution/tests/chains.rs", true),
        ("src/actors/hub/hub_wire_tests.rs", true),
        ("src/adapters/database/postgres/testserver.rs", true),
        ("src/app/test_stream.rs", false),
        ("src/cli/test_stream_command.rs", false),
        ("src/app/tested.rs", false),
    ] {
        assert_eq!(is_test(Path::new(file)), wanted, "{file}");
    }
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    for helper in TEST_HELPERS {
        let is_it = |file: &PathBuf| file.file_stem().is_some_and(|stem| stem == helper);
        assert!(files.iter().any(is_it), "there is no {helper}.rs any more");
    }
}

/// The text without comments and without its module of tests.
fn shipped(text: &str) -> String {
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let tests = code
        .windows(2)
        .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{'));
    code[..tests.unwrap_or(code.len())].join("\n")
}

fn module_of(file: &Path) -> Vec<String> {
    let inside = file.strip_prefix("src").expect("a file of src").with_extension("");
    let mut path: Vec<String> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if path.last().is_some_and(|last| last == "mod") {
        path.pop();
    }
    path
}

#[test]
fn imports_point_down_only() {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    assert!(files.len() > 20, "the sources were found");
    let mut faults = Vec::new();
    for file in files {
        let module = module_of(&file);
        if module == ["lib"] {
            continue;
        }
        assert!(rank(&module[0]).is_some(), "{} belongs to no layer", file.display());
        let text = fs::read_to_string(&file).expect("a source is readable");
        for reference in references(&text, &module) {
            if let Some(fault) = fault(&module, &reference) {
                faults.push(format!("{}: {} {fault}", file.display(), reference.join("::")));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_reader_of_imports_finds_what_it_should() {
    let from: Vec<String> = ["adapters", "live", "memory"].map(str::to_owned).to_vec();
    let text =
        "use crate::{base::Error, http::{self, state}};\nuse super::super::database::Database;\n// crate::app::x\n";
    let found = references(text, &from);
    let names: Vec<String> = found.iter().map(|path| path.join("::")).collect();
    assert_eq!(names, ["base::Error", "http", "http::state", "adapters::database::Database"]);
    let faults: Vec<bool> = found.iter().map(|to| fault(&from, to).is_some()).collect();
    assert_eq!(faults, [false, true, true, true]);
}
