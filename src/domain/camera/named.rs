//! How people name one camera, on the command line and over the API: by its id or by its name. A number is always an id, so
//! that a command given again never reaches another camera that has the number for its name.

use crate::base::{Error, Result};

/// Whether this is an id: digits and nothing else.
pub fn is_id(camera: &str) -> bool {
    !camera.is_empty() && camera.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether `camera` names the one with this id and name.
pub fn is_named(camera: &str, id: i64, name: &str) -> bool {
    if is_id(camera) { camera.parse() == Ok(id) } else { camera == name }
}

/// Refuses a new name that would be taken for an id. Rows that have one already keep it and are named by their id.
pub(super) fn check_new(name: &str) -> Result<()> {
    if is_id(name) {
        let shown: String = name.chars().take(40).collect();
        let text = format!("{shown} is a number and would be taken for an id; add a letter, as in cam{shown}");
        return Err(Error::invalid("name", text));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_an_id_and_no_name() {
        for (camera, id, name, wanted) in [
            ("9", 9, "gate", true),
            ("9", 18, "9", false),
            ("09", 9, "gate", true),
            ("gate", 9, "gate", true),
            ("-9", -9, "gate", false),
            ("9a", 9, "9a", true),
            ("99999999999999999999", 9, "99999999999999999999", false),
            ("", 0, "gate", false),
        ] {
            assert_eq!(is_named(camera, id, name), wanted, "{camera:?} {id} {name:?}");
        }
        assert!(check_new("9").is_err_and(|error| error.field() == Some("name")));
        assert!(check_new("cam9").is_ok() && check_new("9/a").is_ok());
    }
}
