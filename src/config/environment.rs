//! `STREAMWARDEN_<SECTION>__<KEY>` variables: every key has one. `STREAMWARDEN_SERVERS__0__NAME` and
//! `STREAMWARDEN_NOTIFY__RECEIVERS__0__URL` reach into the lists.

use std::collections::BTreeMap;

use super::complaint::{Complaint, ConfigFault};
use super::keys::{self, Meaning};
use super::raw::{Raw, RawEntry, RawValue, ValueOrigin};

const PREFIX: &str = "STREAMWARDEN_";

/// Variables with our prefix that are not keys.
const OTHERS: [&str; 4] = ["CONFIG", "LOG_CONFIG", "COMMIT", "TOKEN"];

/// More items of a list than this in the environment is a slip of the finger, not a plan.
const MOST_ITEMS: usize = 1000;

/// Lays our variables over what is there; complains of names that mean nothing.
pub(super) fn lay_over(env: &BTreeMap<String, String>, raw: &mut Raw, complaints: &mut Vec<Complaint>) {
    for (variable, value) in env {
        let Some(rest) = variable.strip_prefix(PREFIX) else { continue };
        if value.is_empty() || OTHERS.contains(&rest) || is_service_link(rest) {
            continue;
        }
        let meaning = key_of(rest).and_then(|key| Some((keys::look_up(&key)?, key)));
        let (key, in_file) = match meaning {
            Some((Meaning::Value, key)) => (key, false),
            Some((Meaning::SecretFile(key), _)) => (key, true),
            None => {
                complaints.push(unknown(variable));
                continue;
            }
        };
        let entry =
            RawEntry { value: RawValue::Text(value.clone()), origin: ValueOrigin::Variable(variable.clone()), in_file };
        raw.put(key, entry, complaints);
    }
}

/// Kubernetes and Docker links describe a service called `streamwarden` in variables of this form.
fn is_service_link(rest: &str) -> bool {
    rest == "PORT" || rest.starts_with("PORT_") || rest.starts_with("SERVICE_HOST") || rest.starts_with("SERVICE_PORT")
}

/// `SERVERS__0__API_URL` becomes `servers[0].api_url`.
fn key_of(rest: &str) -> Option<String> {
    let mut key = String::new();
    for part in rest.split("__") {
        if let Ok(index) = part.parse::<usize>() {
            if index >= MOST_ITEMS {
                return None;
            }
            key.push_str(&format!("[{index}]"));
        } else {
            if !key.is_empty() {
                key.push('.');
            }
            key.push_str(&part.to_ascii_lowercase());
        }
    }
    Some(key)
}

/// The variable of a key; list items with index 0.
fn variable_of(key: &str) -> String {
    let name = key.replace("[].", "__0__").replace('.', "__").to_ascii_uppercase();
    format!("{PREFIX}{name}")
}

fn unknown(variable: &str) -> Complaint {
    let rest = variable.strip_prefix(PREFIX).unwrap_or(variable);
    let typed = keys::pattern(&key_of(rest).unwrap_or_default());
    let remedy = match keys::nearest(&typed, keys::names()) {
        Some(near) => format!("the nearest known variable is {}", variable_of(near)),
        None => "variables are STREAMWARDEN_<SECTION>__<KEY>, two underscores between section and key".to_owned(),
    };
    ConfigFault::new("no key has this variable", remedy)
        .at(variable, Some(ValueOrigin::Variable(variable.to_owned()).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_variable() {
        for name in keys::names() {
            let variable = variable_of(name);
            let key = key_of(variable.strip_prefix(PREFIX).expect("prefix")).expect("a key");
            assert_eq!(keys::pattern(&key), name);
        }
    }

    #[test]
    fn unknown_variables_are_led_to_the_right_one() {
        for (typed, wanted) in [
            ("STREAMWARDEN_HTTP_LISTEN", "STREAMWARDEN_HTTP__LISTEN"),
            ("STREAMWARDEN_SERVERS__0__API_ULR", "STREAMWARDEN_SERVERS__0__API_URL"),
            ("STREAMWARDEN_X", "two underscores"),
        ] {
            assert!(unknown(typed).remedy.contains(wanted), "{typed}: {}", unknown(typed).remedy);
        }
    }
}
