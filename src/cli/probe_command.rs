//! `streamwarden cameras probe`: a look at a camera, in words or as JSON.

use serde_json::json;

use super::whom::Whom;
use super::{CommandFailure, EXIT_FAILURE, Print, say};
use crate::domain::probe::ProbeView;

/// Looks, and says what was found. A camera that cannot be relayed ends with [`EXIT_FAILURE`].
///
/// # Errors
/// When there is no such camera, or when nobody can look.
pub(super) async fn run(whom: &Whom<'_>, camera: &str, print: Print) -> Result<(), CommandFailure> {
    let view = whom.cameras().await?.probe(camera).await?;
    say(&if print.json { json!(view).to_string() } else { words(&view) })?;
    if view.ok { Ok(()) } else { Err(CommandFailure::Printed(EXIT_FAILURE)) }
}

fn words(view: &ProbeView) -> String {
    let took = view.ms.map_or_else(String::new, |ms| format!(" ({:.1} s)", ms as f64 / 1e3));
    match (&view.tracks, &view.fault) {
        (Some(tracks), _) => {
            let codec = |codec: &Option<String>| codec.clone().unwrap_or_else(|| "none".to_owned());
            format!("the camera works{took}: video {}, sound {}", codec(&tracks.video), codec(&tracks.audio))
        }
        (None, Some(fault)) => format!("the camera cannot be relayed{took}: {fault}"),
        (None, None) => "the camera was probed, without a result".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::probe::{FaultKind, ProbeFault, Tracks};

    #[test]
    fn people_read_what_it_sends_or_what_is_wrong() {
        let tracks =
            Tracks { format: "rtsp".into(), video: Some("h264".into()), audio: None, flows: true, ..Tracks::default() };
        let well = ProbeView::new(DateTime::UNIX_EPOCH, 1234, Ok(tracks));
        assert_eq!(words(&well), "the camera works (1.2 s): video h264, sound none");
        let fault = ProbeFault::new(FaultKind::Refused, "connection refused by rtsp://h; check its port");
        let ill = ProbeView::new(DateTime::UNIX_EPOCH, 40, Err(fault));
        let wanted = "the camera cannot be relayed (0.0 s): connection refused by rtsp://h; check its port";
        assert_eq!(words(&ill), wanted);
    }
}
