//! Words that a room forbids, and words that were coined where the field has a term.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::names::{Declaration, declaration};
use super::{is_test, shipped, sources};

/// What may not stand in the code of a room: the room, the words, and files of it where they may.
const FORBIDDEN: [(&str, &[&str], &[&str]); 4] = [
    ("src/base", &["tokio::", "actix", "std::fs", "std::net::Tcp"], &[]),
    ("src/domain", &["tokio::", "actix", "std::fs", "Utc::now", "Instant::now", "SystemTime"], &[]),
    ("src/config", &["tokio::", "actix"], &[]),
    ("src/actors", &["actix_web", "reqwest::", "rusqlite", "tokio_postgres"], &[]),
];

/// SQL stands in the databases only, and a command is started by the adapter of ffmpeg only.
const ONLY_THERE: [(&str, &[&str]); 2] = [
    (
        "src/adapters/database",
        &[
            "\"SELECT ",
            "\"INSERT INTO",
            "\"UPDATE ",
            "\"DELETE FROM",
            "\"CREATE TABLE",
            "rusqlite::",
            "tokio_postgres::",
        ],
    ),
    ("src/adapters/ffmpeg", &["Command::new", "process::Command"]),
];

/// Texts that say what to type, and are no statement of ours.
const EXAMPLES: [&str; 1] = ["src/app/demo.rs"];

/// Words of our own where the field has a term, in small letters; no identifier may have one of them as a part.
const COINED: [&str; 44] = [
    "veil",
    "clerk",
    "deed",
    "deeds",
    "grudge",
    "grudges",
    "witness",
    "witnessed",
    "doors",
    "knock",
    "knocks",
    "knocked",
    "knocking",
    "knob",
    "knobs",
    "farewell",
    "patience",
    "patiently",
    "goodbye",
    "scales",
    "weigh",
    "weighs",
    "weighed",
    "hire",
    "hired",
    "dismiss",
    "dismissed",
    "staffed",
    "attendant",
    "abandoned",
    "wish",
    "wishes",
    "strangers",
    "story",
    "stories",
    "sight",
    "spell",
    "ledger",
    "former",
    "book",
    "books",
    "outbox",
    "stage",
    "rig",
];

/// Words that read well in a sentence, and name no type: an event, an update, a permit, a probe have those names.
const NO_TYPES: [&str; 14] = [
    "board", "door", "fed", "held", "look", "looks", "news", "pace", "perform", "shell", "stranger", "told", "turn",
    "turns",
];

/// `Shell` is whose completions are written, and the frame around the pages.
const SHELLS: [&str; 2] = ["src/cli/manual_options.rs", "web/src/shell"];

/// Words of a library, where it is used: the axes of a chart.
const OF_LIBRARIES: [(&str, &str); 1] = [("web/src/components", "scales")];

fn all(folders: &[&str], extensions: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    folders.iter().for_each(|folder| sources_of(Path::new(folder), extensions, &mut files));
    files
}

fn sources_of(folder: &Path, extensions: &[&str], into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources is readable").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources_of(&path, extensions, into);
        } else if path.extension().is_some_and(|extension| extensions.iter().any(|one| extension == *one)) {
            into.push(path);
        }
    }
}

#[test]
fn a_room_holds_none_of_the_words_it_forbids() {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| !is_test(file)) {
        let text = shipped(&fs::read_to_string(file).expect("a source is readable"));
        let mut forbid = |words: &[&str], why: &str| {
            let found = words.iter().filter(|word| text.contains(*word));
            faults.extend(found.map(|word| format!("{}: {word} {why}", file.display())));
        };
        for (room, words, but) in FORBIDDEN {
            if file.starts_with(room) && !but.iter().any(|but| file.starts_with(but)) {
                forbid(words, "does not belong there");
            }
        }
        for (room, words) in ONLY_THERE {
            if !file.starts_with(room) && !EXAMPLES.iter().any(|example| file.starts_with(example)) {
                forbid(words, &format!("belongs to {room} only"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Identifiers of the code, cut into their words: `LookPace` and `look_pace` are `look` and `pace`.
fn words_of(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for identifier in text.split(|c: char| !is_part(c)).filter(|part| !part.is_empty()) {
        let mut word = String::new();
        let mut before = '_';
        for c in identifier.chars() {
            if c == '_' || c.is_ascii_uppercase() && !before.is_ascii_uppercase() {
                words.insert(std::mem::take(&mut word));
            }
            if c != '_' {
                word.push(c.to_ascii_lowercase());
            }
            before = c;
        }
        words.insert(word);
    }
    words
}

/// The code without its comments and its texts: what is left are identifiers.
fn identifiers(text: &str) -> String {
    let mut code = String::new();
    for line in text.lines().filter(|line| !matches!(line.trim_start().get(..2), Some("//" | "* " | "/*"))) {
        let mut in_text = None;
        let mut before = ' ';
        for c in line.chars() {
            match in_text {
                Some(quote) if c == quote && before != '\\' => in_text = None,
                Some(_) => {}
                None if c == '"' || c == '`' => in_text = Some(c),
                None => code.push(c),
            }
            before = if before == '\\' { ' ' } else { c };
        }
        code.push('\n');
    }
    code
}

#[test]
fn no_coined_word_is_an_identifier() {
    let mut faults = Vec::new();
    for file in all(&["src", "tests/it", "benches", "web/src", "web/e2e"], &["rs", "ts", "tsx"]) {
        let text = fs::read_to_string(&file).expect("a source is readable");
        let words = words_of(&identifiers(&text));
        let found = COINED.iter().filter(|word| {
            let is_theirs = OF_LIBRARIES.iter().any(|(place, theirs)| file.starts_with(place) && theirs == *word);
            words.contains(**word) && !is_theirs && !file.ends_with("layers/words.rs")
        });
        faults.extend(found.map(|word| format!("{}: {word}", file.display())));
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        faults.extend(
            COINED
                .iter()
                .filter(|word| words_of(stem).contains(**word))
                .map(|word| format!("{}: its name is {word}", file.display())),
        );
    }
    assert!(faults.is_empty(), "there is a plain term for each of these:\n{}", faults.join("\n"));
}

#[test]
fn no_coined_word_names_a_type() {
    let mut faults = Vec::new();
    for file in all(&["src", "tests/it", "benches", "web/src"], &["rs", "ts", "tsx"]) {
        if SHELLS.iter().any(|place| file.starts_with(place)) {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source is readable");
        for Declaration { name, .. } in text.lines().filter_map(declaration) {
            let words = words_of(name);
            let found = NO_TYPES.iter().filter(|word| words.contains(**word));
            faults.extend(found.map(|word| format!("{}: {name} ({word})", file.display())));
        }
    }
    assert!(faults.is_empty(), "there is a plain term for each of these:\n{}", faults.join("\n"));
}

#[test]
fn identifiers_are_cut_into_words() {
    let found = words_of(&identifiers(
        "let look_pace = WsShell::new(\"a veil\"); // a clerk\n// deed\nconst FAREWELL: u8 = 1;",
    ));
    let wanted = ["look", "pace", "ws", "shell", "farewell"];
    assert!(wanted.iter().all(|word| found.contains(*word)), "{found:?}");
    assert!(["veil", "deed"].iter().all(|word| !found.contains(*word)), "{found:?}");
}
