//! Questions that leave nothing behind on the connection: each statement is unnamed and travels with its values in one
//! message. A pooler in transaction mode hands the connection to other programs between two transactions of ours, and
//! back to us another one: a prepared statement or a setting of the session would be lost here and be found there.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::BytesMut;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row, SimpleQueryMessage};

/// One connection of the pool, on loan.
pub(super) struct PostgresClient {
    connection: deadpool_postgres::Client,
    has_written: AtomicBool,
}

impl PostgresClient {
    pub(super) fn new(connection: deadpool_postgres::Client) -> Self {
        Self { connection, has_written: AtomicBool::new(false) }
    }

    pub(super) async fn query(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        self.note(sql);
        self.connection.query_typed(sql, &typed(values)).await
    }

    pub(super) async fn query_one(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Row, Error> {
        self.note(sql);
        self.connection.query_typed_one(sql, &typed(values)).await
    }

    pub(super) async fn query_opt(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Option<Row>, Error> {
        self.note(sql);
        self.connection.query_typed_opt(sql, &typed(values)).await
    }

    /// How many rows it has changed.
    pub(super) async fn execute(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
        self.note(sql);
        self.connection.execute_typed(sql, &typed(values)).await
    }

    /// One statement or several, without values.
    pub(super) async fn batch_execute(&self, sql: &str) -> Result<(), Error> {
        self.connection.batch_execute(sql).await
    }

    /// The names of the columns that a statement gives, as it is run.
    pub(super) async fn columns(&self, sql: &str) -> Result<Vec<String>, Error> {
        let answer = self.connection.simple_query(sql).await?;
        let columns = answer.iter().find_map(|message| match message {
            SimpleQueryMessage::RowDescription(columns) => Some(columns),
            _ => None,
        });
        Ok(columns.map(|all| all.iter().map(|column| column.name().to_owned()).collect()).unwrap_or_default())
    }

    /// The text itself: nothing is prepared and kept.
    #[allow(clippy::unused_async, reason = "callers are written for a cache of prepared statements")]
    pub(super) async fn prepare_cached(&self, sql: &str) -> Result<String, Error> {
        Ok(sql.to_owned())
    }

    /// Whether something was asked that changes rows.
    pub(super) fn has_written(&self) -> bool {
        self.has_written.load(Ordering::Relaxed)
    }

    /// Ends the connection: it does not go back to the pool.
    pub(super) fn close(self) {
        drop(deadpool_postgres::Client::take(self.connection));
    }

    fn note(&self, sql: &str) {
        if !sql.starts_with("SELECT") {
            self.has_written.store(true, Ordering::Relaxed);
        }
    }
}

/// Types that values of ours have on the wire; for the first that a value can be written as.
const TYPES: [Type; 11] = [
    Type::TEXT,
    Type::INT8,
    Type::UUID,
    Type::TIMESTAMPTZ,
    Type::BOOL,
    Type::INT4,
    Type::TEXT_ARRAY,
    Type::FLOAT8,
    Type::INT8_ARRAY,
    Type::UUID_ARRAY,
    Type::BYTEA_ARRAY,
];

fn typed<'a>(values: &[&'a (dyn ToSql + Sync)]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    let mut scratch = BytesMut::new();
    let mut fits = |value: &(dyn ToSql + Sync), kind: &Type| {
        scratch.clear();
        value.to_sql_checked(kind, &mut scratch).is_ok()
    };
    // One that fits none is refused by the driver, by name.
    let kind = |value| TYPES.into_iter().find(|kind| fits(value, kind)).unwrap_or(Type::UNKNOWN);
    let kinds: Vec<Type> = values.iter().copied().map(kind).collect();
    values.iter().copied().zip(kinds).collect()
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use secrecy::SecretString;
    use uuid::Uuid;

    use super::super::hidden::Hidden;
    use super::*;

    #[test]
    fn values_say_what_they_are() {
        let (texts, none): (Vec<&str>, Option<i32>) = (vec!["a"], None);
        let (hidden, now) = (Hidden(Some(SecretString::from("x"))), Some(Utc::now()));
        let values: [&(dyn ToSql + Sync); 8] = [&"a", &hidden, &1_i64, &none, &Uuid::nil(), &now, &true, &texts];
        let kinds: Vec<Type> = typed(&values).into_iter().map(|(_, kind)| kind).collect();
        let wanted = [
            Type::TEXT,
            Type::TEXT,
            Type::INT8,
            Type::INT4,
            Type::UUID,
            Type::TIMESTAMPTZ,
            Type::BOOL,
            Type::TEXT_ARRAY,
        ];
        assert_eq!(kinds, wanted);
    }
}
