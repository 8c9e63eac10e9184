//! Whatever is typed, in a file or in the environment, comes back as settings or as complaints, never as a panic.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Sources, key_names, load};

/// Anything, and things that look nearly right.
fn typed() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9]{1,30}(ms|s|m|h|d|y|G|/s)?",
        "(http|rtsp|sqlite|postgresql)?:?/{0,3}[a-z@:\\[\\]0-9./?#]{0,20}",
        "\\[?[0-9a-f:.]{1,20}\\]?:[0-9]{0,6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_variable_may_hold_anything(values in proptest::collection::vec(typed(), key_names().count())) {
        let names = key_names().map(|key| format!("STREAMWARDEN_{}", key.replace("[].", "__0__").replace('.', "__").to_ascii_uppercase()));
        let env: BTreeMap<_, _> = names.zip(values).collect();
        prop_assert_eq!(env.len(), key_names().count());
        if let Err(complaints) = load(&Sources { env, ..Sources::default() }) {
            prop_assert!(complaints.0.iter().all(|complaint| complaint.fault.len() < 1_000 && !complaint.remedy.is_empty()));
        }
    }

    #[test]
    fn any_file_may_be_given(sections in proptest::collection::vec("\\[{0,2}(http|servers|record)\\]{0,2}", 0..4), text in typed()) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("any.toml");
        let lines: Vec<_> = sections.iter().map(|section| format!("{section}\nname = {text}\nlisten = {text:?}\n")).collect();
        std::fs::write(&file, lines.concat()).expect("a file");
        if let Err(complaints) = load(&Sources { file: Some(file), ..Sources::default() }) {
            prop_assert!(!complaints.0.is_empty());
        }
    }
}
