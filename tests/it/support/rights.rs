//! What a machine may forbid to tests. A test that misses one is skipped, and no run counts it as passed.

use std::fmt::{self, Display, Formatter};
use std::io::Write;

/// A right that a test needs.
#[derive(Clone, Copy, Debug)]
pub enum Right {
    /// To mount a file system, at least in a namespace.
    Mount,
    /// To have the media server misbehave on demand, as the stand-in does and a real MediaMTX does not.
    StandIn,
    /// To have a media server that speaks TLS, as a real MediaMTX does and the stand-in does not.
    RealServer,
}

impl Display for Right {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mount => "mount",
            Self::StandIn => "stand-in",
            Self::RealServer => "real-server",
        })
    }
}

/// Skips for want of a server that misbehaves on demand: for the calling test, which has to return after that.
pub fn skip_real_server() {
    skip(Right::StandIn, "the media server that MEDIAMTX_BIN names does not misbehave on demand");
}

/// Skips for want of a server that speaks TLS; the calling test has to return after that.
pub fn skip_stand_in() {
    skip(Right::RealServer, "MEDIAMTX_BIN names no media server, and the stand-in does not speak TLS");
}

/// Says that the calling test does not run here; it has to return after that. `.ci/times` counts it as skipped, and
/// `.ci/summary` fails for it unless `.ci/expected-skips` names the right and the test.
pub fn skip(right: Right, why: &str) {
    // Not by the macro, whose words the test runner keeps to itself.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {right}: {why}");
}
