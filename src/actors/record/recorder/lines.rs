//! What ffmpeg tells while it runs: how far it is, and which files it has closed.

use actix::Context;
use tokio::time::Instant;

use super::Recorder;
use super::active::Active;
use crate::actors::record::catalog_writer::CatalogOperation;
use crate::adapters::ffmpeg::ffmpeg_progress::Progress;
use crate::adapters::ffmpeg::record_argv::ClosedFile;
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
            let out_time = block.out_time.unwrap_or_default();
            let frames = block.frame.unwrap_or(0);
            if out_time > active.out_time || frames > active.frames {
                active.out_time = out_time.max(active.out_time);
                active.frames = frames.max(active.frames);
                active.moved = Instant::now();
                active.run.arrived(now);
            }
            let written = active.written.report(WrittenReport { at: steady, told: block.out_time, frames });
            if active.run.has_media() {
                finding = active.watch.report(report(active, &block, steady));
            }
            active.run.progressed(written, now, &starts)
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
            self.not_there = 0;
            let stream = self.assignment.key.name.as_str();
            log::info!(stream = stream, pid = active.pid, session:% = active.run.session().id; "recording started");
        }
        self.catalog_writer.add(operations);
        if begins && !self.stopping.has_begun() {
            self.say(RecordingState::Recording, None);
        }
        self.jumps.add(finding.strays.max(u64::from(finding.jumped)), steady);
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

/// A block of progress, as the watch over timestamps takes it.
fn report(active: &Active, block: &Progress, at: std::time::Duration) -> TimestampReport {
    let behind = active.process.as_ref().map_or(0, |process| process.observer().complaints().behind);
    // What is guessed moves with the clock and jumps nowhere.
    let media = block.out_time.map_or(active.written.until(), |_| active.out_time);
    TimestampReport { at, media, frames: block.frame.unwrap_or(0), behind }
}
