//! Network probes against real servers of each kind, and against what only looks like one.

use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use streamwarden::demo::media_server::Options;
use url::Url;

use crate::support::encrypted::encrypted;
use crate::support::media;
use crate::support::port::free_port;
use crate::support::program::{Config, Program};
use crate::support::room::Room;
use crate::support::wait::{eventually, true_within};

async fn probed(program: &Program, endpoint: &str) -> Option<Value> {
    program.api.items("/api/v1/probes/network").await.into_iter().find(|one| one["endpoint"] == endpoint)
}

async fn in_state(program: &Program, endpoint: &str, state: &str) -> Value {
    let reached = || async { probed(program, endpoint).await.filter(|one| one["state"] == state) };
    eventually(&format!("{endpoint} is {state}"), reached).await
}

/// The value of a sample of this endpoint.
async fn sample(program: &Program, name: &str, endpoint: &str) -> Option<f64> {
    let (_, metrics) = program.api.text("/metrics").await.expect("an answer");
    let begin = format!("streamwarden_network_{name}{{endpoint=\"{endpoint}\"");
    let line = metrics.lines().find(|line| line.starts_with(&begin))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// An open incident of this kind, about this endpoint.
async fn incident(program: &Program, kind: &str, endpoint: &str) -> Option<Value> {
    let open = program.api.items(&format!("/api/v1/incidents?kind={kind}&open=true")).await;
    open.into_iter().find(|one| one["subject"]["name"] == endpoint)
}

/// A certificate for 127.0.0.1 that is valid for so many days.
pub fn certificate(room: &Room, days: u32) {
    let arguments = format!(
        "req -new -x509 -newkey rsa:2048 -nodes -keyout server.key -out server.crt -days {days} -subj /CN=x -addext subjectAltName=IP:127.0.0.1"
    );
    let done = Command::new("openssl").args(arguments.split(' ')).current_dir(room.path()).output().expect("openssl");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// An ffmpeg that waits for a publisher, who never comes.
fn waiting(arguments: &str) -> media::Publisher {
    let arguments: Vec<&str> = arguments.split(' ').collect();
    media::Publisher::run(&arguments, &Url::parse("rtsp://127.0.0.1:1/nowhere").expect("a URL"))
}

/// Somebody listens at this TCP port. Asked of the kernel, as a connection would be the only one that ffmpeg takes.
fn is_listened_at(port: u16) -> bool {
    let table = std::fs::read_to_string("/proc/net/tcp").expect("a table");
    table.lines().any(|line| line.contains(&format!(":{port:04X} 00000000:0000 0A")))
}

#[tokio::test]
async fn services_are_up_down_and_degraded_each_for_itself() {
    let media = media::server(&Options::default()).await;
    let room = Room::new();
    certificate(&room, 5);
    let folder = room.path().to_owned();
    let (secure, _serves) = encrypted(&folder, &media.api_url()).await;
    // Accepts and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent_port = silent.local_addr().expect("bound").port();
    let (closed, rtmp, srt) = (free_port(), free_port(), free_port());
    let _rtmp = waiting(&format!("-listen 1 -f flv -i rtmp://127.0.0.1:{rtmp}/live/x"));
    let _srt = waiting(&format!("-i srt://127.0.0.1:{srt}?mode=listener"));
    true_within("ffmpeg listens", Duration::from_secs(60), async || is_listened_at(rtmp)).await;
    let rtsp = media.rtsp_url().port().expect("a port");
    let endpoint = |name: &str, url: &str, rest: &str| {
        let interval = if rest.contains("interval") { "" } else { "interval = \"1s\"" };
        format!(
            "[[health.endpoints]]\nname = \"{name}\"\nurl = \"{url}\"\ndown_after = 2\nup_after = 1\n{interval}\n{rest}\n"
        )
    };
    let trusted = format!("ca_file = {:?}", folder.join("server.crt"));
    let endpoints = [
        endpoint("here", &format!("icmp://127.0.0.1:{rtsp}"), ""),
        endpoint("rtsp", &format!("rtsp://localhost:{rtsp}/canary-key"), ""),
        endpoint("rtmp", &format!("rtmp://127.0.0.1:{rtmp}/live/canary-key"), "interval = \"1d\""),
        endpoint("srt", &format!("srt://127.0.0.1:{srt}?streamid=canary-key"), ""),
        endpoint("certificate", &format!("tls://{secure}"), &trusted),
        endpoint("status", &format!("https://{secure}/canary-path?token=canary-token"), &trusted),
        endpoint("unknown-authority", &format!("tls://{secure}"), ""),
        endpoint("closed", &format!("tcp://127.0.0.1:{closed}"), ""),
        endpoint("silent", &format!("http://127.0.0.1:{silent_port}/canary-path"), "limit = \"300ms\""),
        endpoint("metadata", "http://169.254.169.254/latest", ""),
        endpoint("no-name", "tcp://no-such-host.invalid:1", ""),
    ];
    let program = Program::start_in(room, &Config { more: endpoints.concat(), ..Config::on(&media) }).await;

    for (name, by) in [("here", ""), ("rtsp", "tcp"), ("rtmp", "tcp"), ("srt", "srtInduction")] {
        let up = in_state(&program, name, "up").await;
        assert!(up["roundTripSeconds"].as_f64().is_some_and(|took| took < 60.0), "{up}");
        assert!(by.is_empty() || up["measuredBy"] == by, "{up}");
        assert_eq!(sample(&program, "success", name).await, Some(1.0));
        assert_eq!(sample(&program, "loss_ratio", name).await, Some(0.0), "{up}");
    }
    let named = probed(&program, "rtsp").await.expect("it is an endpoint");
    assert!(named["phases"]["resolveSeconds"].is_number() && named["phases"]["answerSeconds"].is_number(), "{named}");

    let status = in_state(&program, "status", "down").await;
    assert_eq!((status["httpStatus"].as_u64(), status["fault"]["kind"].as_str()), (Some(404), Some("notFound")));
    // It answers, with a certificate that we trust and that ends.
    let ends = in_state(&program, "certificate", "degraded").await;
    assert!(ends["trouble"].as_str().is_some_and(|why| why.contains("certificate is valid for 4 more days")), "{ends}");
    assert!(ends["certificate"]["notAfter"].is_string() && ends["phases"]["tlsSeconds"].is_number(), "{ends}");
    let told = || async { incident(&program, "endpointDegraded", "certificate").await };
    eventually("an incident of the certificate", told).await;
    let left = sample(&program, "certificate_expiry_timestamp_seconds", "certificate").await.expect("a sample");
    let days = (left - chrono::Utc::now().timestamp() as f64) / 86_400.0;
    assert!((3.0..=5.0).contains(&days), "{days}");

    for (name, kind) in [
        ("unknown-authority", "tls"),
        ("closed", "refused"),
        ("silent", "timedOut"),
        ("metadata", "noRoute"),
        ("no-name", "nameNotResolved"),
    ] {
        let down = in_state(&program, name, "down").await;
        assert_eq!(down["fault"]["kind"], kind, "{down}");
        let told = || async { incident(&program, "endpointDown", name).await };
        let told = eventually(&format!("an incident of {name}"), told).await;
        assert!(!told.to_string().contains("canary"), "{told}");
        assert_eq!(sample(&program, "down", name).await, Some(1.0));
    }
    let refused = probed(&program, "metadata").await.expect("it is an endpoint");
    assert!(refused["address"].is_null() && refused["roundTrips"] == 0, "it was not called: {refused}");
    assert_eq!(sample(&program, "latency_seconds", "metadata").await, None, "what was not measured has no sample");

    // It comes back, and its incident ends.
    let _again = TcpListener::bind(("127.0.0.1", closed)).expect("the port is still free");
    in_state(&program, "closed", "up").await;
    let over = || async { incident(&program, "endpointDown", "closed").await.is_none().then_some(()) };
    eventually("the end of its incident", over).await;
    let closed = probed(&program, "closed").await.expect("it is an endpoint");
    assert!(closed["lastOutage"]["to"].is_string() && closed["outages"] == 1, "{closed}");
    assert!(!program.log().contains("canary"));
    program.stop().await;
    media.stop().await;
}

#[test]
fn check_says_how_echo_requests_go_and_which_endpoint_does_not_answer() {
    let room = Room::new();
    let closed = free_port();
    room.write(
        "etc/streamwarden.toml",
        &format!(
            "[[health.endpoints]]\nname = \"here\"\nurl = \"icmp://127.0.0.1\"\n\
             [[health.endpoints]]\nname = \"closed\"\nurl = \"https://127.0.0.1:{closed}/canary?canary\"\n\
             [[health.endpoints]]\nname = \"metadata\"\nurl = \"http://169.254.169.254/latest\"\n"
        ),
    );
    let ended = room.run(&["check", "--json"], &[]);
    assert!(!ended.out.contains("canary") && !ended.err.contains("canary"), "{} {}", ended.out, ended.err);
    let report: Value = serde_json::from_str(&ended.out).expect("JSON");
    let findings = report["findings"].as_array().expect("a list");
    for (what, part) in [
        ("icmp", "IPv4: "),
        ("health endpoint closed", "connection refused by https://127.0.0.1"),
        ("health endpoint metadata", "link-local"),
    ] {
        let finding = findings.iter().find(|one| one["what"] == what).unwrap_or_else(|| panic!("{what}: {report}"));
        assert!(finding["found"].as_str().expect("text").contains(part), "{finding}");
    }
    assert!(!findings.iter().any(|one| one["what"] == "health endpoint here"), "it answers");
}

#[tokio::test]
async fn a_thousand_endpoints_that_hang_hold_up_neither_the_others_nor_the_program() {
    let media = media::server(&Options::default()).await;
    // Accepts what fits into its queue, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("bound").port();
    let endpoint = |name: &str, url: &str| {
        format!("[[health.endpoints]]\nname = \"{name}\"\nurl = \"{url}\"\ninterval = \"1s\"\nlimit = \"1m\"\n")
    };
    let hanging =
        (0..1_000).map(|number| endpoint(&format!("t{number:04}"), &format!("rtmp://127.0.0.1:{port}/{number}")));
    let rtsp = media.rtsp_url().port().expect("a port");
    let more = endpoint("a-well", &format!("rtsp://127.0.0.1:{rtsp}")) + &hanging.collect::<String>();
    let program = Program::start(&Config { more, ..Config::on(&media) }).await;
    let begun = || async {
        let all = program.api.items("/api/v1/probes/network").await;
        let probing = all.iter().filter(|one| one["nextAt"].is_null()).count();
        (all.len() == 1_001 && probing >= 32).then_some(())
    };
    eventually("as many are being probed as may be", begun).await;
    // Again and again, while all of them hang.
    let goes_on = || async { probed(&program, "a-well").await.filter(|one| one["probes"].as_u64() >= Some(3)) };
    eventually("three probes of what is well", goes_on).await;
    let (status, text) = program.api.text("/metrics").await.expect("an answer");
    assert!(status.is_success() && text.contains("streamwarden_network_waiting "), "{text}");
    assert!(!text.contains("streamwarden_network_success{endpoint=\"t0"), "what was not probed has no figures");
    assert!(program.api.text("/ready").await.is_some());
    program.stop().await;
    media.stop().await;
}
