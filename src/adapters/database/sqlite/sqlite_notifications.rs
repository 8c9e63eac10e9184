//! The tables `notifications`, `notification_episodes`, `notification_receivers` and `notification_lease`.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use uuid::Uuid;

use super::Sqlite;
use super::decode::{self, time_text};
use super::sqlite_fault::SqliteFailure;
use super::sqlite_file::ConnectionRole::{Reader, Writer};
use crate::adapters::database::NotificationStore;
use crate::adapters::database::notification_store::{
    ClaimedNotification, Delivery, LONGEST_REST, LONGEST_WAIT, MOST_WAITING, NotificationClaim, PlannedNotifications,
    ReceiverRecord, content, message, not_leading,
};
use crate::base::Result;
use crate::domain::incident::{IncidentKind, Subject};
use crate::domain::notify::{Deliveries, Episode, ReceiverTimes};

type Answer<T> = std::result::Result<T, SqliteFailure>;

#[async_trait]
impl NotificationStore for Sqlite {
    async fn lead_notifications(&self, lasts: Duration) -> Result<bool> {
        let owner = self.owner.get()?;
        self.file.call(Writer, move |connection| lead(connection, &owner, lasts)).await
    }

    async fn begin_notifications(&self, receivers: Vec<String>, now: DateTime<Utc>, afresh: bool) -> Result<()> {
        let owner = self.owner.get()?;
        self.file.call(Writer, move |connection| begin(connection, &owner, &receivers, now, afresh)).await
    }

    async fn notification_episodes(&self) -> Result<Vec<Episode>> {
        self.file.call(Reader, episodes).await
    }

    async fn notification_receivers(&self) -> Result<Vec<ReceiverRecord>> {
        self.file.call(Reader, receivers).await
    }

    async fn put_notifications(&self, planned: PlannedNotifications) -> Result<()> {
        let owner = self.owner.get()?;
        self.file.call(Writer, move |connection| put(connection, &owner, &planned)).await
    }

    async fn claim_notification(&self, wanted: NotificationClaim) -> Result<Option<ClaimedNotification>> {
        let owner = self.owner.get()?;
        self.file.call(Writer, move |connection| claim(connection, &owner, &wanted)).await
    }

    async fn settle_notification(&self, id: Uuid, now: DateTime<Utc>, delivery: Delivery) -> Result<()> {
        let owner = self.owner.get()?;
        self.file.call(Writer, move |connection| settle(connection, &owner, id, now, &delivery)).await
    }
}

/// A file is used by processes of one machine, which have one clock; a time that it cannot have written was written before it was
/// set back.
fn lead(connection: &mut Connection, owner: &str, lasts: Duration) -> Answer<bool> {
    let now = Utc::now();
    let lasts = TimeDelta::from_std(lasts).unwrap_or(LONGEST_REST);
    let sql = "INSERT INTO notification_lease (only_one, node, until) VALUES (1, ?1, ?2) ON CONFLICT (only_one) DO UPDATE SET \
               node = excluded.node, until = excluded.until WHERE node = excluded.node OR until < ?3 OR until > ?4";
    let values = params![owner, time_text(now + lasts), time_text(now), time_text(now + lasts * 4)];
    Ok(connection.prepare_cached(sql)?.execute(values)? > 0)
}

fn begin(
    connection: &mut Connection,
    owner: &str,
    receivers: &[String],
    now: DateTime<Utc>,
    afresh: bool,
) -> Answer<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for receiver in receivers {
        let sql = "INSERT INTO notification_receivers (receiver, known_since) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        transaction.execute(sql, params![receiver, time_text(now)])?;
    }
    if afresh {
        transaction.execute("UPDATE notifications SET node = '', claimed_until = NULL WHERE node = ?1", [owner])?;
    }
    Ok(transaction.commit()?)
}

fn episodes(connection: &mut Connection) -> Answer<Vec<Episode>> {
    let sql = "SELECT receiver, kind, subject, subject_name, since, newest, times, told_at, ended_at FROM notification_episodes";
    let mut statement = connection.prepare_cached(sql)?;
    let rows: Vec<Option<Episode>> = statement.query_map([], |row| Ok(episode(row)))?.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

fn receivers(connection: &mut Connection) -> Answer<Vec<ReceiverRecord>> {
    let sql = "SELECT receiver, known_since, told_at, delivered, refused, dropped, failures, delivered_at, failed_at, failing_since, \
               fault, (SELECT count(*) FROM notifications WHERE notifications.receiver = notification_receivers.receiver) \
               FROM notification_receivers ORDER BY receiver";
    let mut statement = connection.prepare_cached(sql)?;
    let rows: Vec<Option<ReceiverRecord>> =
        statement.query_map([], |row| Ok(record(row)))?.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

fn put(connection: &mut Connection, owner: &str, planned: &PlannedNotifications) -> Answer<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let leads = "SELECT 1 FROM notification_lease WHERE node = ?1";
    if transaction.prepare_cached(leads)?.query_row([owner], |_| Ok(())).optional()?.is_none() {
        return Err(not_leading().into());
    }
    let now = time_text(planned.now);
    for episode in &planned.episodes {
        let sql = "INSERT INTO notification_episodes (receiver, kind, subject, subject_name, since, newest, times, told_at, ended_at) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (receiver, kind, subject) DO UPDATE SET \
                   subject_name = excluded.subject_name, since = excluded.since, newest = excluded.newest, times = excluded.times, \
                   told_at = excluded.told_at, ended_at = excluded.ended_at";
        let values = params![
            episode.receiver,
            episode.kind.as_str(),
            episode.subject.key(),
            episode.subject.name(),
            time_text(episode.since),
            time_text(episode.newest),
            episode.times,
            time_text(episode.told_at),
            episode.ended_at.map(time_text),
        ];
        transaction.prepare_cached(sql)?.execute(values)?;
    }
    let forget = "DELETE FROM notification_episodes WHERE ended_at < ?1";
    transaction.prepare_cached(forget)?.execute([time_text(planned.forget_ended_before)])?;
    for message in &planned.messages {
        let sql =
            "INSERT INTO notifications (id, receiver, created_at, content, next_try_at) VALUES (?1, ?2, ?3, ?4, ?3)";
        let values = params![message.id.to_string(), message.receiver, now, content(message)?];
        transaction.prepare_cached(sql)?.execute(values)?;
        let sql = "INSERT INTO notification_receivers (receiver, known_since, told_at) VALUES (?1, ?2, ?2) \
                   ON CONFLICT (receiver) DO UPDATE SET told_at = excluded.told_at";
        transaction.prepare_cached(sql)?.execute(params![message.receiver, now])?;
        let sql = "DELETE FROM notifications WHERE receiver = ?1 AND claimed_until IS NULL AND id IN (SELECT id FROM notifications \
                   WHERE receiver = ?1 ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?2)";
        let dropped = transaction.prepare_cached(sql)?.execute(params![message.receiver, MOST_WAITING])?;
        count_dropped(&transaction, &message.receiver, dropped)?;
    }
    Ok(transaction.commit()?)
}

fn count_dropped(connection: &Connection, receiver: &str, dropped: usize) -> Answer<()> {
    if dropped > 0 {
        let sql = "UPDATE notification_receivers SET dropped = dropped + ?2 WHERE receiver = ?1";
        connection.prepare_cached(sql)?.execute(params![receiver, dropped as i64])?;
    }
    Ok(())
}

fn claim(connection: &mut Connection, owner: &str, wanted: &NotificationClaim) -> Answer<Option<ClaimedNotification>> {
    let (receiver, now) = (&wanted.receiver, wanted.now);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let sql = "DELETE FROM notifications WHERE receiver = ?1 AND created_at < ?2 AND claimed_until IS NULL";
    let dropped = transaction.prepare_cached(sql)?.execute(params![receiver, time_text(now - LONGEST_WAIT)])?;
    count_dropped(&transaction, receiver, dropped)?;
    let sql = "UPDATE notifications SET node = ?2, claimed_until = ?3, tries = tries + 1 \
               WHERE id = (SELECT id FROM notifications WHERE receiver = ?1 ORDER BY created_at, id LIMIT 1) \
               AND (claimed_until IS NULL OR claimed_until < ?4 OR claimed_until > ?6) \
               AND (?5 OR next_try_at <= ?4 OR next_try_at > ?6) RETURNING id, content, tries";
    let ahead = time_text(now + LONGEST_REST);
    let values = params![receiver, owner, time_text(now + wanted.lasts), time_text(now), wanted.at_once, ahead];
    let row = |row: &Row<'_>| Ok((decode::id(row, 0), decode::own_text(row, 1), decode::count(row, 2)));
    let found = transaction.prepare_cached(sql)?.query_row(values, row).optional()?;
    transaction.commit()?;
    Ok(found.and_then(|(id, content, tries)| {
        let message = message(id?, receiver, now, &content.unwrap_or_default());
        Some(ClaimedNotification { message, tries: u32::try_from(tries.unwrap_or(1)).unwrap_or(u32::MAX) })
    }))
}

fn settle(connection: &mut Connection, owner: &str, id: Uuid, now: DateTime<Utc>, delivery: &Delivery) -> Answer<()> {
    let (id, now) = (id.to_string(), time_text(now));
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let gone = "DELETE FROM notifications WHERE id = ?1 AND node = ?2 RETURNING receiver";
    let mut statement = match delivery {
        Delivery::Failed { .. } => transaction.prepare_cached(
            "UPDATE notifications SET node = '', claimed_until = NULL, next_try_at = ?3 WHERE id = ?1 AND node = ?2 RETURNING receiver",
        )?,
        Delivery::Delivered | Delivery::Refused { .. } => transaction.prepare_cached(gone)?,
    };
    let text = |row: &Row<'_>| row.get::<_, String>(0);
    let receiver = match delivery {
        Delivery::Failed { next_try_at, .. } => {
            statement.query_row(params![id, owner, time_text(*next_try_at)], text).optional()?
        }
        Delivery::Delivered | Delivery::Refused { .. } => statement.query_row(params![id, owner], text).optional()?,
    };
    drop(statement);
    if let Some(receiver) = receiver {
        match delivery {
            Delivery::Delivered => transaction.prepare_cached(
                "UPDATE notification_receivers SET delivered = delivered + 1, delivered_at = ?2, failing_since = NULL, fault = NULL \
                 WHERE receiver = ?1",
            )?,
            Delivery::Failed { .. } => transaction.prepare_cached(
                "UPDATE notification_receivers SET failures = failures + 1, failed_at = ?2, \
                 failing_since = coalesce(failing_since, ?2), fault = ?3 WHERE receiver = ?1",
            )?,
            Delivery::Refused { .. } => transaction.prepare_cached(
                "UPDATE notification_receivers SET refused = refused + 1, failures = failures + 1, failed_at = ?2, fault = ?3 \
                 WHERE receiver = ?1",
            )?,
        }
        .execute(match delivery {
            Delivery::Delivered => rusqlite::params_from_iter([receiver, now].into_iter().collect::<Vec<_>>()),
            Delivery::Failed { fault, .. } | Delivery::Refused { fault } => {
                rusqlite::params_from_iter(vec![receiver, now, fault.clone()])
            }
        })?;
    }
    Ok(transaction.commit()?)
}

/// `None` when somebody wrote a row by hand that tells of nothing.
fn episode(row: &Row<'_>) -> Option<Episode> {
    Some(Episode {
        receiver: decode::text(row, 0)?,
        kind: IncidentKind::parse(&decode::text(row, 1)?)?,
        subject: Subject::from_key(&decode::text(row, 2)?, &decode::text(row, 3)?)?,
        since: decode::time(row, 4)?,
        newest: decode::time(row, 5)?,
        times: u32::try_from(decode::count(row, 6)?).ok()?,
        told_at: decode::time(row, 7)?,
        ended_at: decode::time(row, 8),
    })
}

fn record(row: &Row<'_>) -> Option<ReceiverRecord> {
    Some(ReceiverRecord {
        receiver: decode::text(row, 0)?,
        times: ReceiverTimes { known_since: decode::time(row, 1)?, told_at: decode::time(row, 2) },
        deliveries: Deliveries {
            delivered: decode::count(row, 3)?,
            refused: decode::count(row, 4)?,
            dropped: decode::count(row, 5)?,
            failures: decode::count(row, 6)?,
            delivered_at: decode::time(row, 7),
            failed_at: decode::time(row, 8),
            failing_since: decode::time(row, 9),
            fault: decode::text(row, 10),
            waiting: decode::count(row, 11)?,
        },
    })
}
