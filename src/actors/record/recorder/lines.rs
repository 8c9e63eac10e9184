//! What ffmpeg tells while it runs: how far it is, and which files it has closed.

use actix::Context;
use tokio::time::Instant;

use super::Recorder;
use super::active::Active;
use crate::actors::record::catalog_writer::CatalogOperation;
use crate::adapters::ffmpeg::record_argv::ClosedFile;
use crate::domain::container::has_picture;
use crate::domain::recording::RecordingState;
use crate::domain::timestamp_watch::{TimestampFinding, TimestampReport};
use crate::domain::written_time::WrittenReport;

impl Recorder {
    pub(super) fn on_line(&mut self, line: &str, ctx: &mut Context<Self>) {
        let wall = (self.assignment.handles.clock)();
        let steady = self.born.elapsed();
        let Some(active) = &mut self.active else { return };
        let now = active.clock.now(wall, steady);
        let starts = self.assignment.starts.borrow();
        let had_media = active.run.has_media();
        let (mut is_cut, mut cut_early, mut finding) = (false, false, TimestampFinding::default());
        let operations: Vec<CatalogOperation> = if let Some(file) = ClosedFile::parse(line) {
            active.moved = Instant::now();
            active.early_cuts = if file.was_cut_early(active.segment) { active.early_cuts + 1 } else { 0 };
            // The last file of a stream is a short one, too.
            (is_cut, cut_early) = (true, active.early_cuts > 1);
            active.media_end = active.media_end.max(file.end);
            active.run.closed(file, now, &starts)
        } else if let Some(block) = active.progress.feed(line).filter(|block| !block.end) {
            let told = WrittenReport { at: steady, told: block.out_time, frames: block.frame.unwrap_or(0) };
            let has_moved = active.written.report(told);
            if has_moved {
                active.moved = Instant::now();
                active.run.arrived(now);
            }
            // ffmpeg counts pictures only where it has found a track of them.
            if block.frame.is_some() || has_picture(&active.tracks) {
                active.picture.report(steady, told.frames, has_moved);
            }
            if active.run.has_media() {
                finding = active.watch.report(timestamps(active, &told));
            }
            active.run.progressed(active.written.until(), now, &starts)
        } else {
            return;
        };
        drop(starts);
        if active.run.has_media() {
            self.assignment.starts.borrow_mut().add(active.run.session().started_at);
        }
        self.status.session = Some(active.run.session().id);
        let begins = !had_media && active.run.has_media();
        if begins {
            self.empty_runs = 0;
            self.harmless_ends.media_came();
            let stream = self.assignment.key.name.as_str();
            log::info!(stream = stream, pid = active.pid, session:% = active.run.session().id; "recording started");
        }
        self.catalog_writer.add(operations);
        if begins && !self.stopping.has_begun() {
            self.say(RecordingState::Recording, None);
        }
        self.jumps.add(finding.count, steady);
        self.refresh();
        self.work(ctx);
        if cut_early {
            self.end_at_jump(
                "ffmpeg cut at every key frame, because timestamps had jumped or key frames had been far apart",
                ctx,
            );
        } else if is_cut {
            self.end_at_cut(ctx);
        } else if finding.jumped {
            self.end_at_jump("the timestamps of the source jumped", ctx);
        }
    }
}

/// A report, as the watch over timestamps takes it.
fn timestamps(active: &Active, told: &WrittenReport) -> TimestampReport {
    let behind = active.process.as_ref().map_or(0, |process| process.observer().complaints().behind);
    TimestampReport { at: told.at, media: active.written.told_by(told), frames: told.frames, behind }
}
