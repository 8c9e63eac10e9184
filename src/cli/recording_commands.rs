//! `streamwarden recordings`: how complete they are, what is kept, what goes, and whether it is still what was recorded.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use clap::Subcommand;
use log::LevelFilter;
use serde_json::json;
use uuid::Uuid;

use super::options::time;
use super::{ApiTarget, CommandFailure, EXIT_FAILURE, Files, Print, printable, reconcile_command, say, table};
use crate::app::kept_recordings::{KeptRecordings, Verified};
use crate::app::recording_access::RecordingAccess;
use crate::app::remote::Remote;
use crate::base::Error;
use crate::base::size::size;
use crate::config::parse_duration;
use crate::domain::completeness::{GapCause, Span, StreamCompleteness};
use crate::{app, logging};

/// `recordings ...`
#[derive(Clone, Debug, Subcommand)]
pub enum RecordingCommand {
    /// How much of each day (UTC) is stored, and why the rest is not: a CSV table with a line for each stream and day.
    Report {
        /// So many days, the last of them today.
        #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=366))]
        days: u32,
        /// Only this stream.
        #[arg(long, value_name = "NAME")]
        stream: Option<String>,
        /// How and whom to ask.
        #[command(flatten)]
        target: ApiTarget,
    },
    /// Delete stored recordings that are older; without --yes it only says what would go. What is locked or not uploaded yet stays.
    Clean {
        /// How old, as in 7d or 12h.
        #[arg(long, value_name = "DURATION")]
        older_than: String,
        /// Only of this stream.
        #[arg(long, value_name = "NAME")]
        stream: Option<String>,
        /// Delete them.
        #[arg(long)]
        yes: bool,
        /// How to print it.
        #[command(flatten)]
        print: Print,
    },
    /// Keep a stretch of a stream, however old it gets.
    Lock {
        /// Name of the stream.
        stream: String,
        /// From then on, RFC 3339: 2026-11-21T08:00:00Z
        #[arg(long, value_name = "TIME", value_parser = time)]
        from: DateTime<Utc>,
        /// Until then.
        #[arg(long, value_name = "TIME", value_parser = time)]
        to: DateTime<Utc>,
        /// Why, for whoever looks at it later.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// How to print it.
        #[command(flatten)]
        print: Print,
    },
    /// List what is locked.
    Locks(Print),
    /// Remove a lock.
    Unlock {
        /// Its id, as listed.
        id: Uuid,
    },
    /// Read stored recordings again and compare them with what is known of them; exit code 1 when one is damaged, which a
    /// copy that is only missing in the spool is not. Changes nothing.
    Verify {
        /// Only of this stream.
        #[arg(long, value_name = "NAME")]
        stream: Option<String>,
        /// Only what ended after, RFC 3339.
        #[arg(long, value_name = "TIME", value_parser = time)]
        from: Option<DateTime<Utc>>,
        /// Only what began before.
        #[arg(long, value_name = "TIME", value_parser = time)]
        to: Option<DateTime<Utc>>,
        /// How to print it.
        #[command(flatten)]
        print: Print,
    },
    /// Compare spool, catalogue and object store; without --yes it only says what differs. Nothing is ever deleted. Exit code 1 when
    /// something differs, or is left for a person.
    Reconcile {
        /// Mend it: objects and local files without a row get one, rows without their object or file say so.
        #[arg(long)]
        yes: bool,
        /// How to print it.
        #[command(flatten)]
        print: Print,
    },
    /// Make the catalogue from the object store alone, into a database that knows of no recordings, while no program runs; without
    /// --yes it only says what is there.
    Rebuild {
        /// Do it, and take the store over as that of this site.
        #[arg(long)]
        yes: bool,
        /// How to print it.
        #[command(flatten)]
        print: Print,
    },
}

/// Does what was typed.
///
/// # Errors
/// The configuration's complaints; when the recordings cannot be read.
pub fn run(files: &Files, command: RecordingCommand) -> Result<(), CommandFailure> {
    logging::start_on_console(files.log_level.unwrap_or(LevelFilter::Warn));
    app::block_on(async {
        match command {
            RecordingCommand::Report { days, stream, target } => report(files, days, stream.as_deref(), target).await,
            RecordingCommand::Clean { older_than, stream, yes, print } => {
                clean(&kept(files).await?, &older_than, stream.as_deref(), yes, print).await
            }
            RecordingCommand::Lock { stream, from, to, reason, print } => {
                let locked = kept(files).await?.lock(&stream, from, to, &reason).await;
                let lock = locked.map_err(CommandFailure::of_arguments)?;
                say(&if print.json { json!(lock).to_string() } else { format!("locked as {}", lock.id) })
            }
            RecordingCommand::Locks(print) => locks(&kept(files).await?, print).await,
            RecordingCommand::Unlock { id } => {
                kept(files).await?.unlock(id).await?;
                say(&format!("{id} is no longer locked"))
            }
            RecordingCommand::Reconcile { yes, print } => reconcile_command::reconcile(files, yes, print).await,
            RecordingCommand::Rebuild { yes, print } => reconcile_command::rebuild(files, yes, print).await,
            RecordingCommand::Verify { stream, from, to, print } => {
                let verified = kept(files).await?.verify(stream.as_deref(), from, to).await;
                let verified = verified.map_err(CommandFailure::of_arguments)?;
                say(&if print.json { json!(verified).to_string() } else { verified_words(&verified) })?;
                if verified.damaged.is_empty() { Ok(()) } else { Err(CommandFailure::Printed(EXIT_FAILURE)) }
            }
        }
    })?
}

async fn kept(files: &Files) -> Result<KeptRecordings, CommandFailure> {
    let settings = files.settings()?;
    app::refuse_other_database(&settings).await.map_err(CommandFailure::of_place)?;
    Ok(KeptRecordings::of(settings).await?)
}

async fn clean(
    kept: &KeptRecordings,
    older_than: &str,
    stream: Option<&str>,
    yes: bool,
    print: Print,
) -> Result<(), CommandFailure> {
    let wrong = |why: String| CommandFailure::Usage(Error::invalid("--older-than", why));
    let age = parse_duration(older_than).map_err(wrong)?;
    let before = TimeDelta::from_std(age).ok().and_then(|age| Utc::now().checked_sub_signed(age));
    let before = before.ok_or_else(|| wrong("is too long ago".to_owned()))?;
    let going = kept.going(before, stream).await.map_err(CommandFailure::of_arguments)?;
    if yes {
        kept.clean(before, stream).await?;
    }
    if print.json {
        return say(&json!({ "before": before, "asked": yes, "streams": going }).to_string());
    }
    let mut lines = vec![["STREAM", "SEGMENTS", "SIZE", "LOCKED"].map(str::to_owned)];
    lines.extend(
        going
            .iter()
            .map(|(stream, of)| [printable(stream), of.segments.to_string(), size(of.bytes), of.locked.to_string()]),
    );
    let end = match (yes, going.values().all(|of| of.segments == 0)) {
        (false, true) => "nothing would be deleted",
        (false, false) => "nothing is deleted yet: this is what would go; add --yes",
        (true, _) => "each node deletes what it has recorded of this within a minute while it runs",
    };
    say(&format!("{}\n{end}", table(&lines).join("\n")))
}

async fn locks(kept: &KeptRecordings, print: Print) -> Result<(), CommandFailure> {
    let locks = kept.locks().await?;
    if print.json {
        return say(&json!({ "items": locks, "next": null }).to_string());
    }
    let mut lines = vec![["STREAM", "FROM", "TO", "REASON", "BY", "ID"].map(str::to_owned)];
    lines.extend(locks.iter().map(|lock| {
        let time = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M:%S").to_string();
        let cells = [lock.stream.clone(), time(lock.from), time(lock.to), lock.reason.clone(), lock.set_by.clone()];
        let [stream, from, to, reason, by] = cells.map(|cell| printable(&cell));
        [stream, from, to, reason, by, lock.id.to_string()]
    }));
    say(&table(&lines).join("\n"))
}

fn verified_words(verified: &Verified) -> String {
    let mut lines: Vec<String> = verified
        .damaged
        .iter()
        .map(|one| format!("damaged: {} in {}: {}", printable(&one.name), one.place.as_str(), printable(&one.fault)))
        .collect();
    let missing = verified.missing.len();
    lines.push(format!(
        "{} copies are as they were recorded, {} have the right size and no known digest, {missing} are missing in the spool \
         though the object is there, {} are damaged",
        verified.same,
        verified.size_only,
        verified.damaged.len()
    ));
    if missing > 0 {
        let line = "nothing is lost by what is missing in the spool, as after a restore; `streamwarden recordings reconcile \
                    --yes` enters it";
        lines.push(line.to_owned());
    }
    lines.join("\n")
}

async fn report(files: &Files, days: u32, stream: Option<&str>, target: ApiTarget) -> Result<(), CommandFailure> {
    let access = match target.api {
        Some(url) => RecordingAccess::Running(Remote::at(&url, files.access()?).map_err(CommandFailure::Usage)?),
        None => RecordingAccess::of(&files.settings()?).await.map_err(CommandFailure::of_place)?,
    };
    let mut found = Vec::new();
    for day in days_before(Utc::now(), days) {
        found.extend(access.completeness(day, stream).await?);
    }
    if target.print.json {
        return say(&json!({ "items": found, "next": null }).to_string());
    }
    let causes = GapCause::ALL.map(|cause| format!("gap_{}_s", cause.as_str())).join(",");
    let mut lines = vec![format!("day,server,stream,expected_s,stored_s,archived_s,stored_percent,gaps,{causes}")];
    lines.extend(found.iter().map(line));
    say(&lines.join("\n"))
}

/// The days, the oldest first; the last one is today.
fn days_before(now: DateTime<Utc>, count: u32) -> Vec<Span> {
    let today = now.date_naive();
    let day = |before: u32| {
        let date = today.checked_sub_days(Days::new(u64::from(before)))?;
        let from = date.and_time(NaiveTime::MIN).and_utc();
        Some(Span { from, to: from.checked_add_days(Days::new(1))?.min(now) })
    };
    (0..count).rev().filter_map(day).filter(|span| span.from < span.to).collect()
}

/// A stream's day.
fn line(of: &StreamCompleteness) -> String {
    let seconds = |ms: u64| format!("{}.{:03}", ms / 1_000, ms % 1_000);
    let percent = if of.expected_ms == 0 { 100.0 } else { of.stored_ms as f64 * 100.0 / of.expected_ms as f64 };
    let by_cause = GapCause::ALL.map(|cause| {
        let gaps = of.gaps.iter().filter(|gap| gap.cause == cause);
        seconds(gaps.map(|gap| u64::try_from((gap.to - gap.from).num_milliseconds()).unwrap_or(0)).sum())
    });
    // Rounded down: a day that lacks a second is not whole.
    let percent = (percent * 100.0).floor() / 100.0;
    format!(
        "{},{},{},{},{},{},{percent:.2},{},{}",
        of.from.format("%Y-%m-%d"),
        cell(&of.server),
        cell(&of.stream),
        seconds(of.expected_ms),
        seconds(of.stored_ms),
        seconds(of.archived_ms),
        of.gaps.len(),
        by_cause.join(",")
    )
}

/// A text as a cell of a CSV table; one that a spreadsheet would compute is none any more.
fn cell(text: &str) -> String {
    let harmless = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    match harmless.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", harmless.replace('"', "\"\"")),
        false => harmless,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::kept_recordings::Damaged;
    use crate::domain::completeness::RecordingGap;
    use crate::domain::copies::CopyPlace;

    #[test]
    fn what_is_missing_in_the_spool_alone_is_not_called_damaged() {
        let copy = |fault: &str| Damaged {
            segment: Uuid::nil(),
            stream: "yard".to_owned(),
            place: CopyPlace::Spool,
            name: "yard/1.mp4".to_owned(),
            fault: fault.to_owned(),
        };
        let restored = Verified { same: 2, missing: vec![copy("a"), copy("b")], ..Verified::default() };
        let words = verified_words(&restored);
        assert!(words.contains("2 are missing in the spool") && words.contains("0 are damaged"), "{words}");
        assert!(words.contains("recordings reconcile --yes") && !words.contains("damaged: "), "{words}");
        let lost =
            Verified { damaged: vec![copy("it is not there, and there is no other copy")], ..Verified::default() };
        let words = verified_words(&lost);
        assert!(
            words.starts_with("damaged: yard/1.mp4 in spool: it is not there") && !words.contains("reconcile"),
            "{words}"
        );
    }

    #[test]
    fn a_day_is_a_line() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect(text);
        let days = days_before(at("2026-03-01T06:00:00Z"), 3);
        let shown: Vec<String> =
            days.iter().map(|day| format!("{} {}", day.from.to_rfc3339(), day.to - day.from)).collect();
        assert_eq!(
            shown,
            [
                "2026-02-27T00:00:00+00:00 PT86400S",
                "2026-02-28T00:00:00+00:00 PT86400S",
                "2026-03-01T00:00:00+00:00 PT21600S"
            ]
        );
        let of = StreamCompleteness {
            server: "a,b".to_owned(),
            stream: "-cam".to_owned(),
            from: days[2].from,
            to: days[2].to,
            expected_ms: 21_600_000,
            stored_ms: 21_599_990,
            archived_ms: 20_000_000,
            writing_ms: 0,
            gaps: vec![RecordingGap {
                from: at("2026-03-01T01:00:00Z"),
                to: at("2026-03-01T01:00:00.010Z"),
                cause: GapCause::CameraDown,
            }],
        };
        let line = line(&of);
        let begin = "2026-03-01,\"a,b\",'-cam,21600.000,21599.990,20000.000,99.99,1,0.000,";
        assert!(line.starts_with(begin) && line.contains(",0.010,"), "{line}");
        assert_eq!(line.split(',').count() - 1, 8 + GapCause::ALL.len(), "{line}");
    }
}
