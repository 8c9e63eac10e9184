//! `check` asks every receiver whether it can be reached, and sends nothing.

use serde_json::Value;

use crate::support::port::free_port;
use crate::support::room::Room;
use crate::support::smtp_inbox::SmtpInbox;
use crate::support::webhooks::Webhooks;

#[tokio::test(flavor = "multi_thread")]
async fn check_says_which_receivers_can_be_reached_and_sends_nothing() {
    let (mailbox, hook, bot) = (SmtpInbox::start().await, Webhooks::start(405).await, Webhooks::start(401).await);
    let (mail, trusted, closed) = (mailbox.address().to_owned(), mailbox.certificate(), free_port());
    let section = |name: &str, kind: &str, rest: &str| {
        format!("[[notify.receivers]]\nname = \"{name}\"\nkind = \"{kind}\"\n{rest}\n")
    };
    let mail_to = "from = \"video@example.org\"\nto = [\"ops@example.org\"]\nusername = \"u\"\npassword = \"canary\"";
    let toml = [
        section("mail", "email", &format!("url = \"smtp://{mail}\"\nca_file = {trusted:?}\n{mail_to}")),
        section("plain", "email", &format!("url = \"smtp://{mail}\"\n{mail_to}")),
        section("hook", "webhook", &format!("url = \"{}\"", hook.url("/canary"))),
        section("gone", "webhook", &format!("url = \"http://127.0.0.1:{closed}/canary\"")),
        section("bot", "telegram", &format!("url = \"{}\"\ntoken = \"1:canary\"\nto = [\"-7\"]", bot.url(""))),
    ];
    let room = Room::new();
    room.write("etc/streamwarden.toml", &toml.concat());
    let (ended, room) =
        tokio::task::spawn_blocking(move || (room.run(&["check", "--json"], &[]), room)).await.expect("done");
    assert!(!ended.out.contains("canary") && !ended.err.contains("canary"), "{} {}", ended.out, ended.err);
    let report: Value =
        serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("JSON: {} {}", ended.out, ended.err));
    let findings = report["findings"].as_array().expect("a list");
    for (name, outcome, part) in [
        ("mail", "ok", "it answers"),
        ("plain", "fault", "authentication"),
        ("hook", "ok", "notify test hook"),
        ("gone", "note", "nobody answers"),
        ("bot", "fault", "401"),
    ] {
        let what = format!("receiver {name}");
        let finding = findings.iter().find(|one| one["what"] == *what).unwrap_or_else(|| panic!("{what}: {report}"));
        assert_eq!(finding["verdict"], outcome, "{finding}");
        assert!(finding["found"].as_str().expect("text").contains(part), "{finding}");
    }
    assert!(mailbox.mails().is_empty(), "a mail was sent");
    let paths: Vec<String> = hook.posted().into_iter().map(|one| one.path).collect();
    assert_eq!(paths, ["/"], "what the address is for was asked");
    drop(room);
}
