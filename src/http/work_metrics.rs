//! What `/metrics` has of this process: what it takes of its machine, how its actors fare, and what they have done.

use chrono::{DateTime, Utc};

use super::exposition::{Exposition, MetricKind};
use crate::actors::monitor::{FAILED_POLLS, POLLS};
use crate::actors::restream::{FAILED_RELAYS, RELAYS_BEGUN};
use crate::actors::supervision::{Kind, kinds};
use crate::actors::upload::{FAILED_UPLOADS, UPLOADS};
use crate::adapters::host;
use crate::adapters::live::Latest;

/// Under the names that every program has for them, so that dashboards of others show them too.
pub(super) fn this_process(text: &mut Exposition, started_at: DateTime<Utc>) {
    let help = "When the process started, in seconds since 1970.";
    let started_at = started_at.timestamp_millis() as f64 / 1000.0;
    text.common("process_start_time_seconds", MetricKind::Gauge, help).value(started_at);
    let Some((cpu_seconds, process)) = host::this_process() else { return };
    let help = "CPU time that the process has used, without that of its children.";
    text.common("process_cpu_seconds_total", MetricKind::Counter, help).value(cpu_seconds);
    text.common("process_resident_memory_bytes", MetricKind::Gauge, "Memory that the process holds.")
        .value(process.rss);
    text.common("process_threads", MetricKind::Gauge, "Threads of the process.").value(u64::from(process.threads));
    if let Some(count) = process.descriptors {
        text.common("process_open_fds", MetricKind::Gauge, "Files and sockets that are open.").value(u64::from(count));
    }
    if let Some(most) = process.descriptor_limit {
        text.common("process_max_fds", MetricKind::Gauge, "Files and sockets that may be open.").value(most);
    }
}

/// Sums of each kind of actor: there are as many kinds as there are jobs.
pub(super) fn actors(text: &mut Exposition) {
    let kinds = kinds();
    let mut gauge = text.family("actors", MetricKind::Gauge, "Actors that run, by kind.");
    kinds.iter().for_each(|(name, kind)| gauge.sample(&[("kind", name)], kind.running()));
    type Total = fn(&Kind) -> f64;
    let totals: [(&str, &str, Total); 2] = [
        ("actor_restarts_total", "Restarts of actors, by kind.", |kind| kind.restarts.count() as f64),
        ("actor_busy_seconds_total", "Seconds in which actors worked, by kind.", |kind| kind.turns.seconds()),
    ];
    for (name, help, total) in totals {
        let mut family = text.family(name, MetricKind::Counter, help);
        kinds.iter().for_each(|(name, kind)| family.sample(&[("kind", name)], total(kind)));
    }
    let help = "How long the question of a heartbeat waited in the mailbox of an actor, by kind.";
    let mut family = text.family("actor_mailbox_wait_seconds", MetricKind::Summary, help);
    for (name, kind) in &kinds {
        family.summed(&[("kind", name)], kind.waits.count(), kind.waits.seconds());
    }
}

/// Polls by this process of the servers that there are.
pub(super) fn polls(text: &mut Exposition, latest: &Latest) {
    let is_there = |name: &str| latest.servers.iter().any(|server| server.name == name);
    let help = "Polls of a media server by this process, and how long the answer took.";
    let mut family = text.family("poll_seconds", MetricKind::Summary, help);
    for (server, polls) in POLLS.all().iter().filter(|(name, _)| is_there(name)) {
        family.summed(&[("server", server)], polls.count(), polls.seconds());
    }
    let mut family =
        text.family("polls_failed_total", MetricKind::Counter, "Polls of a media server without an answer.");
    for (server, _) in POLLS.all().iter().filter(|(name, _)| is_there(name)) {
        family.sample(&[("server", server)], FAILED_POLLS.of(server).count());
    }
}

/// Relays of this process.
pub(super) fn relays(text: &mut Exposition) {
    let help = "How often a relay of this process began to deliver.";
    text.family("relay_starts_total", MetricKind::Counter, help).value(RELAYS_BEGUN.count());
    let help = "How often a relay of this process failed, by the kind of the fault.";
    let mut family = text.family("relay_failures_total", MetricKind::Counter, help);
    for (fault, tally) in FAILED_RELAYS.all() {
        family.sample(&[("fault", &fault)], tally.count());
    }
}

/// Uploads by this process.
pub(super) fn uploads(text: &mut Exposition) {
    let help = "Segments that this process has stored, and how long each took.";
    text.family("upload_seconds", MetricKind::Summary, help).summed(&[], UPLOADS.count(), UPLOADS.seconds());
    let help = "Bytes of the segments that this process has stored.";
    text.family("uploaded_bytes_total", MetricKind::Counter, help).value(UPLOADS.amount());
    let help = "Attempts to store a segment that failed; each is made again.";
    text.family("uploads_failed_total", MetricKind::Counter, help).value(FAILED_UPLOADS.count());
}
