//! Rows of `database.cameras_query` that cannot work, counted and named: a site's table holds what it likes.

use secrecy::SecretString;

use super::report::Finding;
use crate::adapters::database::postgres::{SiteTable, shortened};
use crate::base::Result;
use crate::domain::camera::{CameraRow, CameraSource, Kinds, Reach};
use crate::domain::name::StreamName;

/// Tries the query and looks at every row.
pub(super) async fn findings(url: &SecretString, query: &str, reach: &Reach) -> Vec<Finding> {
    let asked = async {
        let table = SiteTable::open(url, None, query).await?;
        Ok((table.ping().await?, table.read().await?))
    };
    let answer: Result<_> = asked.await;
    match answer {
        Ok((found, (rows, left_out))) => {
            std::iter::once(Finding::ok("database", found)).chain(judged(&rows, left_out, reach)).collect()
        }
        Err(error) => vec![Finding::error("database", &error)],
    }
}

/// What people should know of these rows.
fn judged(rows: &[CameraRow], left_out: Vec<String>, reach: &Reach) -> Option<Finding> {
    let total = rows.len() + left_out.len();
    let mut faults: Vec<String> =
        rows.iter().filter_map(|row| fault(row, reach).err().map(|why| format!("id {}: {why}", row.id))).collect();
    faults.extend(left_out);
    if faults.is_empty() {
        return None;
    }
    let found =
        format!("{} of {total} rows of database.cameras_query cannot work: {}", faults.len(), shortened(&faults));
    let remedy = "correct the rows, or make path names and ids of them in the query, as etc/streamwarden.toml shows";
    Some(match faults.len() == total {
        true => Finding::fault("cameras", found, remedy),
        false => Finding::note("cameras", found, remedy),
    })
}

/// Names for every row; what a full URL comes to where there is one. Kinds are rows of ours and may change.
fn fault(row: &CameraRow, reach: &Reach) -> Result<()> {
    StreamName::parse(&row.name)?;
    if row.url.is_some() {
        // Names are looked up when the camera starts.
        reach.check_source(&CameraSource::from_row(row, &Kinds::new())?, &[])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::CheckOutcome;
    use super::*;
    use crate::domain::camera::OwnOutput;
    use crate::domain::sample;

    fn row(id: i64, name: &str, url: Option<&str>) -> CameraRow {
        CameraRow { url: url.map(SecretString::from), ..sample::camera_row(id, name) }
    }

    #[test]
    fn rows_that_cannot_work_are_counted_and_named() {
        let output = OwnOutput { host: "m".to_owned(), ports: vec![8554] };
        let reach = Reach { output: Some(output), ..Reach::default() };
        assert_eq!(judged(&[row(1, "gate", Some("rtsp://h/x")), row(2, "door", None)], Vec::new(), &reach), None);
        let rows = [
            row(1, "Eingang Süd", Some("rtsp://h/x")),
            row(2, "", Some("rtsp://h/x")),
            row(3, "gate", Some("rtsp://h/x")),
            row(4, "door", Some("rtsp://u:hunter2@")),
            row(5, "yard", Some("rtsp://m:8554/yard")),
        ];
        let told = judged(&rows, vec!["id 3 comes again".to_owned()], &reach).expect("something is wrong");
        assert_eq!(told.outcome, CheckOutcome::Note, "the others run");
        let start = "5 of 6 rows of database.cameras_query cannot work: id 1: ";
        assert!(told.found.starts_with(start) && told.found.contains("the name \"Eingang"), "{}", told.found);
        for words in ["the name \"\" is empty", "id 4: ", "id 5: ", "id 3 comes again"] {
            assert!(told.found.contains(words), "{words}: {}", told.found);
        }
        assert!(!told.found.contains("hunter2"), "{}", told.found);
        let none = judged(&rows[..1], Vec::new(), &reach).expect("something is wrong");
        assert_eq!(none.outcome, CheckOutcome::Fault, "nothing at all would run");
    }
}
