//! `/api/v1/completeness`: how much of what should have been recorded is stored, and why the rest is not.

use actix_web::{HttpRequest, web};
use chrono::{TimeDelta, Utc};

use super::access::Viewer;
use super::http_error::{ErrorAnswer, Problem};
use super::http_state::HttpState;
use super::item_list::ItemList;
use super::query::Query;
use crate::adapters::database::completeness;
use crate::base::Error;
use crate::domain::completeness::{Span, StreamCompleteness};

/// What is judged when nobody says from when on.
const DEFAULT: TimeDelta = TimeDelta::days(1);
/// The longest time that is judged at once.
const LONGEST: TimeDelta = TimeDelta::days(92);

/// How complete the recordings of every stream are in a time: `expectedMs = storedMs +` the lengths of the gaps, each with one cause.
/// A stream is expected from its first recording on.
#[utoipa::path(get, path = "/api/v1/completeness", operation_id = "getCompleteness", tag = "recordings",
    params(
        ("from" = Option<DateTime<Utc>>, Query, description = "RFC 3339; a day before `to` when absent"),
        ("to" = Option<DateTime<Utc>>, Query, description = "RFC 3339; now when absent; at most 92 days after `from`"),
        ("stream" = Option<String>, Query, min_length = 1, description = "only the stream of this name"),
    ),
    responses(
        (status = 200, body = ItemList<StreamCompleteness>),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub(super) async fn list(
    _: Viewer,
    state: web::Data<HttpState>,
    request: HttpRequest,
) -> ErrorAnswer<web::Json<ItemList<StreamCompleteness>>> {
    let mut query = Query::of(&request)?;
    let now = Utc::now();
    let to = query.time("to")?.unwrap_or(now);
    let from = match query.time("from")? {
        Some(from) => from,
        None => to.checked_sub_signed(DEFAULT).ok_or_else(|| Error::invalid("to", "is too early"))?,
    };
    let stream = query.text("stream")?;
    if from >= to {
        return Err(Error::invalid("from", "must be before to").into());
    }
    if to - from > LONGEST {
        return Err(Error::invalid("from", "must be at most 92 days before to; ask several times").into());
    }
    Ok(web::Json(ItemList::whole(completeness(&state.stores, Span { from, to }, stream, now).await?)))
}
