//! Where a PostgreSQL database is: every spelling, and what is refused.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use super::postgres::{complete, line, parse, shown};

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn every_spelling_of_psql_is_read_as_psql_reads_it() {
    for (text, wanted) in [
        ("postgresql://u:p@h/d", "dbname='d' host='h' password='p' user='u'"),
        ("postgres://u@h:6000", "host='h' port='6000' user='u'"),
        ("postgresql://u@[::1]:6000/d", "dbname='d' host='::1' port='6000' user='u'"),
        ("postgresql://u@a:1,b:2/d", "dbname='d' host='a,b' port='1,2' user='u'"),
        ("postgresql://u@a,b:2/d", "dbname='d' host='a,b' port='5432,2' user='u'"),
        ("postgresql:///d?user=u&host=/run/pg&port=6", "dbname='d' host='/run/pg' port='6' user='u'"),
        ("postgresql://u@%2Frun%2Fpg:6/d", "dbname='d' host='/run/pg' port='6' user='u'"),
        ("postgresql://u@/d?host=%2Fa%20b", "dbname='d' host='/a b' user='u'"),
        // Raw characters in a password.
        (
            "postgresql://q:Why?Not7@h/d?sslmode=require",
            "dbname='d' host='h' password='Why?Not7' sslmode='require' user='q'",
        ),
        ("postgresql://q:a#b:c&d=e@h/d", "dbname='d' host='h' password='a#b:c&d=e' user='q'"),
        ("postgresql://q:%3F%40%2F%25@h/d", "dbname='d' host='h' password='?@/%' user='q'"),
        ("postgresql://h/d?user=u&password=a%40b", "dbname='d' host='h' password='a@b' user='u'"),
        ("postgresql://u@h/d?ssl=true&gssencmode=prefer", "dbname='d' host='h' sslmode='require' user='u'"),
        ("host=h user = u  password='it\\'s \\\\ x' dbname=d", "dbname='d' host='h' password='it\\'s \\\\ x' user='u'"),
        ("host=/tmp user=u dbname=''", "host='/tmp' user='u'"),
        ("postgresql://u@h/d?keepalives_count=2", "dbname='d' host='h' keepalives_retries='2' user='u'"),
    ] {
        let read = parse(text).map(|read| line(&read));
        assert_eq!(read.as_deref(), Ok(wanted), "{text}");
        assert_eq!(parse(wanted).map(|read| line(&read)).as_deref(), Ok(wanted), "what is written can be read");
    }
}

#[test]
fn what_could_be_meant_in_two_ways_is_refused_without_repeating_it() {
    for (text, words) in [
        ("postgresql://u:hunter@2@h/d", "an @ in its user name"),
        ("postgresql://u:hunter/2@h/d", "is no port"),
        ("postgresql://u:hunter%2x@h/d", "has a %"),
        ("postgresql://u:p@h/d?hunter2", "behind its ?"),
        ("postgresql://u:p@h/d?hunter2=x", "a parameter is not known"),
        ("postgresql://u:p@h/d?sslcert=/x", "the parameter sslcert"),
        ("postgresql://u:p@h/d?requirepeer=x", "the parameter requirepeer"),
        ("postgresql://u:p@h/d?sslmode=hunter2", "unknown sslmode"),
        ("postgresql://u:p@h/d?channel_binding=require", "channel_binding"),
        ("postgresql://u:p@h/d?gssencmode=require", "the parameter gssencmode"),
        ("postgresql://u:p@[::1/d", "without a ]"),
        ("postgresql+asyncpg://u:p@h/d", "not the URL"),
        ("host=h password='hunter2", "not closed"),
        ("host=h hunter2", "not a line"),
        ("hunter2", "not the URL"),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.fault.contains(words), "{text}: {error:?}");
        assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
    }
}

#[test]
fn what_is_missing_comes_from_the_variables_of_psql() {
    let all = [
        ("PGHOST", "db"),
        ("PGPORT", "6000"),
        ("PGUSER", "cam"),
        ("PGPASSWORD", "secret"),
        ("PGDATABASE", "video"),
        ("PGSSLMODE", "verify-full"),
        ("PGSSLROOTCERT", "/ca.crt"),
    ];
    let tls = "sslmode='verify-full' sslrootcert='/ca.crt'";
    for (text, given, wanted) in [
        ("postgresql://", &all[..], format!("dbname='video' host='db' password='secret' port='6000' {tls} user='cam'")),
        (
            "postgresql://u:p@h:1/d?sslmode=disable",
            &all[..6],
            "dbname='d' host='h' password='p' port='1' sslmode='disable' user='u'".to_owned(),
        ),
        (
            "postgresql:///d",
            &[("PGHOST", "/nowhere"), ("USER", "me")],
            "dbname='d' host='/nowhere' user='me'".to_owned(),
        ),
        ("postgresql://u@h/d", &[("PGHOSTADDR", "10.0.0.1")], "dbname='d' host='h' user='u'".to_owned()),
        ("dbname=d", &[("PGHOST", "h"), ("PGUSER", "u"), ("PGPORT", "")], "dbname='d' host='h' user='u'".to_owned()),
    ] {
        assert_eq!(complete(text, &env(given)).as_deref(), Ok(wanted.as_str()), "{text}");
    }
    // A name on the network says nothing about who we are there.
    for text in ["postgresql://x", "postgresql://:p@h/d", "host=h"] {
        let error = complete(text, &env(&[("USER", "me")])).expect_err(text);
        assert_eq!(error.fault, "names no user", "{text}");
    }
    let error = complete("postgresql://u@h", &env(&[("PGSSLMODE", "yes")])).expect_err("checked too");
    assert!(error.fault.contains("sslmode"), "{error:?}");
}

#[test]
fn what_is_shown_can_be_written_again_but_for_the_password() {
    for (text, wanted) in [
        ("postgresql://u:Why?Not7@h/d?sslmode=require", "postgresql://u:***@h/d?sslmode=require"),
        ("host=/run/pg port=6 user=u", "postgresql://u@%2Frun%2Fpg:6"),
        ("postgresql://u@a:1,b:2/d", "postgresql://u@a:1,b:2/d"),
        ("postgresql://u@[::1]/d", "postgresql://u@%3A%3A1/d"),
        ("hunter2", "***"),
    ] {
        assert_eq!(shown(text), wanted);
    }
}

#[test]
fn a_password_file_is_read_as_psql_reads_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(".pgpass");
    std::fs::write(&file, "# ours\nother:*:*:*:no\nh:5432:d:u:pass\\:word:too\n*:6000:*:*:any\n").expect("written");
    let given = env(&[("HOME", &folder.path().to_string_lossy())]);
    let password = |text: &str| {
        let read = complete(text, &given).and_then(|line| parse(&line));
        read.expect("read").remove("password")
    };
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).expect("set");
    assert_eq!(password("postgresql://u@h/d"), None, "others may read it");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).expect("set");
    assert_eq!(password("postgresql://u@h/d").as_deref(), Some("pass:word:too"));
    assert_eq!(password("postgresql://x@y:6000/z").as_deref(), Some("any"));
    assert_eq!(password("postgresql://u:mine@h/d").as_deref(), Some("mine"));
    assert_eq!(password("postgresql://u@h/e"), None);
}
