//! The manager's upkeep: the spool's disk, and what was left undone.

use actix::{ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use tokio::time::Instant;

use super::{RECOVERY, Recorders};
use crate::actors::record::clerk::on_disk;
use crate::actors::record::hold::FolderNews;
use crate::actors::record::recovery::{self, Findings};
use crate::base::Result;
use crate::domain::admission::StreamKey;
use crate::domain::spool_space::verdict;

/// What the recovery is doing.
#[derive(Default)]
pub(super) struct Recovery {
    /// Folders that recorders have.
    held: std::collections::BTreeSet<String>,
    running: bool,
    /// Something was left undone since the last look.
    wanted: bool,
    failures: u32,
    /// The first pass is over, however it went.
    pub(super) passed_once: bool,
    /// Segments sealed by it.
    pub(super) sealed: usize,
    pub(super) trouble: Option<String>,
}

impl Recorders {
    /// Looks whether the spool can be written and has room; recorders hear of it when that changes.
    pub(super) fn look_at_disk(&mut self, ctx: &mut Context<Self>) {
        if std::mem::replace(&mut self.looking_at_disk, true) {
            return;
        }
        let spool = self.handles.spool.clone();
        let look = async move { on_disk(&spool, |spool| spool.probe()).await };
        ctx.spawn(look.into_actor(self).map(|free, manager, ctx| {
            manager.looking_at_disk = false;
            let is_paused = manager.obstacle.borrow().is_some();
            let obstacle = match free {
                Ok(free) => verdict(free, manager.settings.get().min_free, is_paused),
                Err(error) => Some(error.message().to_owned()),
            };
            let goes_on = is_paused && obstacle.is_none();
            manager.obstacle.send_if_modified(|known| {
                let is_new = *known != obstacle;
                if is_new {
                    match &obstacle {
                        Some(why) => log::error!("no recording is possible: {why}"),
                        None => log::info!("recording is possible again"),
                    }
                    *known = obstacle;
                }
                is_new
            });
            // Files that were not there may be back.
            if goes_on {
                manager.recover(ctx);
            }
        }));
    }

    /// Finishes what lies unfinished and belongs to no recorder. One pass at a time.
    pub(super) fn recover(&mut self, ctx: &mut Context<Self>) {
        self.recovery.wanted = true;
        if std::mem::replace(&mut self.recovery.running, true) {
            return;
        }
        self.recovery.wanted = false;
        let handles = self.handles.clone();
        let look = async move { recovery::look(&handles).await };
        ctx.spawn(look.into_actor(self).map(|findings, manager, ctx| match findings {
            Ok(findings) => manager.finish(findings, ctx),
            Err(error) => manager.recovered(Err(error), ctx),
        }));
    }

    fn finish(&mut self, mut findings: Findings, ctx: &mut Context<Self>) {
        // A recorder tells of its folder before it makes it, so what it holds is known here before the look ends.
        let held = &self.recovery.held;
        findings.runs.retain(|run| run.iter().all(|found| !held.contains(&found.folder)));
        for session in findings.runs.iter().flatten().map(|found| &found.note.session) {
            let key = StreamKey { server: session.server.clone(), name: session.stream.clone() };
            let latest = &self.post(&key).latest_start;
            latest.set(latest.get().max(Some(session.started_at)));
        }
        let handles = self.handles.clone();
        let finish = async move {
            let begun = Instant::now();
            let mut sealed = 0;
            for run in &findings.runs {
                sealed += recovery::finish_run(&handles, run).await?;
            }
            for session in &findings.without_folder {
                recovery::close_without_folder(&handles, session).await?;
            }
            let runs = findings.runs.len() + findings.without_folder.len();
            if runs > 0 {
                let ms = begun.elapsed().as_millis() as u64;
                log::info!(ms = ms; "{runs} interrupted recordings were finished, {sealed} segments sealed");
            }
            Ok(sealed)
        };
        ctx.spawn(finish.into_actor(self).map(|sealed, manager, ctx| manager.recovered(sealed, ctx)));
    }

    fn recovered(&mut self, sealed: Result<usize>, ctx: &mut Context<Self>) {
        self.recovery.running = false;
        let is_first = !std::mem::replace(&mut self.recovery.passed_once, true);
        match sealed {
            Ok(sealed) => {
                self.recovery.failures = 0;
                self.recovery.trouble = None;
                self.recovery.sealed += sealed;
                if sealed > 0 {
                    self.handles.sealed.send_modify(|count| *count += 1);
                }
                if self.recovery.wanted {
                    ctx.run_later(RECOVERY.min, |manager, ctx| manager.recover(ctx));
                }
            }
            Err(error) => {
                self.recovery.failures += 1;
                log::warn!("interrupted recordings cannot be finished yet: {error}");
                self.recovery.trouble = Some(error.message().to_owned());
                let delay = RECOVERY.delay(self.recovery.failures, rand::random());
                ctx.run_later(delay, |manager, ctx| manager.recover(ctx));
            }
        }
        if is_first {
            self.judge(ctx);
        }
    }
}

impl Handler<FolderNews> for Recorders {
    type Result = ();

    fn handle(&mut self, news: FolderNews, ctx: &mut Self::Context) {
        match news {
            FolderNews::Held(folder) => {
                self.recovery.held.insert(folder);
            }
            FolderNews::Released { folder, clean } => {
                self.recovery.held.remove(&folder);
                if !clean && !self.recovery.wanted {
                    self.recovery.wanted = true;
                    ctx.run_later(RECOVERY.min, |manager, ctx| manager.recover(ctx));
                }
            }
        }
    }
}
