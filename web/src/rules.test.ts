import { describe, expect, it } from "vitest";
import { checkHost, checkLabel, checkName, checkPort, checkUrl, complaints, type Complaint, type Form } from "./rules";

/** `ok`, `later` (more typing may mend it) or `wrong`. */
function kind(complaint: Complaint | null): string {
  return complaint === null ? "ok" : complaint.unfinished ? "later" : "wrong";
}

// The same texts as the tests of the server's own rules.
describe("a name", () => {
  it.each(["cam1", "site/cam-1", "a.b_c-d", ".x", "-x", "A"])("%j is one", (name) => expect(checkName(name)).toBe(null));
  it.each([["", "later"], ["a/", "later"], ["a/..", "later"], ["/a", "wrong"], ["a//b", "wrong"], ["../x", "wrong"], ["a/./b", "wrong"], ["a b", "wrong"], ["a;rm", "wrong"], ["~all", "wrong"], ["tür", "wrong"], ["x".repeat(201), "wrong"]])("%j: %s", (name, wanted) =>
    expect(kind(checkName(name))).toBe(wanted),
  );
  it("says which character", () => {
    expect(checkName("a b")?.words).toContain("a blank");
    expect(checkName("a;b")?.words).toContain("“;”");
  });
});

it.each([["", "ok"], ["Eingang Süd (Tor 2)", "ok"], ["ü".repeat(200), "ok"], ["ü".repeat(201), "wrong"], ["a\tb", "wrong"], ["a\u0085b", "wrong"]])("display name %j: %s", (label, wanted) => expect(kind(checkLabel(label))).toBe(wanted));

describe("a host", () => {
  it.each(["10.0.0.9", "cam.local", "camera_1", "fe80::1", "[fe80::1]", "fe80::1%eth0", "::1"])("%j is one", (host) => expect(checkHost(host)).toBe(null));
  it.each([["", "later"], ["a b", "wrong"], ["-h", "wrong"], ["a;b", "wrong"], ["10.0.0.9:554", "wrong"], ["h:x:y", "later"], ["rtsp://h", "wrong"], ["h/x", "wrong"], ["x".repeat(254), "wrong"]])("%j: %s", (host, wanted) =>
    expect(kind(checkHost(host))).toBe(wanted),
  );
  it("a port has its own field", () => expect(checkHost("10.0.0.9:554")?.words).toContain("own field"));
});

it.each([["", "ok"], ["1", "ok"], ["554", "ok"], ["65535", "ok"], ["0", "wrong"], ["65536", "wrong"], ["x", "wrong"], ["-1", "wrong"], ["5 4", "wrong"], ["1e3", "wrong"]])("port %j: %s", (port, wanted) => expect(kind(checkPort(port))).toBe(wanted));

describe("an address", () => {
  it.each([
    "rtsp://10.0.0.9/h264",
    "RTSP://u:p%40ss@Cam.local:8554",
    "rtsp://u:p@ss@h/x",
    "rtsps://[fe80::1]:322/x?a=b",
    "udp://@239.1.1.1:5000",
    "srt://h:9000?streamid=read:x",
    "rtsp://h/$(reboot);ls|cat&x",
  ])("%j is one", (url) => expect(checkUrl(url)).toBe(null));

  it.each([
    ["", "later"],
    ["rt", "later"],
    ["rtsp:/", "later"],
    ["rtsp://", "later"],
    ["rtsp://u:s3cret", "later"],
    ["rtsp://[::1", "later"],
    ["srt://h", "later"],
    ["-i", "wrong"],
    ["/etc/passwd", "wrong"],
    ["concat:/etc/passwd|x", "wrong"],
    ["file:///etc/passwd", "wrong"],
    ["-rtsp://h/x", "wrong"],
    ["rtsp:///x", "later"],
    ["rtsp://h:0/x", "wrong"],
    ["rtsp://h:70000/x", "wrong"],
    ["rtsp://u:s3c/ret@h/x", "wrong"],
    ["rtsp://h/x\nfile", "wrong"],
    ["rtsp://h/x'", "wrong"],
    ["rtsp://h/a b", "wrong"],
    ["rtsp://a;b/x", "wrong"],
    ["rtsp://-h/x", "wrong"],
    ["rtsp://***@h/x", "wrong"],
    ["rtsp://h/x?token=***", "wrong"],
    ["rtsp://h/***", "wrong"],
    [`rtsp://h/${"x".repeat(1_500)}`, "wrong"],
  ])("%j: %s", (url, wanted) => expect(kind(checkUrl(url))).toBe(wanted));

  it("never repeats what may be a password, and tells how to write it", () => {
    const words = checkUrl("rtsp://u:s3c/ret@h/x")?.words ?? "";
    expect(words).toContain("%2F");
    expect(words).not.toContain("s3c");
    expect(checkUrl("rtsp://h/a b")?.words).toContain("%20");
  });
});

describe("a form", () => {
  const generic = "rtsp://{username}:{password}@{host}:{port=554}/";
  const form: Form = { values: { name: "gate", host: "10.0.0.9" }, byUrl: false, template: generic, keepsPassword: false, loadedUrl: null };
  const fields = (given: Partial<Form>) => [...complaints({ ...form, ...given }).keys()];

  it.each<[string, Partial<Form>, string[]]>([
    ["all is well", {}, []],
    ["nothing is there", { values: {} }, ["name", "host"]],
    ["only the chosen source counts", { byUrl: true, values: { name: "gate", host: "a b", url: "rtsp://h/x" } }, []],
    ["a missing address", { byUrl: true }, ["url"]],
    ["a login beside an address", { byUrl: true, values: { name: "gate", url: "rtsp://h/x", username: "u", password: "p@/" } }, []],
    ["a password without its user", { byUrl: true, values: { name: "gate", url: "rtsp://h/x", password: "p" } }, ["username"]],
    ["the address as it was loaded", { byUrl: true, values: { name: "gate", url: "rtsp://***@h/x" }, loadedUrl: "rtsp://***@h/x" }, []],
    ["a place without a default", { template: "rtsp://{host}/{channel}" }, ["channel"]],
    ["a place with a default", { template: "rtsp://{host}/{channel=1}" }, []],
    ["a login outside of its place", { template: "http://{host}/?u={username}&p={password}" }, ["username", "password"]],
    ["a password that is kept", { template: "http://{host}/?p={password}", keepsPassword: true }, []],
    ["a control character", { values: { name: "gate", host: "h", username: "a\tb" } }, ["username"]],
    ["a long text", { values: { name: "gate", host: "h", channel: "x".repeat(257) } }, ["channel"]],
  ])("%s", (_, given, wanted) => expect(fields(given)).toEqual(wanted));
});
