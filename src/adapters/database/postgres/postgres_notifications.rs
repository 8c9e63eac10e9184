//! The tables `notifications`, `notification_episodes`, `notification_receivers` and `notification_lease`.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::Postgres;
use super::postgres_client::PostgresClient;
use super::postgres_fault::PostgresFailure;
use crate::adapters::database::NotificationStore;
use crate::adapters::database::notification_store::{
    ClaimedNotification, Delivery, LONGEST_REST, LONGEST_WAIT, MOST_WAITING, NotificationClaim, PlannedNotifications,
    ReceiverRecord, content, message, not_leading,
};
use crate::base::Result;
use crate::domain::incident::{IncidentKind, Subject};
use crate::domain::notify::{Deliveries, Episode, ReceiverTimes};

type Answer<T> = std::result::Result<T, PostgresFailure>;

#[async_trait]
impl NotificationStore for Postgres {
    async fn lead_notifications(&self, lasts: Duration) -> Result<bool> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(lead(&link, &owner, lasts)).await
    }

    async fn begin_notifications(&self, receivers: Vec<String>, now: DateTime<Utc>, afresh: bool) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(begin(&link, &owner, &receivers, now, afresh)).await
    }

    async fn notification_episodes(&self) -> Result<Vec<Episode>> {
        let link = self.server.link().await?;
        link.answer(episodes(&link)).await
    }

    async fn notification_receivers(&self) -> Result<Vec<ReceiverRecord>> {
        let link = self.server.link().await?;
        link.answer(receivers(&link)).await
    }

    async fn put_notifications(&self, planned: PlannedNotifications) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(put(&link, &owner, &planned)).await
    }

    async fn claim_notification(&self, wanted: NotificationClaim) -> Result<Option<ClaimedNotification>> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(claim(&link, &owner, &wanted)).await
    }

    async fn settle_notification(&self, id: Uuid, now: DateTime<Utc>, delivery: Delivery) -> Result<()> {
        let owner = self.owner.get()?;
        let link = self.server.link().await?;
        link.answer(settle(&link, &owner, id, now, &delivery)).await
    }
}

/// By the clock of the database, which all nodes share. A time that it cannot have written was written before it was set back.
async fn lead(client: &PostgresClient, owner: &str, lasts: Duration) -> Answer<bool> {
    let sql = "INSERT INTO notification_lease AS lease (only_one, node, until) \
               VALUES (1, $1, clock_timestamp() + $2::bigint * interval '1 millisecond') \
               ON CONFLICT (only_one) DO UPDATE SET node = excluded.node, until = excluded.until \
               WHERE lease.node = excluded.node OR lease.until < clock_timestamp() \
               OR lease.until > clock_timestamp() + $2::bigint * interval '4 milliseconds'";
    let ms = i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX);
    Ok(client.execute(sql, &[&owner, &ms]).await? > 0)
}

async fn begin(
    client: &PostgresClient,
    owner: &str,
    receivers: &[String],
    now: DateTime<Utc>,
    afresh: bool,
) -> Answer<()> {
    for receiver in receivers {
        let sql = "INSERT INTO notification_receivers (receiver, known_since) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        client.execute(sql, &[&receiver, &now]).await?;
    }
    if afresh {
        client.execute("UPDATE notifications SET node = '', claimed_until = NULL WHERE node = $1", &[&owner]).await?;
    }
    Ok(())
}

async fn episodes(client: &PostgresClient) -> Answer<Vec<Episode>> {
    let sql = "SELECT receiver, kind, subject, subject_name, since, newest, times, told_at, ended_at FROM notification_episodes";
    Ok(client.query(sql, &[]).await?.iter().filter_map(episode).collect())
}

async fn receivers(client: &PostgresClient) -> Answer<Vec<ReceiverRecord>> {
    let sql = "SELECT receiver, known_since, told_at, delivered, refused, dropped, failures, delivered_at, failed_at, failing_since, \
               fault, (SELECT count(*) FROM notifications WHERE notifications.receiver = notification_receivers.receiver) \
               FROM notification_receivers ORDER BY receiver COLLATE \"C\"";
    Ok(client.query(sql, &[]).await?.iter().filter_map(record).collect())
}

async fn put(client: &PostgresClient, owner: &str, planned: &PlannedNotifications) -> Answer<()> {
    // Kept until the transaction ends: nobody begins to lead meanwhile.
    let leads = "SELECT 1 FROM notification_lease WHERE node = $1 FOR UPDATE";
    if client.query_opt(leads, &[&owner]).await?.is_none() {
        return Err(not_leading().into());
    }
    for episode in &planned.episodes {
        let sql = "INSERT INTO notification_episodes (receiver, kind, subject, subject_name, since, newest, times, told_at, ended_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (receiver, kind, subject) DO UPDATE SET \
                   subject_name = excluded.subject_name, since = excluded.since, newest = excluded.newest, times = excluded.times, \
                   told_at = excluded.told_at, ended_at = excluded.ended_at";
        let (kind, key, times) = (episode.kind.as_str(), episode.subject.key(), i64::from(episode.times));
        let values: [&(dyn ToSql + Sync); 9] = [
            &episode.receiver,
            &kind,
            &key,
            &episode.subject.name(),
            &episode.since,
            &episode.newest,
            &times,
            &episode.told_at,
            &episode.ended_at,
        ];
        client.execute(sql, &values).await?;
    }
    let forget = "DELETE FROM notification_episodes WHERE ended_at < $1";
    client.execute(forget, &[&planned.forget_ended_before]).await?;
    for message in &planned.messages {
        let sql =
            "INSERT INTO notifications (id, receiver, created_at, content, next_try_at) VALUES ($1, $2, $3, $4, $3)";
        client.execute(sql, &[&message.id, &message.receiver, &planned.now, &content(message)?]).await?;
        let sql = "INSERT INTO notification_receivers (receiver, known_since, told_at) VALUES ($1, $2, $2) \
                   ON CONFLICT (receiver) DO UPDATE SET told_at = excluded.told_at";
        client.execute(sql, &[&message.receiver, &planned.now]).await?;
        let sql = "DELETE FROM notifications WHERE receiver = $1 AND claimed_until IS NULL AND id IN (SELECT id FROM notifications \
                   WHERE receiver = $1 ORDER BY created_at DESC, id DESC OFFSET $2::bigint)";
        let dropped = client.execute(sql, &[&message.receiver, &i64::from(MOST_WAITING)]).await?;
        count_dropped(client, &message.receiver, dropped).await?;
    }
    Ok(())
}

async fn count_dropped(client: &PostgresClient, receiver: &str, dropped: u64) -> Answer<()> {
    if dropped > 0 {
        let sql = "UPDATE notification_receivers SET dropped = dropped + $2::bigint WHERE receiver = $1";
        client.execute(sql, &[&receiver, &(dropped as i64)]).await?;
    }
    Ok(())
}

async fn claim(
    client: &PostgresClient,
    owner: &str,
    wanted: &NotificationClaim,
) -> Answer<Option<ClaimedNotification>> {
    let (receiver, now) = (&wanted.receiver, wanted.now);
    let sql = "DELETE FROM notifications WHERE receiver = $1 AND created_at < $2 AND claimed_until IS NULL";
    let dropped = client.execute(sql, &[receiver, &(now - LONGEST_WAIT)]).await?;
    count_dropped(client, receiver, dropped).await?;
    // Two at once: the second waits for the row, looks at it again and finds it claimed.
    let sql = "UPDATE notifications SET node = $2, claimed_until = $3, tries = tries + 1 \
               WHERE id = (SELECT id FROM notifications WHERE receiver = $1 ORDER BY created_at, id LIMIT 1) \
               AND (claimed_until IS NULL OR claimed_until < $4 OR claimed_until > $6) \
               AND ($5 OR next_try_at <= $4 OR next_try_at > $6) RETURNING id, content, tries";
    let values: [&(dyn ToSql + Sync); 6] =
        [receiver, &owner, &(now + wanted.lasts), &now, &wanted.at_once, &(now + LONGEST_REST)];
    let found = client.query_opt(sql, &values).await?;
    Ok(found.and_then(|row| {
        let (id, content, tries): (Uuid, String, i64) =
            (row.try_get(0).ok()?, row.try_get(1).ok()?, row.try_get(2).ok()?);
        let tries = u32::try_from(tries).unwrap_or(u32::MAX);
        Some(ClaimedNotification { message: message(id, receiver, now, &content), tries })
    }))
}

async fn settle(client: &PostgresClient, owner: &str, id: Uuid, now: DateTime<Utc>, delivery: &Delivery) -> Answer<()> {
    let settled = match delivery {
        Delivery::Failed { next_try_at, .. } => {
            let sql = "UPDATE notifications SET node = '', claimed_until = NULL, next_try_at = $3 WHERE id = $1 AND node = $2 \
                       RETURNING receiver";
            client.query_opt(sql, &[&id, &owner, next_try_at]).await?
        }
        Delivery::Delivered | Delivery::Refused { .. } => {
            let sql = "DELETE FROM notifications WHERE id = $1 AND node = $2 RETURNING receiver";
            client.query_opt(sql, &[&id, &owner]).await?
        }
    };
    let Some(receiver) = settled.and_then(|row| row.try_get::<_, String>(0).ok()) else { return Ok(()) };
    match delivery {
        Delivery::Delivered => {
            let sql = "UPDATE notification_receivers SET delivered = delivered + 1, delivered_at = $2, failing_since = NULL, \
                       fault = NULL WHERE receiver = $1";
            client.execute(sql, &[&receiver, &now]).await?
        }
        Delivery::Failed { fault, .. } => {
            let sql = "UPDATE notification_receivers SET failures = failures + 1, failed_at = $2, \
                       failing_since = coalesce(failing_since, $2), fault = $3 WHERE receiver = $1";
            client.execute(sql, &[&receiver, &now, fault]).await?
        }
        Delivery::Refused { fault } => {
            let sql = "UPDATE notification_receivers SET refused = refused + 1, failures = failures + 1, failed_at = $2, \
                       fault = $3 WHERE receiver = $1";
            client.execute(sql, &[&receiver, &now, fault]).await?
        }
    };
    Ok(())
}

/// `None` when somebody wrote a row by hand that tells of nothing.
fn episode(row: &Row) -> Option<Episode> {
    Some(Episode {
        receiver: row.try_get(0).ok()?,
        kind: IncidentKind::parse(row.try_get(1).ok()?)?,
        subject: Subject::from_key(row.try_get(2).ok()?, row.try_get(3).ok()?)?,
        since: row.try_get(4).ok()?,
        newest: row.try_get(5).ok()?,
        times: u32::try_from(row.try_get::<_, i64>(6).ok()?).ok()?,
        told_at: row.try_get(7).ok()?,
        ended_at: row.try_get(8).ok()?,
    })
}

fn record(row: &Row) -> Option<ReceiverRecord> {
    let count = |column| u64::try_from(row.try_get::<_, i64>(column).ok()?).ok();
    Some(ReceiverRecord {
        receiver: row.try_get(0).ok()?,
        times: ReceiverTimes { known_since: row.try_get(1).ok()?, told_at: row.try_get(2).ok()? },
        deliveries: Deliveries {
            delivered: count(3)?,
            refused: count(4)?,
            dropped: count(5)?,
            failures: count(6)?,
            delivered_at: row.try_get(7).ok()?,
            failed_at: row.try_get(8).ok()?,
            failing_since: row.try_get(9).ok()?,
            fault: row.try_get(10).ok()?,
            waiting: count(11)?,
        },
    })
}
