//! What a machine may forbid to tests. A test that misses one is skipped, and no run counts it as passed.

use std::fmt::{self, Display, Formatter};
use std::io::Write;

/// A right that a test needs.
#[derive(Clone, Copy, Debug)]
pub enum Right {
    /// To mount a file system, at least in a namespace.
    Mount,
}

impl Display for Right {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mount => "mount",
        })
    }
}

/// Says that the calling test does not run here; it has to return after that. `.ci/times` counts it as skipped, and
/// `.ci/summary` fails for it unless `.ci/expected-skips` names the right and the test.
pub fn skip(right: Right, why: &str) {
    // Not by the macro, whose words the test runner keeps to itself.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {right}: {why}");
}
