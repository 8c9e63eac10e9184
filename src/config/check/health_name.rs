//! Names of what is probed: figures and incidents carry them.

use super::values::text;
use crate::config::complaint::ConfigFault;
use crate::config::raw::RawEntry;

/// The longest; it becomes a label of metrics.
const LONGEST_NAME: usize = 64;

/// A name.
pub(super) fn name(entry: &RawEntry) -> Result<String, ConfigFault> {
    let name = text(entry)?;
    let remedy = "use letters, digits, '_', '-' and '.', at most 64 and no '.' in front";
    if let Some(bad) = name.chars().find(|c| !(c.is_ascii_alphanumeric() || "_-.".contains(*c))) {
        return Err(ConfigFault::new(format!("holds {bad:?}"), remedy));
    }
    if name.starts_with('.') {
        return Err(ConfigFault::new("begins with '.'", remedy));
    }
    if name.len() > LONGEST_NAME {
        return Err(ConfigFault::new(format!("has {} letters", name.len()), remedy));
    }
    Ok(name)
}
