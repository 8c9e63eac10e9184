//! Encoders and platforms of the role health: each is asked once.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::timeout;

use super::report::{CheckOutcome, Finding};
use crate::actors::health::EncoderSetup;
use crate::adapters::platforms;
use crate::adapters::webpresenter::WebPresenter;
use crate::app::health_children::encoders;
use crate::config::Settings;
use crate::config::settings::PlatformSettings;
use crate::domain::encoder::{EncoderFault, EncoderFaultKind};
use crate::domain::platform::PlatformFault;

/// One of them takes no longer.
const LIMIT: Duration = Duration::from_secs(15);
/// So many are asked at once.
const AT_ONCE: usize = 16;

/// What each of them answers.
pub(super) async fn findings(settings: &Settings) -> Vec<Finding> {
    if !settings.has_role("health") {
        return Vec::new();
    }
    let devices = encoders(settings);
    let asked = stream::iter(devices.iter().map(encoder)).buffered(AT_ONCE);
    let mut found: Vec<Finding> = asked.collect().await;
    let asked = stream::iter(settings.health.platforms.iter().map(platform)).buffered(AT_ONCE);
    found.extend(asked.collect::<Vec<_>>().await.into_iter().flatten());
    found
}

async fn encoder(setup: &EncoderSetup) -> Finding {
    let what = format!("encoder {}", setup.name);
    let asking = async {
        let at = setup.addresses().await?;
        WebPresenter::new(setup.address.clone()).read(&at).await
    };
    let late = || EncoderFault::new(EncoderFaultKind::TimedOut, "it does not answer in time");
    match timeout(LIMIT, asking).await.unwrap_or_else(|_| Err(late())) {
        Ok(reading) => {
            let details = &reading.details;
            let model = details.model.as_deref().unwrap_or("an encoder");
            let firmware = details.firmware.as_ref().map_or_else(String::new, |firmware| format!(" {firmware}"));
            let protocol = reading.protocol.as_str();
            Finding::ok(what, format!("{model}{firmware} answers by the protocol {protocol}"))
        }
        Err(fault) if fault.kind == EncoderFaultKind::NoRoute => {
            Finding::in_words(what, CheckOutcome::Fault, &fault.message, "write another address")
        }
        // It may be off for now: that is what it is asked for.
        Err(fault) => Finding::in_words(what, CheckOutcome::Note, &fault.message, "check address and network"),
    }
}

async fn platform(settings: &PlatformSettings) -> Vec<Finding> {
    let what = format!("platform {}", settings.name);
    let mut platform = match platforms::open(settings) {
        Ok(platform) => platform,
        Err(error) => return vec![Finding::error(what, &error)],
    };
    let asking = async {
        let token = platform.identify().await?;
        let report = platform.look().await;
        Ok::<_, PlatformFault>((token, report))
    };
    let Ok(answer) = timeout(LIMIT, asking).await else {
        return vec![Finding::note(
            what,
            "it does not answer in time",
            "look at the network and at health.platforms[].url",
        )];
    };
    let told = |what: String, fault: &PlatformFault| {
        let outcome = if fault.is_lasting() { CheckOutcome::Fault } else { CheckOutcome::Note };
        Finding::in_words(what, outcome, &fault.message, "it is asked again and again")
    };
    let (token, report) = match answer {
        Ok(answer) => answer,
        Err(fault) => return vec![told(what, &fault)],
    };
    let mut found = Vec::new();
    let of = token.account.map_or_else(String::new, |account| format!(" of {account}"));
    if token.missing.is_empty() {
        found.push(Finding::ok(what.clone(), format!("the token{of} has the scopes that it needs")));
    } else {
        let missing = token.missing.join(", ");
        let remedy = "make a token with the scopes public, private and stats";
        found.push(Finding::fault(what.clone(), format!("the token{of} lacks the scope {missing}"), remedy));
    }
    match report {
        Ok(report) => {
            let missing = report.events.iter().filter_map(|event| Some((event, event.fault.as_ref()?)));
            found.extend(missing.map(|(event, fault)| told(format!("{what} event {}", event.id), fault)));
            found.push(Finding::ok(what, format!("{} live events", report.events.len())));
        }
        Err(fault) => found.push(told(what, &fault)),
    }
    found
}
