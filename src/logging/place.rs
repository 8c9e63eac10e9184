//! Where a log file will be: paths of the file may name variables of the environment, as log4rs understands them.

/// What begins a variable in a path.
const BEGIN: &str = "$ENV{";

/// The path with every variable that is set in place of its name; others stay as they are written, as log4rs does it.
pub(super) fn expanded(path: &str, variable: impl Fn(&str) -> Option<String>) -> String {
    let mut done = String::new();
    let mut rest = path;
    while let Some((before, name)) = next(rest) {
        let whole = &rest[before.len()..before.len() + BEGIN.len() + name.len() + 1];
        done.push_str(before);
        done.push_str(&variable(name).unwrap_or_else(|| whole.to_owned()));
        rest = &rest[before.len() + whole.len()..];
    }
    done + rest
}

/// The variable that a path still names though it was expanded: it is not set.
pub fn unset_variable(path: &std::path::Path) -> Option<String> {
    next(path.to_str()?).map(|(_, name)| name.to_owned())
}

/// The next variable, and what is in front of it.
fn next(path: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    while let Some(found) = path[from..].find(BEGIN) {
        let at = from + found;
        let name = path[at + BEGIN.len()..].split_once('}').map(|(name, _)| name);
        let part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        if let Some(name) = name.filter(|name| !name.is_empty() && !name.starts_with('.') && name.chars().all(part)) {
            return Some((&path[..at], name));
        }
        from = at + BEGIN.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_taken_where_log4rs_takes_them() {
        let set = |name: &str| (name == "LOGS" || name == "A.b").then(|| format!("/{name}"));
        for (path, wanted, unset) in [
            ("log/x.log", "log/x.log", None),
            ("$ENV{LOGS}/x.log", "/LOGS/x.log", None),
            ("a$ENV{A.b}$ENV{LOGS}", "a/A.b/LOGS", None),
            ("$ENV{OTHER}/$ENV{LOGS}", "$ENV{OTHER}//LOGS", Some("OTHER")),
            ("$ENV{}/$ENV{.x}/$ENV{a b}/$ENV{LOGS", "$ENV{}/$ENV{.x}/$ENV{a b}/$ENV{LOGS", None),
            ("$ENV{$ENV{LOGS}", "$ENV{/LOGS", None),
        ] {
            let found = expanded(path, set);
            assert_eq!((found.as_str(), unset_variable(found.as_ref()).as_deref()), (wanted, unset), "{path}");
        }
    }
}
