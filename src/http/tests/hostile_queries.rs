//! Whatever a client writes into a query string or a WebSocket gets an answer that names the fault, and harms nobody.

use actix_web::test::TestRequest;
use proptest::prelude::*;

use crate::domain::history::SeriesKind;
use crate::http::history_routes::HistoryRequest;
use crate::http::query::Query;

const NAMES: [&str; 8] = ["server", "from", "to", "points", "metrics", "format", "limit", "after"];

fn query() -> impl Strategy<Value = String> {
    let name = prop_oneof![proptest::sample::select(NAMES.to_vec()).prop_map(str::to_owned), "[a-z%0-9]{0,6}"];
    let value = prop_oneof![
        "[ -~]{0,12}",
        Just("2027-01-31T12:00:00Z".to_owned()),
        Just("%2B262142-12-31T23:59:59Z".to_owned()),
        Just("-262143-01-01T00:00:00Z".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        "%[0-9a-fA-F]{2}",
    ];
    let pairs = proptest::collection::vec((name, value), 0..6);
    pairs.prop_map(|pairs| {
        pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    })
}

proptest! {
    #[test]
    fn any_query_string_is_read_or_refused_by_name(text in query()) {
        // What is no address at all does not reach us.
        let Ok(address) = format!("/api/v1/streams/a/history?{}", text.replace(' ', "+")).parse::<actix_web::http::Uri>() else {
            return Ok(());
        };
        let request = TestRequest::default().uri(&address.to_string()).to_http_request();
        let refused = match Query::of(&request) {
            Err(error) => Some(error),
            Ok(mut query) => HistoryRequest::read(&mut query, &request, SeriesKind::Stream).err(),
        };
        if let Some(error) = refused {
            prop_assert!(error.field().is_some_and(|field| field == "query" || NAMES.contains(&field)), "{error:?}");
        }
    }
}
