import { describe, expect, it } from "vitest";
import type { StreamSession } from "../../types";
import { losses, protocolWords, whoWords } from "./session_words";

const session = { id: "x", protocol: "srt", state: "read", canBeKicked: true } as StreamSession;

describe("what is said of a session", () => {
  it("names who it is by what is known", () => {
    expect(whoWords(session)).toBe("not known");
    expect(whoWords({ ...session, label: "OBS", user: "eve", address: "10.0.0.7:5" })).toBe("OBS, eve, 10.0.0.7:5");
    expect([protocolWords("webrtc"), protocolWords("newer")]).toEqual(["WebRTC", "newer"]);
  });

  it("tells each loss apart, and nothing of what is not known", () => {
    expect(losses(session)).toBe("");
    expect(losses({ ...session, packetsLost: 0, packetsRetransmitted: 3, packetsDiscarded: 1, rtt: 4.26 })).toBe("0 lost, 3 sent again, 1 discarded, 4.3 ms round trip");
    expect(losses({ ...session, packetsLost: null, jitter: 576.2 })).toBe("jitter 576 RTP ticks");
  });
});
