//! Files as people and spreadsheets make them.

use secrecy::{ExposeSecret, SecretString};

use super::*;
use crate::domain::camera::{CameraEdit, CameraRow, Kinds};
use crate::domain::sample;

fn kinds() -> Kinds {
    [("generic".to_owned(), "rtsp://{username}:{password}@{host}:{port=554}/{channel=1}".to_owned())].into()
}

fn row(id: i64, name: &str) -> CameraRow {
    CameraRow {
        host: Some("10.0.0.9".into()),
        port: Some(8554),
        username: Some("viewer".into()),
        password: Some("hunter2".into()),
        audio: Some("aac".into()),
        record: false,
        ..sample::camera_row(id, name)
    }
}

/// What a file comes to beside these rows.
fn import(text: &str, rows: &[CameraRow]) -> PlannedWrite {
    match Sheet::read(text.as_bytes()) {
        Ok(sheet) => sheet.plan(rows, &kinds()),
        Err(report) => PlannedWrite { report, ..PlannedWrite::default() },
    }
}

fn numbers(planned: &PlannedWrite) -> (usize, usize, usize) {
    assert_eq!(planned.report.faults, []);
    (planned.report.added, planned.report.changed, planned.report.unchanged)
}

fn only(planned: &PlannedWrite) -> &CameraEdit {
    assert_eq!((planned.writes.len(), planned.report.faults.len()), (1, 0), "{:?}", planned.report);
    &planned.writes[0].edit
}

#[test]
fn files_of_every_spreadsheet_are_read() {
    let plain = "name,host,port\na,10.0.0.1,554\nb,10.0.0.2,\n";
    let table = [
        plain.to_owned(),
        plain.replace('\n', "\r\n"),
        plain.replace('\n', "\n\n"),
        plain.trim_end().to_owned(),
        format!("\u{feff}{plain}"),
        plain.replace(',', ";"),
        plain.replace(',', "\t"),
        format!("sep=;\r\n{}", plain.replace(',', ";")),
        plain.replace("name,host,port", "\"Name\", HOST ,\"port\""),
        "port,name,host\n 554 ,\"a\", 10.0.0.1\n,b,10.0.0.2\n".to_owned(),
        "name,host,port,,\na,10.0.0.1,554,,\n,,,,\nb,10.0.0.2,,,\n,,,,\n".to_owned(),
    ];
    for text in table {
        let planned = import(&text, &[]);
        assert_eq!(numbers(&planned), (2, 0, 0), "{text:?}");
        let a = &planned.writes[0].edit;
        assert_eq!((a.name.as_deref(), &a.host, a.port), (Some("a"), &Some(Some("10.0.0.1".into())), Some(Some(554))));
        assert_eq!(planned.writes[1].edit.port, Some(None), "{text:?}");
    }
}

#[test]
fn faults_name_their_line_and_column() {
    let wide = "x".repeat(1_000_000);
    let table = [
        ("", 1, None, "empty"),
        ("\n\n", 1, None, "empty"),
        ("host,port\n", 1, Some("name"), "missing"),
        ("name,hots\na,b\n", 1, Some("hots"), "name, kind, host"),
        ("name,host,host\na,b,c\n", 1, Some("host"), "twice"),
        ("name,host\na,h\n\n\nb\n", 5, None, "1 cells"),
        ("name,host\na,h,c\n", 2, None, "3 cells"),
        ("name,host\na,\"h\nb,h\n", 2, Some("host"), "quote"),
        ("name,host,port\na,h,x\n", 2, Some("port"), "number"),
        ("name,host,port\na,h,0\n", 2, Some("port"), "0 is not a port"),
        ("name,host,enabled\na,h,maybe\n", 2, Some("enabled"), "neither true nor false"),
        ("name,host\n,h\n", 2, Some("name"), "needs a name"),
        ("name,host\na,h\nb,h\na,h\n", 4, Some("name"), "line 2"),
        ("name,host\r\na,h\r\n\r\n../x,h\r\n", 4, Some("name"), "climb"),
        ("name,host\na,\n", 2, Some("host"), "is empty"),
        ("name,host,kind\na,h,acme\n", 2, Some("kind"), "generic"),
        ("name,host,label\na,h,x\ty\n", 2, Some("label"), "control character"),
        ("name,url\na,file:/etc/passwd\n", 2, Some("url"), "rtsp://"),
        ("name,url\na,rtsp://***@h/x\n", 2, Some("url"), "write the whole URL"),
        ("name,host,password\na,h,***\n", 2, Some("password"), "write the password"),
        (&wide, 1, Some(&wide[..40]), "no such column"),
    ];
    for (text, line, field, words) in table {
        let planned = import(text, &[]);
        let shown: String = text.chars().take(60).collect();
        let [fault] = planned.report.faults.as_slice() else { panic!("{shown:?}: {:?}", planned.report.faults) };
        assert_eq!((fault.line, fault.field.as_deref()), (line, field), "{shown:?}: {fault:?}");
        assert!(fault.message.contains(words), "{shown:?}: {fault:?}");
        assert!(planned.writes.is_empty());
    }
    for (bytes, line) in [(&b"\xff\xfen\0a\0"[..], 1), (&b"name,host\na,h\nk\xfcche,h\n"[..], 3)] {
        let fault = Sheet::read(bytes).expect_err("not UTF-8").faults.remove(0);
        assert!(fault.line == line && fault.message.contains("CSV UTF-8"), "{fault:?}");
    }
}

#[test]
fn all_faults_of_a_file_are_told_at_once() {
    let rows = [row(7, "gate")];
    let file = "name,host,port,url,enabled,audio,password\n\
        x 2,10.0.0.1,99999,,yes,mp3,\n\
        b,10.0.0.2,nonsense,file:/etc/passwd,perhaps,,\n\
        b,10.0.0.3,,,,,\n\
        c,\n\
        ,a b,0,,,,\n\
        gate,10.0.0.8,70000,,,,\n\
        gate,10.0.0.9,8554,rtsp://***@h/x,maybe,,***\n\
        fine,10.0.0.9,,,,,\n";
    let planned = import(file, &rows);
    let told: Vec<_> = planned.report.faults.iter().map(|one| (one.line, one.field.as_deref().unwrap_or(""))).collect();
    let wanted = [
        (2, "name"),
        (2, "port"),
        (2, "audio"),
        (3, "port"),
        (3, "enabled"),
        (3, "url"),
        (4, "name"),
        (5, ""),
        (6, "name"),
        (6, "host"),
        (6, "port"),
        // Whether the stored password may go there is known when the port is.
        (7, "port"),
        (8, "enabled"),
        (8, "name"),
        (8, "url"),
    ];
    let sorted = |mut all: Vec<(u64, &'static str)>| {
        all.sort_unstable();
        all
    };
    let told =
        told.into_iter().map(|(line, field)| (line, COLUMNS.into_iter().find(|one| *one == field).unwrap_or("")));
    assert_eq!(sorted(told.collect()), sorted(wanted.to_vec()), "{:?}", planned.report.faults);
    assert!(planned.writes.is_empty());
}

#[test]
fn one_fault_stops_all_and_many_are_cut() {
    let planned = import("name,host\na,h\nb,\nc,\n", &[]);
    assert_eq!(planned.report.faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [3, 4]);
    assert_eq!((planned.writes.len(), planned.report.added), (0, 0), "all or none");
    let many: String = (0..500).map(|n| format!("c{n},\n")).collect();
    let report = import(&format!("name,host\n{many}"), &[]).report;
    assert_eq!(report.faults.len(), MOST_FAULTS + 1);
    assert!(report.faults[MOST_FAULTS].message.contains("400 more"), "{:?}", report.faults[MOST_FAULTS]);
    let too_many: String = (0..=MOST_ROWS).map(|n| format!("c{n},h\n")).collect();
    let report = import(&format!("name,host\n{too_many}"), &[]).report;
    assert!(report.faults[0].message.contains("split it"), "{:?}", report.faults);
}

#[test]
fn absent_columns_stay_empty_cells_clear_and_passwords_are_kept() {
    let rows = [row(7, "gate")];
    let unchanged = [
        "name\ngate\n",
        "name,host,port\ngate,10.0.0.9,8554\n",
        "name,password,kind,enabled\ngate,,,\n",
        "name,password\ngate,***\n",
    ];
    for text in unchanged {
        assert_eq!(numbers(&import(text, &rows)), (0, 0, 1), "{text:?}");
    }
    let planned = import("name,channel,audio,username\ngate,2,,\n", &rows);
    let edit = only(&planned);
    assert_eq!((&edit.channel, &edit.audio, &edit.username), (&Some(Some("2".into())), &Some(None), &Some(None)));
    assert!(edit.host.is_none() && edit.password.is_none() && edit.name.is_none(), "nothing else is written");
    assert_eq!(planned.writes[0].id, Some(7));
    let planned = import("name,password,enabled,record\ngate, 'new ,no,1\n", &rows);
    let edit = only(&planned);
    let password = edit.password.as_ref().and_then(Option::as_ref).map(ExposeSecret::expose_secret);
    assert_eq!((password, edit.enabled, edit.record), (Some(" 'new "), Some(false), Some(true)));
    let planned = import("name,label\ngate,Eingang Süd\n", &rows);
    assert_eq!(only(&planned).label, Some(Some("Eingang Süd".into())));
    let labelled = [CameraRow { label: Some("Eingang Süd".into()), ..row(7, "gate") }];
    assert_eq!(only(&import("name,label\ngate,\n", &labelled)).label, Some(None));
    let wrong = import("name,host\ngate,\n", &rows).report;
    assert_eq!(wrong.faults[0].field.as_deref(), Some("host"), "an edit is checked as the row it leads to");
}

#[test]
fn a_row_whose_address_changes_brings_its_password() {
    let rows = [row(7, "gate")];
    for text in [
        "name,host\ngate,10.0.0.8\n",
        "name,port,password\ngate,,\n",
        "name,host,password\ngate,10.0.0.8,***\n",
        "name,url\ngate,rtsp://10.0.0.8/x\n",
    ] {
        let report = import(text, &rows).report;
        let told: Vec<_> = report.faults.iter().map(|fault| (fault.line, fault.field.as_deref())).collect();
        assert_eq!(told, [(2, Some("password"))], "{text}: {report:?}");
        assert!(!report.faults[0].message.contains("hunter2"), "{report:?}");
    }
    for password in ["hunter2", "another"] {
        let planned = import(&format!("name,host,password\ngate,10.0.0.8,{password}\n"), &rows);
        let edit = only(&planned);
        let written = edit.password.as_ref().and_then(Option::as_ref).map(ExposeSecret::expose_secret);
        assert_eq!((written, &edit.host), (Some(password), &Some(Some("10.0.0.8".into()))), "the same one too");
    }
}

#[test]
fn what_is_written_holds_no_secret_and_no_formula_and_reads_as_no_change() {
    let hostile = ["=cmd|'/c calc'!A1", "+1", "-2", "@sum", "'=x", "'", "a,b;c\"d"];
    let mut rows: Vec<CameraRow> = hostile
        .iter()
        .zip(1..)
        .map(|(text, id)| CameraRow {
            username: Some((*text).to_owned()),
            label: Some((*text).to_owned()),
            ..row(id, &format!("c{id}"))
        })
        .collect();
    let url = SecretString::from("rtsp://viewer:s3cret@10.0.0.9/a?token=abc");
    rows.push(CameraRow { url: Some(url), host: None, enabled: false, ..row(90, "-x/y.z") });
    rows.push(CameraRow { url: Some("http://h/user=a_password=s3cret_x".into()), ..row(91, "path") });
    rows.push(CameraRow { url: Some("rtsp:/broken/s3cret pass".into()), enabled: false, ..row(92, "broken") });
    rows.push(CameraRow { host: Some("admin:s3cret@10.0.0.9".into()), enabled: false, ..row(93, "in-host") });
    let text = write(&rows);
    assert_eq!(text.lines().next(), Some(COLUMNS.join(",").as_str()));
    assert!(!["hunter2", "s3cret", "abc"].iter().any(|secret| text.contains(secret)), "{text}");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    for cell in reader.records().flatten().flat_map(|record| record.iter().map(str::to_owned).collect::<Vec<_>>()) {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
    }
    assert_eq!(numbers(&import(&text, &rows)), (0, 0, rows.len()), "{text}");
    // In another database the hidden password is missing, and the file says so.
    let report = import(&text, &[]).report;
    let told: Vec<_> = report.faults.iter().map(|fault| (fault.line, fault.field.as_deref())).collect();
    assert_eq!(told, [(9, Some("url")), (10, Some("url")), (11, Some("url")), (12, Some("host"))]);
    assert_eq!(write(&[]).lines().count(), 1);
}

#[test]
fn what_the_written_rows_call_is_told_by_line() {
    let rows = [row(1, "a"), row(2, "b")];
    let text = "name,host,record,password\na,10.0.0.9,yes,\nb,169.254.1.1,no,x\nc,10.0.0.7,no,\n";
    let planned = import(text, &rows);
    assert_eq!(numbers(&planned), (1, 2, 0));
    let called: Vec<_> = planned.called.iter().map(|called| (called.line, called.source.host.as_str())).collect();
    assert_eq!(called, [(3, "169.254.1.1"), (4, "10.0.0.7")], "a is where it was");
    let planned = import("name,host\nc,10.0.0.7\n ,10.0.0.8\n", &rows);
    assert!(planned.report.is_refused());
    let called: Vec<_> = planned.called.iter().map(|called| (called.line, called.source.host.as_str())).collect();
    assert_eq!(called, [(2, "10.0.0.7")], "what else is wrong is said in the same answer");
}
