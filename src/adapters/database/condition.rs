//! What must hold of a row at the moment it is written: looked at and written in one transaction, so that nobody's change
//! falls between the two.

use std::fmt;

use crate::base::Result;
use crate::domain::camera::CameraRow;

type Rule = Box<dyn FnOnce(&CameraRow) -> Result<()> + Send>;

/// Asked with the row as it is inside the transaction; its error is the answer, and nothing is written.
#[derive(Default)]
pub struct Condition(Option<Rule>);

impl Condition {
    /// The row may be any.
    pub fn always() -> Self {
        Self::default()
    }

    /// The row must pass this.
    pub fn new(rule: impl FnOnce(&CameraRow) -> Result<()> + Send + 'static) -> Self {
        Self(Some(Box::new(rule)))
    }

    /// The row must pass this as well, afterwards.
    #[must_use]
    pub fn and(self, rule: impl FnOnce(&CameraRow) -> Result<()> + Send + 'static) -> Self {
        Self::new(move |row| {
            self.check(row)?;
            rule(row)
        })
    }

    pub(super) fn check(self, row: &CameraRow) -> Result<()> {
        self.0.map_or(Ok(()), |rule| rule(row))
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.0.is_some() { "Condition(..)" } else { "Condition(always)" })
    }
}
