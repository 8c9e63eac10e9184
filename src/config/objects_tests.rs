//! Tests of the section `objects`.

use super::settings::ObjectsSettings;
use super::tests::{assert_rows, loaded};

#[test]
fn a_bucket_is_used_when_its_keys_are_given_and_whole() {
    let keys = [("S3_ACCESS_KEY_ID", "k"), ("S3_SECRET_ACCESS_KEY", "hunter2")];
    for (env, endpoint) in [
        (vec![("S3_REGION", "eu-west-1")], "https://s3.eu-west-1.amazonaws.com/"),
        (vec![("S3_ENDPOINT_URL", "http://127.0.0.1:9000")], "http://127.0.0.1:9000/"),
    ] {
        let settings = loaded("", &[keys.as_slice(), &env].concat());
        let ObjectsSettings::S3(bucket) = &settings.objects else { panic!("a bucket") };
        assert_eq!((bucket.endpoint_url.as_str(), bucket.bucket_name.as_str()), (endpoint, "vod"));
        assert_eq!((bucket.storage_class.as_str(), bucket.path_style), ("STANDARD", true));
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
    assert!(matches!(loaded("", &[("S3_BUCKET_NAME", "x")]).objects, ObjectsSettings::Directory(_)), "no key");
    let s3 = "[objects.s3]\n";
    let both = "access_key_id = \"k\"\nsecret_access_key = \"s\"\n";
    let row = |lines: &str| format!("{s3}{both}{lines}");
    let no_keys = ["objects.s3.access_key_id", "objects.s3.secret_access_key"]
        .map(|key| (key, "objects.s3 means a bucket", "for a folder, leave out"));
    assert_rows(&[
        ("", &keys[..1], &[("objects.s3.secret_access_key", "is missing", "access keys")]),
        (&format!("{s3}bucket_name = \"vod\""), &[], &no_keys),
        (&format!("{s3}region = \"eu-west-1\""), &[], &no_keys),
        (&format!("{s3}storage_class = \"STANDARD\""), &[], &no_keys),
        (&format!("{s3}path_style = false"), &[], &no_keys),
        ("", &[("STREAMWARDEN_OBJECTS__S3__BUCKET_NAME", "vod")], &no_keys),
        (&row("endpoint_url = \"http://h/vod\""), &[], &[("objects.s3.endpoint_url", "bucket_name", "leave only")]),
        (&row("endpoint_url = \"ftp://h\""), &[], &[("objects.s3.endpoint_url", "", "")]),
        (&row("bucket_name = \"a/b\""), &[], &[("objects.s3.bucket_name", "not the name of a bucket", "letters")]),
        (&row("storage_class = \"COLD\""), &[], &[("objects.s3.storage_class", "not a storage class", "STANDARD_IA")]),
        (&row("region = \"a b\""), &[], &[("objects.s3.region", "is no region", "eu-central-1")]),
        (
            &format!("[objects]\ndirectory = \"o\"\n{}", row("")),
            &[],
            &[("objects.directory", "beside objects.s3", "leave one of them out")],
        ),
    ]);
}

#[test]
fn recordings_are_kept_for_ever_or_for_the_times_given() {
    let kept = loaded("", &[]).retention;
    assert_eq!((kept.keep, kept.keep_streams.len(), kept.keep_bytes), (None, 0, None));
    let text = "[objects]\nkeep = \"90d\"\nkeep_streams = [\"lobby=7d\", \" yard/* = 1y\"]\nkeep_bytes = \"2T\"\n";
    let kept = loaded(text, &[]).retention;
    let day = std::time::Duration::from_secs(86_400);
    let streams = vec![("lobby".to_owned(), 7 * day), ("yard/*".to_owned(), 365 * day)];
    assert_eq!((kept.keep, kept.keep_streams, kept.keep_bytes), (Some(90 * day), streams, Some(2 << 40)));
    let row = |line: &str| format!("[objects]\n{line}\n");
    assert_rows(&[
        (&row("keep = \"10m\""), &[], &[("objects.keep", "", "")]),
        (&row("keep_streams = [\"lobby\"]"), &[], &[("objects.keep_streams", "no pattern with a time", "yard/*=30d")]),
        (&row("keep_streams = [\"a b=7d\"]"), &[], &[("objects.keep_streams", "no pattern with a time", "")]),
        (&row("keep_bytes = \"much\""), &[], &[("objects.keep_bytes", "not a size", "")]),
    ]);
}

#[test]
fn uploads_have_a_limit_and_a_window_where_they_are_given() {
    let plain = loaded("", &[]).upload;
    assert_eq!((plain.max_rate, plain.window), (None, None));
    let given = loaded("[upload]\nmax_rate = \"2M\"\nwindow = \"22:00-06:00\"\n", &[]).upload;
    assert_eq!(
        (given.max_rate, given.window.map(|window| window.to_string())),
        (Some(2 << 20), Some("22:00-06:00".to_owned()))
    );
    assert_rows(&[
        ("[upload]\nmax_rate = \"1K\"", &[], &[("upload.max_rate", "less than 16 kB", "bytes a second")]),
        ("[upload]\nwindow = \"22-6\"", &[], &[("upload.window", "no stretch of a day", "22:00-06:00")]),
    ]);
}
