//! The table.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, fs};

use super::situation_file::{self, part_and_finding};
use crate::domain::attribution::attribute;

/// So many situations there are at least.
const AT_LEAST: usize = 60;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/situations")
}

/// Files by their names; one alone where `SITUATION` names it.
fn files() -> Vec<(String, String)> {
    let only = env::var("SITUATION").ok();
    let entries = fs::read_dir(folder()).expect("the folder of situations is readable").flatten();
    let mut found: Vec<(String, String)> = entries
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "toml"))
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .filter(|(name, _)| only.as_ref().is_none_or(|only| name.starts_with(only.as_str())))
        .map(|(name, path)| (name, fs::read_to_string(path).expect("a situation is readable")))
        .collect();
    found.sort();
    found
}

/// What is not as expected of one situation.
fn faults(text: &str) -> Result<Vec<String>, String> {
    let case = situation_file::read(text)?;
    let verdicts = attribute(&case.situation);
    let keys: BTreeMap<_, _> = case.expected.iter().map(|(id, key, _)| (*id, key.clone())).collect();
    let mut faults = Vec::new();
    for (id, key, wanted) in &case.expected {
        let Some(verdict) = verdicts.get(id) else {
            faults.push(format!("{key}: no verdict"));
            continue;
        };
        let said = format!("{:?} {:?}: {}", verdict.cause, verdict.confidence, verdict.summary);
        if verdict.cause != wanted.cause {
            faults.push(format!("{key}: expect.cause: wanted {:?}, it says {said}", wanted.cause));
        }
        if let Some(confidence) = wanted.confidence.filter(|confidence| *confidence != verdict.confidence) {
            faults.push(format!("{key}: expect.confidence: wanted {confidence:?}, it says {said}"));
        }
        let root = verdict.root.and_then(|root| keys.get(&root));
        if root != wanted.root.as_ref() {
            faults.push(format!("{key}: expect.root: wanted {:?}, it is {root:?}; {said}", wanted.root));
        }
        for one in &wanted.evidence {
            let (part, finding) = part_and_finding(one)?;
            if !verdict.evidence.iter().any(|found| found.part == part && found.finding == finding) {
                faults.push(format!("{key}: expect.evidence: `{one}` is missing; it says {said}"));
            }
        }
        let first = verdict.try_next.first().map(|one| one.step);
        if wanted.first_step.is_some_and(|step| first != Some(step)) {
            faults.push(format!("{key}: expect.first_step: wanted {:?}, it is {first:?}", wanted.first_step));
        }
        if wanted.summary.as_ref().is_some_and(|summary| *summary != verdict.summary) {
            faults.push(format!("{key}: expect.summary: it says `{}`", verdict.summary));
        }
        // Whatever it is: words for people, and a way on.
        if verdict.summary.is_empty() || verdict.try_next.is_empty() {
            faults.push(format!("{key}: no words or nothing to try"));
        }
    }
    Ok(faults)
}

#[test]
fn every_situation_gets_its_verdicts() {
    let files = files();
    let mut wrong = Vec::new();
    for (name, text) in &files {
        match faults(text) {
            Ok(faults) => wrong.extend(faults.into_iter().map(|fault| format!("{name}: {fault}"))),
            Err(why) => wrong.push(format!("{name}: {why}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {} situations:\n{}", wrong.len(), files.len(), wrong.join("\n"));
    assert!(env::var("SITUATION").is_ok() || files.len() >= AT_LEAST, "only {} situations", files.len());
}

#[test]
fn a_bad_file_is_named_with_field_and_fault() {
    let good =
        |incident: &str, more: &str| format!("title = \"t\"\nsource = \"s\"\n{more}\n[[incident]]\n{incident}\n");
    let down = "of = \"camera:1\"\nkind = \"cameraDown\"\nat = 03:12:07\n[incident.expect]\ncause = \"unknown\"";
    assert!(situation_file::read(&good(down, "")).is_ok());
    for (text, wanted) in [
        (good(down, "tittle = 1"), "unknown field `tittle`"),
        (good(&down.replace("camera:1", "moon:1"), ""), "incident.of: `moon:1`"),
        (good(&down.replace("cameraDown", "cameraDwn"), ""), "unknown variant `cameraDwn`"),
        (good(&down.replace("\"unknown\"", "\"bad luck\""), ""), "unknown variant `bad luck`"),
        (good(&down.replace("03:12:07", "2026-11-29"), ""), "incident.at: 2026-11-29 is no time of day"),
        (good(&format!("{down}\nroot = \"server:main serverDown\""), ""), "expect.root: there is no incident"),
        (good(&format!("{down}\nevidence = [\"camera dead\"]"), ""), "expect.evidence: `camera dead`"),
        (good(down, "[[camera]]\nid = 1\nfault = \"broken\""), "unknown variant `broken`"),
        ("title = \"t\"".to_owned(), "missing field `source`"),
    ] {
        let said = situation_file::read(&text).err().unwrap_or_default();
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}
