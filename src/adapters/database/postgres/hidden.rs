//! Secret values on their way into a statement: the driver logs every parameter with `Debug` at level debug.

use std::error::Error;

use bytes::BytesMut;
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// A text that `Debug` does not show, or NULL.
#[derive(Debug)]
pub(super) struct Hidden(pub(super) Option<SecretString>);

impl ToSql for Hidden {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.0.as_ref().map(ExposeSecret::expose_secret).to_sql(kind, out)
    }

    fn accepts(kind: &Type) -> bool {
        <&str as ToSql>::accepts(kind)
    }

    to_sql_checked!();
}
