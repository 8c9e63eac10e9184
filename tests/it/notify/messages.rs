//! What goes wrong is told once, all of it together, and its end too.

use std::collections::BTreeSet;

use nix::sys::signal::Signal;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use streamwarden::demo::media_server::Options;
use url::Url;

use crate::support::media::{self, Publisher};
use crate::support::port::free_port;
use crate::support::program::{Config, Program};
use crate::support::smtp_inbox::SmtpInbox;
use crate::support::wait::{eventually, stays};
use crate::support::webhooks::Webhooks;

const CAMERAS: [&str; 3] = ["gate", "hall", "yard"];

/// Names of the subjects in messages with this event.
fn subjects(messages: &[Value], event: &str) -> Vec<String> {
    let items = messages.iter().flat_map(|one| one["incidents"].as_array().expect("a list"));
    let of_event = items.filter(|item| item["event"] == event);
    let mut names: Vec<String> =
        of_event.map(|item| item["subject"]["name"].as_str().expect("a name").to_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn cameras_that_fail_together_are_one_mail_and_one_call_and_so_is_their_end() {
    let server = media::server(&Options::default()).await;
    let source = Options {
        rtsp_listen: ([127, 0, 0, 1], free_port()).into(),
        api_listen: ([127, 0, 0, 1], free_port()).into(),
        ..Options::default()
    };
    let (hook, mailbox) = (Webhooks::start(204).await, SmtpInbox::start().await);
    let plain = Config { more: "[upload]\nworkers = 1".to_owned(), ..Config::on(&server) };
    let program = Program::start(&plain).await;
    let url = Url::parse(&format!("rtsp://127.0.0.1:{}/source", source.rtsp_listen.port())).expect("a URL");
    CAMERAS.iter().for_each(|name| program.insert_camera(name, &url));
    eventually("all cameras are incidents", || async {
        let open = program.api.items("/api/v1/incidents?open=true&kind=cameraDown").await;
        (open.len() == CAMERAS.len()).then_some(())
    })
    .await;

    // They last before anybody is to be told: one message, whatever the machine does meanwhile.
    let quick = "group_wait = \"0s\"\ngroup_interval = \"0s\"\nresolve_after = \"1s\"\nkinds = [\"cameraDown\"]";
    let hook_section = format!(
        "[[notify.receivers]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"{}\"\nsigning_secret = \"0123456789abcdef\"\n{quick}\n",
        hook.url("/hook?key=hunter3")
    );
    let mail_section = format!(
        "[[notify.receivers]]\nname = \"mail\"\nkind = \"email\"\nurl = \"smtp://{}\"\nca_file = {:?}\nusername = \"warden\"\n\
         password = \"hunter2\"\nfrom = \"Streamwarden <video@site.example>\"\nto = [\"ops@site.example\", \"eve@site.example\"]\n{quick}\n",
        mailbox.address(),
        mailbox.certificate(),
    );
    let more = format!("{}\n[notify]\npage_url = \"https://video.example\"\n{hook_section}{mail_section}", plain.more);
    program.configure(&Config { more, ..plain.clone() });
    program.signal(Signal::SIGHUP);
    eventually("a call and a mail", || async {
        (!hook.taken().is_empty() && !mailbox.mails().is_empty()).then_some(())
    })
    .await;
    let first = hook.taken().remove(0);
    assert_eq!(subjects(std::slice::from_ref(&first), "opened"), CAMERAS, "{first}");
    assert_eq!(
        (&first["receiver"], &first["severity"], &first["page"]),
        (&"hook".into(), &"critical".into(), &"https://video.example".into())
    );
    let posted = hook.posted().remove(0);
    assert_eq!(posted.headers["idempotency-key"], first["id"].as_str().expect("an id"));
    assert!(posted.headers["x-streamwarden-signature"].starts_with("sha256="));
    assert_eq!(posted.path, "/hook?key=hunter3");
    let mail = mailbox.mails().remove(0);
    assert_eq!(mail.from, "video@site.example");
    assert_eq!(mail.to, ["ops@site.example", "eve@site.example"]);
    assert!(mail.tls && mail.login.as_deref() == Some("warden:hunter2"), "{mail:?}");
    let title = mail.header("Subject").expect("a subject");
    assert!(title.starts_with("3 troubles: ") && title.ends_with(" is down and 2 more"), "{title}");
    assert!(mail.header("Message-ID").is_some_and(|id| id.ends_with("@site.example>")), "{}", mail.text);
    let text = mail.readable();
    assert!(CAMERAS.iter().all(|name| text.contains(&format!("{name} is down, since 20"))), "{text}");

    let upstream = media::server(&source).await;
    let _publisher = Publisher::film(&{
        let mut url = upstream.rtsp_url().clone();
        url.set_path("source");
        url
    });
    eventually("the ends are told", || async {
        (subjects(&hook.taken(), "resolved").len() == CAMERAS.len()).then_some(())
    })
    .await;
    eventually("the ends are mailed", || async {
        let text: String = mailbox.mails().iter().skip(1).map(|mail| mail.readable()).collect();
        CAMERAS.iter().all(|name| text.contains(&format!("{name} is down, over: "))).then_some(())
    })
    .await;
    let all = hook.taken();
    assert_eq!(
        (subjects(&all, "opened"), subjects(&all, "resolved")),
        (CAMERAS.map(str::to_owned).to_vec(), CAMERAS.map(str::to_owned).to_vec())
    );
    let ids: BTreeSet<&str> = all.iter().filter_map(|one| one["id"].as_str()).collect();
    assert_eq!(ids.len(), all.len(), "no message twice");

    // One that only says that messages arrive.
    let before = hook.taken().len();
    let (status, text) = program.api.send(Method::POST, "/api/v1/receivers/hook/test", Vec::new()).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{text}");
    assert_eq!(hook.taken().last().map(|last| last["test"].clone()), Some(true.into()));
    assert_eq!(hook.taken().len(), before + 1);
    let (status, text) = program.api.send(Method::POST, "/api/v1/receivers/nobody/test", Vec::new()).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{text}");
    assert!(text["detail"].as_str().is_some_and(|detail| detail.contains("hook, mail")), "{text}");
    let listed = program.api.items("/api/v1/receivers").await;
    let names: Vec<&Value> = listed.iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["hook", "mail"]);
    assert!(
        listed.iter().all(|one| one["waiting"] == 0 && one["fault"].is_null() && one["deliveredAt"].is_string()),
        "{listed:?}"
    );

    // Taken out of the configuration: it hears nothing more, and the other one goes on.
    program.configure(&Config { more: format!("{}\n{mail_section}", plain.more), ..plain });
    program.signal(Signal::SIGHUP);
    eventually("one receiver", || async { (program.api.items("/api/v1/receivers").await.len() == 1).then_some(()) })
        .await;
    let (calls, mails) = (hook.posted().len(), mailbox.mails().len());
    drop(upstream);
    eventually("the mail about the failure", || async { (mailbox.mails().len() > mails).then_some(()) }).await;
    stays("the hook is left alone", std::time::Duration::from_millis(500), async || hook.posted().len() == calls).await;
    let log = program.log();
    assert!(!log.contains("hunter"), "{log}");
    program.stop().await;
}
