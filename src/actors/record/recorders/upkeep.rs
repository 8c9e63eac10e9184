//! The manager's upkeep: the spool's disk, and what was left undone.

use std::collections::BTreeSet;
use std::time::Duration;

use actix::{AsyncContext, Context, Handler};
use log::Level;
use tokio::time::Instant;

use super::Recorders;
use super::recovery_state::RecoveryPass;
use crate::actors::record::folder_lock::FolderLeft;
use crate::actors::record::recovery::{self, Findings};
use crate::actors::record::{RecordHandles, SpoolDisk};
use crate::actors::single_flight::{Ended, Flight, Late, Rules, Work};
use crate::adapters::spool::on_disk;
use crate::base::backoff::Backoff;
use crate::base::single_flight::{FlightRetry, SingleFlight};
use crate::base::{Error, Result};
use crate::domain::admission::StreamKey;
use crate::domain::spool_space::decision;

/// A disk that takes longer for a look hangs.
const DISK_LIMIT: Duration = Duration::from_secs(15);
/// Delays between tries of the recovery.
const RECOVERY: Backoff = Backoff { min: Duration::from_secs(1), max: Duration::from_secs(60) };

impl Recorders {
    /// Looks whether the spool can be written and has room; recorders hear of it when that changes.
    pub(super) fn check_disk(&mut self, ctx: &mut Context<Self>) {
        CheckDisk::ask_if_idle(self, ctx);
    }

    /// So many bytes are free, or the disk does not work.
    fn disk_is(&mut self, free: Result<u64>, ctx: &mut Context<Self>) {
        let is_paused = self.memory.obstacle.borrow().is_some();
        let obstacle = match &free {
            Ok(free) => decision(*free, self.settings.get().min_free, is_paused),
            Err(error) => Some(error.message().to_owned()),
        };
        self.memory.pauses.disk(obstacle.as_deref());
        self.handles.disk.send_replace(SpoolDisk { free: free.ok(), obstacle: obstacle.clone() });
        let goes_on = is_paused && obstacle.is_none();
        self.memory.obstacle.send_if_modified(|known| {
            let is_new = *known != obstacle;
            if is_new {
                match &obstacle {
                    Some(why) => log::error!("recording paused for every stream: {why}"),
                    None => log::info!("recording recovered"),
                }
                *known = obstacle;
            }
            is_new
        });
        // Files that were not there may be back.
        if goes_on {
            self.recover(ctx);
        }
    }

    /// Finishes what lies unfinished and belongs to no recorder. One pass at a time.
    pub(super) fn recover(&mut self, ctx: &mut Context<Self>) {
        self.recovery.wanted = true;
        Recover::ask_if_idle(self, ctx);
    }

    /// What of the findings may be worked on now, and what is left already.
    fn choose(&mut self, mut findings: Findings) -> (Findings, RecoveryPass) {
        // A recorder takes its folder before it makes it, so what it holds is known here before the look ends.
        let now = self.born.elapsed();
        let folders = &self.memory.folders;
        findings.runs.retain(|run| run.iter().all(|found| !folders.has(&found.folder)));
        for session in findings.runs.iter().flatten().map(|found| &found.note.session) {
            let key = StreamKey { server: session.server.clone(), name: session.stream.clone() };
            self.slot(&key).starts.borrow_mut().add(session.started_at);
        }
        // What was left before waits for its own time; what is there no more is forgotten.
        let unreadable = std::mem::take(&mut findings.unreadable);
        let there: BTreeSet<String> = findings
            .runs
            .iter()
            .filter_map(|run| Some(run.first()?.folder.clone()))
            .chain(unreadable.iter().map(|found| found.folder.clone()))
            .chain(findings.without_folder.iter().map(|session| session.id.to_string()))
            .collect();
        self.recovery.left.keep(|item| there.contains(item));
        let left = &self.recovery.left;
        findings.runs.retain(|run| run.first().is_some_and(|base| left.wait(&base.folder, now).is_none()));
        findings.without_folder.retain(|session| left.wait(&session.id.to_string(), now).is_none());
        let unreadable = unreadable.into_iter().map(|found| (found.folder, found.error));
        let pass = RecoveryPass { chosen: now, left: unreadable.collect(), ..RecoveryPass::default() };
        (findings, pass)
    }

    /// A pass is over; `error`: it ended early, because a service that all need does not work.
    fn recovered(&mut self, pass: RecoveryPass, error: Option<Error>, ctx: &mut Context<Self>) {
        let is_first = !self.memory.recovered_once.replace(true);
        self.recovery.sealed += pass.sealed;
        if pass.sealed > 0 {
            self.handles.sealed.send_modify(|count| *count += 1);
        }
        let now = self.born.elapsed();
        for (item, error) in &pass.left {
            if self.recovery.left.failed(item, error.message(), now, rand::random()) {
                log::warn!("the recording {item} cannot be finished yet and stays open: {error}");
            }
        }
        for item in &pass.done {
            if self.recovery.left.settled(item) {
                log::info!("the recording {item} recovered");
            }
        }
        let delay = match &error {
            Some(error) => {
                self.recovery.failures += 1;
                if self.recovery.trouble.as_deref() != Some(error.message()) {
                    log::warn!("recovery of interrupted recordings failed, retrying: {error}");
                }
                self.recovery.trouble = Some(error.message().to_owned());
                Some(RECOVERY.delay(self.recovery.failures, rand::random()))
            }
            None => {
                self.recovery.failures = 0;
                self.recovery.trouble = self.recovery.left.complaint().map(str::to_owned);
                let soon = self.recovery.wanted.then_some(RECOVERY.min);
                soon.or_else(|| self.recovery.left.next_try(pass.chosen, now))
            }
        };
        if let Some(delay) = delay {
            self.recover_in(delay, ctx);
        }
        if is_first {
            self.judge();
        }
    }

    /// A pass in a while; one timer at a time, the sooner one.
    fn recover_in(&mut self, delay: Duration, ctx: &mut Context<Self>) {
        if let Some(before) = self.recovery.retry.take() {
            ctx.cancel_future(before);
        }
        self.recovery.retry = Some(ctx.run_later(delay, |manager, ctx| {
            manager.recovery.retry = None;
            manager.recover(ctx);
        }));
    }
}

/// Looks at the spool's disk.
struct CheckDisk;

impl Flight for CheckDisk {
    type Owner = Recorders;
    type Subject = ();
    type Output = u64;
    const RULES: Rules = Rules {
        what: "looking at the spool's disk",
        limit: DISK_LIMIT,
        late: Late::Wait,
        retry: FlightRetry::Never,
        // Told as the obstacle that it is.
        level: Level::Debug,
    };

    fn state(manager: &mut Recorders) -> &mut SingleFlight {
        &mut manager.looking_at_disk
    }

    fn begin(manager: &mut Recorders, _: &mut Context<Recorders>) -> Option<((), Work<u64>)> {
        let spool = manager.handles.spool.clone();
        Some(((), Box::pin(async move { on_disk(&spool, |spool| spool.probe()).await })))
    }

    fn late(manager: &mut Recorders, _: &Error, ctx: &mut Context<Recorders>) {
        let seconds = DISK_LIMIT.as_secs();
        manager.disk_is(Err(Error::unavailable(format!("the spool's disk has not answered for {seconds} s"))), ctx);
    }

    fn ended(manager: &mut Recorders, (): (), free: Result<u64>, ctx: &mut Context<Recorders>) -> Ended {
        manager.disk_is(free, ctx);
        Ended::Done
    }
}

/// A pass of the recovery in its two steps: what is there, and then what of it can be finished.
struct Recover;

/// What a step brought.
enum Step {
    DiskChecked(Findings),
    /// And why it ended early.
    Finished(RecoveryPass, Option<Error>),
}

impl Flight for Recover {
    type Owner = Recorders;
    type Subject = ();
    type Output = Step;
    const RULES: Rules = Rules {
        what: "finishing interrupted recordings",
        // Thousands of files may have to be synced.
        limit: Duration::from_secs(600),
        late: Late::Wait,
        // A pass sets the time of the next.
        retry: FlightRetry::Never,
        level: Level::Warn,
    };

    fn state(manager: &mut Recorders) -> &mut SingleFlight {
        &mut manager.recovery.passing
    }

    fn begin(manager: &mut Recorders, _: &mut Context<Recorders>) -> Option<((), Work<Step>)> {
        let handles = manager.handles.clone();
        if let Some((findings, pass)) = manager.recovery.chosen.take() {
            let finish = async move {
                let (pass, error) = finish_all(&handles, &findings, pass).await;
                Ok(Step::Finished(pass, error))
            };
            return Some(((), Box::pin(finish)));
        }
        manager.recovery.wanted = false;
        Some(((), Box::pin(async move { recovery::look(&handles).await.map(Step::DiskChecked) })))
    }

    fn ended(manager: &mut Recorders, (): (), step: Result<Step>, ctx: &mut Context<Recorders>) -> Ended {
        match step {
            Ok(Step::DiskChecked(findings)) => {
                manager.recovery.chosen = Some(manager.choose(findings));
                return Ended::More;
            }
            Ok(Step::Finished(pass, error)) => manager.recovered(pass, error, ctx),
            Err(error) => manager.recovered(RecoveryPass::default(), Some(error), ctx),
        }
        Ended::Done
    }
}

/// Goes through everything that was found, past what cannot be finished. Ends early only when a service that all need does
/// not work, and says which.
async fn finish_all(
    handles: &RecordHandles,
    findings: &Findings,
    mut pass: RecoveryPass,
) -> (RecoveryPass, Option<Error>) {
    let begun = Instant::now();
    let mut failed = None;
    for run in &findings.runs {
        let Some(folder) = run.first().map(|base| base.folder.clone()) else { continue };
        match recovery::finish_run(handles, run).await {
            Ok(finished) => {
                pass.sealed += finished.sealed;
                match finished.left {
                    Some(error) => pass.left.push((folder, error)),
                    None => pass.done.push(folder),
                }
            }
            // What a service refuses, or one folder does, concerns that one recording.
            Err(error) if error.is_passing() => {
                failed = Some(error);
                break;
            }
            Err(error) => pass.left.push((folder, error)),
        }
    }
    let without_folder = if failed.is_none() { findings.without_folder.as_slice() } else { &[] };
    for session in without_folder {
        match recovery::close_without_folder(handles, session).await {
            Ok(()) => {
                pass.done.push(session.id.to_string());
            }
            Err(error) if error.is_passing() => {
                failed = Some(error);
                break;
            }
            Err(error) => pass.left.push((session.id.to_string(), error)),
        }
    }
    let runs = pass.done.len();
    if runs > 0 {
        let (ms, sealed) = (begun.elapsed().as_millis() as u64, pass.sealed);
        log::info!(ms = ms; "{runs} interrupted recordings were finished, {sealed} segments sealed");
    }
    (pass, failed)
}

impl Handler<FolderLeft> for Recorders {
    type Result = ();

    fn handle(&mut self, _: FolderLeft, ctx: &mut Self::Context) {
        if !std::mem::replace(&mut self.recovery.wanted, true) && !self.recovery.passing.is_running() {
            self.recover_in(RECOVERY.min, ctx);
        }
    }
}
