//! The name of a stream that a person typed, against those that there are: a lock on a name that does not exist protects nothing.

use crate::base::{Error, Result};

/// Names that are compared with what was typed; a site with more has other ways to find one.
const COMPARED: usize = 20_000;

/// Refuses a name that is none of these.
///
/// # Errors
/// `Invalid` for the field `stream`, with the nearest name there is.
pub fn check_known<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let mut nearest: Option<(usize, &str)> = None;
    for name in known.into_iter().take(COMPARED) {
        if name == typed {
            return Ok(());
        }
        // A third of the letters may differ: more is another name.
        let far = strsim::damerau_levenshtein(&typed.to_lowercase(), &name.to_lowercase());
        let is_near = far <= (name.chars().count() / 3).max(1);
        if is_near && nearest.is_none_or(|(least, _)| far < least) {
            nearest = Some((far, name));
        }
    }
    let shown: String = typed.chars().take(60).collect();
    let hint = match nearest {
        Some((_, name)) => format!("the nearest is {name:?}"),
        None => "`streamwarden recordings report` lists what is recorded".to_owned(),
    };
    Err(Error::invalid("stream", format!("nothing of {shown:?} is recorded, and no camera has this name; {hint}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_there_is_passes_and_another_is_told_the_nearest() {
        let known = ["front", "yard", "yard/1", "Gate"];
        for (typed, says) in [
            ("yard", None),
            ("yard/1", None),
            ("yarrd", Some("the nearest is \"yard\"")),
            ("gate", Some("the nearest is \"Gate\"")),
            ("forecourt", Some("recordings report")),
            ("", Some("recordings report")),
        ] {
            let found = check_known(typed, known).err().map(|error| error.to_string());
            match (&found, says) {
                (None, None) => {}
                (Some(found), Some(says)) => assert!(found.contains(says) && found.contains("nothing of"), "{found}"),
                _ => panic!("{typed}: {found:?}"),
            }
        }
    }
}
