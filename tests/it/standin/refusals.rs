//! What RTSP clients must not do, and what they are told.

use super::client::{Client, SDP};
use super::harness::Harness;

const TCP: &str = "RTP/AVP/TCP;unicast;interleaved=0-1";

#[tokio::test]
async fn a_path_without_a_publisher_is_not_found() {
    let harness = Harness::start().await;
    assert_eq!(Client::connect(&harness).await.describe("nope").await.status, 404);
    assert_eq!(Client::connect(&harness).await.setup("nope/trackID=0", TCP).await.status, 404);
}

#[tokio::test]
async fn bad_path_names_are_refused() {
    let harness = Harness::start().await;
    for name in ["a~b", "", "a/../b", "..", "a%20b"] {
        assert_eq!(Client::connect(&harness).await.announce(name, SDP).await.status, 400, "ANNOUNCE {name:?}");
        assert_eq!(Client::connect(&harness).await.describe(name).await.status, 400, "DESCRIBE {name:?}");
    }
    assert_eq!(Client::connect(&harness).await.announce("a/", SDP).await.status, 400);
    assert_eq!(Client::connect(&harness).await.describe("a/").await.status, 404, "readers may end with a slash");
}

#[tokio::test]
async fn udp_is_refused_and_tcp_may_follow() {
    let harness = Harness::start().await;
    let mut publisher = Client::connect(&harness).await;
    publisher.publish("cam").await;
    let mut reader = Client::connect(&harness).await;
    let udp = "RTP/AVP;unicast;client_port=30000-30001";
    assert_eq!(reader.setup("cam/trackID=0", udp).await.status, 461);
    assert_eq!(reader.setup("cam/trackID=0", TCP).await.status, 200);
    let mut other = Client::connect(&harness).await;
    assert_eq!(other.announce("other", SDP).await.status, 200);
    let udp = "RTP/AVP/UDP;unicast;client_port=30000-30001;mode=record";
    assert_eq!(other.setup("other/streamid=0", udp).await.status, 461);
    assert_eq!(other.setup("other/streamid=0", &format!("{TCP};mode=record")).await.status, 200);
}

#[tokio::test]
async fn descriptions_that_cannot_be_played_are_refused() {
    let harness = Harness::start().await;
    let start = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n";
    let aac = "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/48000/1\r\na=control:streamid=0\r\n";
    for sdp in ["xyz", start, &format!("{start}{aac}"), &format!("{start}m=video 0 RTP/AVP 96\r\na=control:x\r\n")] {
        assert_eq!(Client::connect(&harness).await.announce("cam", sdp).await.status, 400, "{sdp}");
    }
    let reply = Client::connect(&harness).await.ask("ANNOUNCE", "cam", "Content-Type: text/plain\r\n", SDP).await;
    assert_eq!(reply.status, 400);
}

#[tokio::test]
async fn requests_out_of_turn_are_refused() {
    let harness = Harness::start().await;
    let mut publisher = Client::connect(&harness).await;
    publisher.publish("cam").await;
    for method in ["PLAY", "RECORD", "GET_PARAMETER", "SET_PARAMETER", "TEARDOWN", "PAUSE"] {
        let status = Client::connect(&harness).await.ask(method, "cam", "", "").await.status;
        assert_eq!(status, 501, "{method} without a session");
    }
    let mut reader = Client::connect(&harness).await;
    assert_eq!(reader.setup("cam/trackID=0", TCP).await.status, 200);
    assert_eq!(
        reader.setup("cam/trackID=0", "RTP/AVP/TCP;unicast;interleaved=2-3").await.status,
        400,
        "the same twice"
    );
    assert!(reader.reply().await.is_none(), "and the connection is closed");
    for (control, transport) in [
        ("cam/trackID=7", TCP),
        ("cam", TCP),
        ("cam/trackID=0", "RTP/AVP/TCP;unicast;interleaved=7-9"),
        ("cam/trackID=0", "nonsense"),
    ] {
        let status = Client::connect(&harness).await.setup(control, transport).await.status;
        assert_eq!(status, 400, "{control} {transport}");
    }
    let mut twice = Client::connect(&harness).await;
    assert_eq!(twice.announce("one", SDP).await.status, 200);
    assert_eq!(twice.announce("two", SDP).await.status, 400);
}

#[tokio::test]
async fn requests_without_a_number_are_refused() {
    let harness = Harness::start().await;
    let mut client = Client::connect(&harness).await;
    client.send(b"OPTIONS * RTSP/1.0\r\n\r\n").await;
    assert_eq!(client.reply().await.expect("an answer").status, 400);
    let mut client = Client::connect(&harness).await;
    client.send(b"OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n").await;
    let reply = client.reply().await.expect("an answer");
    assert!(reply.status == 200 && reply.head.contains("CSeq: 9") && reply.head.contains("ANNOUNCE"), "{reply:?}");
}
