//! `streamwarden cameras wait`: for scripts that go on when a camera is in a state.

use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::whom::Whom;
use super::{CommandFailure, EXIT_FAILURE, Print, note, printable, say};
use crate::app::remote::Remote;
use crate::base::{ErrorKind, Result};
use crate::config;
use crate::domain::camera::{CameraState, CameraStatus, is_named};

/// Between two looks.
const EVERY: Duration = Duration::from_millis(250);

/// A camera that is not there.
const GONE: &str = "gone";

/// What can be waited for: the states of a camera, and that there is none of this name.
fn states() -> PossibleValuesParser {
    CameraState::ALL.map(CameraState::as_str).into_iter().chain([GONE]).into()
}

/// Options of `cameras wait`.
#[derive(Clone, Debug, Args)]
pub struct WaitOptions {
    /// Name or id.
    camera: String,
    /// State to wait for; "gone" is that of a camera that is not there.
    #[arg(long = "for", value_name = "STATE", default_value = "running", value_parser = states())]
    state: String,
    /// How long: 60, 90s, 5m
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = config::parse_duration)]
    timeout: Duration,
    /// How to print the camera.
    #[command(flatten)]
    print: Print,
    /// Address of a running streamwarden to ask instead of the one of this configuration: http://127.0.0.1:8080
    #[arg(long, value_name = "URL", visible_alias = "url")]
    pub(super) api: Option<String>,
}

/// Waits.
///
/// # Errors
/// Exit code 1 when the time is over. A program that is not there yet is waited for, and so is a camera.
pub(super) async fn run(whom: &Whom<'_>, options: &WaitOptions) -> Result<(), CommandFailure> {
    let until = Instant::now() + options.timeout;
    let remote = remote(whom, until).await?;
    loop {
        let now = look(&remote, &options.camera).await;
        // It may be starting anew: asked again while there is time.
        let (found, words) = match now {
            Ok(camera) => {
                let state = camera.as_ref().map_or(GONE, |camera| camera.state.as_str());
                (Some((state, camera)), String::new())
            }
            Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) => {
                (None, error.to_string())
            }
            Err(error) => return Err(error.into()),
        };
        if let Some((state, camera)) = &found
            && **state == options.state
        {
            let name = camera.as_ref().map_or_else(|| options.camera.clone(), |camera| printable(&camera.title()));
            let text = format!("camera {name} is {state}");
            return say(&if options.print.json { json!(camera).to_string() } else { text });
        }
        if Instant::now() >= until {
            let title = found.as_ref().and_then(|(_, camera)| camera.as_ref()).map(|camera| printable(&camera.title()));
            let is = found.map_or(words, |(state, camera)| {
                let why = camera.and_then(|camera| camera.last_error).map(|why| format!(": {why}")).unwrap_or_default();
                if state == GONE { "there is no such camera".to_owned() } else { format!("it is {state}{why}") }
            });
            let limit = options.timeout.as_secs_f64();
            let name = title.unwrap_or_else(|| options.camera.clone());
            note(&format!("camera {name} was not {} within {limit} s; {is}", options.state));
            return Err(CommandFailure::Printed(EXIT_FAILURE));
        }
        sleep(EVERY).await;
    }
}

/// The program that runs; one that is only starting has not left its address or its token yet.
async fn remote(whom: &Whom<'_>, until: Instant) -> Result<Remote, CommandFailure> {
    let mut is_told = false;
    loop {
        match whom.remote().await {
            Err(CommandFailure::Other(error)) if Instant::now() < until => {
                if !std::mem::replace(&mut is_told, true) {
                    note(&format!("waiting: {error}"));
                }
                sleep(EVERY).await;
            }
            found => return found,
        }
    }
}

/// By its id or its name, see [`is_named`].
async fn look(remote: &Remote, camera: &str) -> Result<Option<CameraStatus>> {
    let all = remote.cameras().await?;
    Ok(all.into_iter().find(|one| is_named(camera, one.id, &one.name)))
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        options: WaitOptions,
    }

    #[test]
    fn every_state_that_a_camera_is_shown_in_can_be_waited_for() {
        let parses =
            |state: &str| Typed::try_parse_from(["wait", "gate", "--for", state]).map(|typed| typed.options.state);
        for state in CameraState::ALL {
            assert_eq!(json!(state), json!(state.as_str()));
            assert_eq!(parses(state.as_str()).ok().as_deref(), Some(state.as_str()));
        }
        assert_eq!(parses("gone").ok().as_deref(), Some("gone"));
        let refused = parses("blocked").expect_err("no state").to_string();
        assert!(refused.contains("held"), "{refused}");
    }
}
