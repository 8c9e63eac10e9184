//! Many cameras written at once.

use std::fmt::Write;
use std::time::Duration;

use crate::adapters::database::Database;
use crate::base::Error;
use crate::base::error::ErrorKind;
use crate::domain::camera::sheet::{self, CameraWrite, Sheet};
use crate::domain::camera::{CameraEdit, CameraRow, Kinds};

fn named(name: &str) -> CameraEdit {
    CameraEdit { name: Some(name.to_owned()), ..CameraEdit::default() }
}

async fn names(database: &dyn Database) -> Vec<String> {
    database.cameras().await.expect("listed").into_iter().map(|row| row.name).collect()
}

pub(in crate::adapters::database) async fn a_plan_is_written_whole_or_not_at_all(database: &dyn Database) {
    let id = database.add_camera(named("a")).await.expect("added").id;
    database.add_camera(named("b")).await.expect("added");
    let plan = move |first: &'static str, last: &'static str| {
        let adds = ["c", last].map(|name| CameraWrite { id: None, edit: named(name) });
        let change = CameraWrite { id: Some(id), edit: named(first) };
        vec![change, CameraWrite { id: Some(id), edit: CameraEdit::default() }].into_iter().chain(adds).collect()
    };
    let taken = database.write_cameras(Box::new(move |_| Ok(plan("z", "b")))).await.expect_err("b is taken");
    assert_eq!((taken.kind(), taken.field()), (ErrorKind::Conflict, Some("name")));
    assert!(taken.to_string().contains("\"b\""), "{taken}");
    assert_eq!(names(database).await, ["a", "b"]);
    let refused = database.write_cameras(Box::new(|_| Err(Error::not_found("no")))).await;
    assert_eq!(refused.expect_err("the plan's own").kind(), ErrorKind::NotFound);

    let mut changes = database.camera_changes();
    changes.mark_unchanged();
    let write = move |rows: &[CameraRow]| {
        assert_eq!(rows.len(), 2, "a plan sees what is there");
        Ok(plan("z", "d"))
    };
    database.write_cameras(Box::new(write)).await.expect("written");
    assert_eq!(names(database).await, ["z", "b", "c", "d"]);
    tokio::time::timeout(Duration::from_secs(10), changes.changed()).await.expect("announced").expect("watched");
}

/// A slow machine or a distant server: many rows get more time than one call.
pub(in crate::adapters::database) async fn a_plan_that_takes_its_time_is_written(database: &dyn Database) {
    let plan = |_: &[CameraRow]| {
        std::thread::sleep(Duration::from_millis(5_500));
        Ok(["a", "b"].map(|name| CameraWrite { id: None, edit: named(name) }).into())
    };
    database.write_cameras(Box::new(plan)).await.expect("written");
    assert_eq!(names(database).await, ["a", "b"]);
}

/// The largest fleet we are built for goes through as one change.
pub(in crate::adapters::database) async fn ten_thousand_cameras_are_imported_and_imported_again(
    database: &dyn Database,
) {
    let mut file = "name,host,username,password\n".to_owned();
    for n in 0..10_000 {
        writeln!(file, "site/c{n},10.1.{}.{},viewer,secret{n}", n / 250, n % 250).expect("memory");
    }
    let kinds: Kinds = database.camera_kinds().await.expect("kinds").into_iter().collect();
    let import = async |file: &str| {
        let (sheet, kinds) = (Sheet::read(file.as_bytes()).expect("a good file"), kinds.clone());
        let (tell, told) = tokio::sync::oneshot::channel();
        let plan = move |rows: &[_]| {
            let planned = sheet.plan(rows, &kinds);
            tell.send(planned.report).expect("somebody waits");
            Ok(planned.writes)
        };
        database.write_cameras(Box::new(plan)).await.expect("written");
        let report = told.await.expect("planned");
        assert_eq!(report.faults, []);
        (report.added, report.changed, report.unchanged)
    };
    assert_eq!(import(&file).await, (10_000, 0, 0));
    assert_eq!(import(&file.replace(",10.1.7.", ",10.2.7.")).await, (0, 250, 9_750));
    let rows = database.cameras().await.expect("listed");
    assert_eq!(rows.len(), 10_000);
    assert_eq!(
        rows.iter().filter(|row| row.host.as_deref().is_some_and(|host| host.starts_with("10.2."))).count(),
        250
    );
    assert_eq!(import(&sheet::write(&rows)).await, (0, 0, 10_000), "what was written out changes nothing");
}
