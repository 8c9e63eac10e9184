import { describe, expect, it } from "vitest";
import { changes, differences, holdsLogin, initial, moves, sourceKey, used, type FormState, type Text } from "./camera_edit";
import type { CameraSettings } from "./types";

const template = "rtsp://{username}:{password}@{host}:{port=554}/{channel=1}";
const saved: CameraSettings = { id: 7, name: "gate", label: null, kind: "generic", host: "10.0.0.9", port: 8554, username: "viewer", hasPassword: true, channel: null, substream: null, url: null, transport: null, audio: "aac", enabled: true, record: false, updatedAt: null };
const byUrl: CameraSettings = { ...saved, host: null, port: null, username: null, hasPassword: false, url: "rtsp://***@h/x" };

function typed(settings: CameraSettings | null, more: Partial<Record<Text, string>> = {}, rest: Partial<FormState> = {}): FormState {
  const form = initial(settings, "generic");
  return { ...form, ...rest, texts: { ...form.texts, ...more } };
}

it("the form shows what is, but for the password", () => {
  const { texts, ...rest } = initial(saved, "axis");
  expect([texts.kind, texts.host, texts.port, texts.username, texts.password, texts.audio, texts.transport]).toEqual(["generic", "10.0.0.9", "8554", "viewer", "", "aac", ""]);
  expect(rest).toEqual({ byUrl: false, clearPassword: false, enabled: true, record: false });
  expect(initial(byUrl, "axis").byUrl).toBe(true);
  expect(initial(null, "axis").texts.kind).toBe("axis");
});

describe("what is sent", () => {
  it.each<[string, CameraSettings | null, FormState, unknown]>([
    ["nothing when nothing changed", saved, typed(saved), {}],
    ["nothing of an address that was not touched", byUrl, typed(byUrl), {}],
    ["only the changed field", saved, typed(saved, { host: "10.0.0.7" }), { host: "10.0.0.7" }],
    ["a port as a number", saved, typed(saved, { port: "554" }), { port: 554 }],
    ["a port that is none as it is: the server says why", saved, typed(saved, { port: "x" }), { port: "x" }],
    ["null for what was emptied", saved, typed(saved, { port: "", username: "" }), { port: null, username: null }],
    ["a display name", saved, typed(saved, { label: "Tor Süd" }), { label: "Tor Süd" }],
    ["null for a display name that was emptied", { ...saved, label: "Tor" }, typed({ ...saved, label: "Tor" }, { label: "" }), { label: null }],
    ["a new password", saved, typed(saved, { password: " p " }), { password: " p " }],
    ["null for a cleared password", saved, typed(saved, {}, { clearPassword: true }), { password: null }],
    ["switches", saved, typed(saved, {}, { enabled: false, record: true }), { enabled: false, record: true }],
    ["nothing of fields that the make does not ask for", saved, typed(saved, { substream: "2" }), {}],
    ["an address in place of make and host", saved, typed(saved, { url: "rtsp://h/y", host: "x" }, { byUrl: true }), { url: "rtsp://h/y" }],
    ["no address any more", byUrl, typed(byUrl, { host: "10.0.0.7" }, { byUrl: false }), { host: "10.0.0.7", url: null }],
    ["all that is filled, of a new camera", null, typed(null, { name: "new", host: "h" }), { name: "new", kind: "generic", host: "h", enabled: true, record: true }],
  ])("%s", (_, settings, form, wanted) => expect(changes(settings, form, template)).toEqual(wanted));
});

describe("a kept password goes nowhere else", () => {
  const login: CameraSettings = { ...saved, url: "rtsp://10.0.0.9/a", host: null };
  it.each<[string, CameraSettings | null, FormState, boolean]>([
    ["nothing changed", saved, typed(saved), false],
    ["another channel", saved, typed(saved, { channel: "2", username: "x", name: "y" }), false],
    ["another host", saved, typed(saved, { host: "10.0.0.8" }), true],
    ["another port", saved, typed(saved, { port: "554" }), true],
    ["the port of the make, written out", { ...saved, port: null }, typed({ ...saved, port: null }, { port: "554" }), false],
    ["another make", saved, typed(saved, { kind: "axis" }), true],
    ["an address in place of make and host", saved, typed(saved, { url: "rtsp://10.0.0.9:8554/" }, { byUrl: true }), true],
    ["another path", login, typed(login, { url: "RTSP://10.0.0.9:554/b?x=1" }), false],
    ["another host in the address", login, typed(login, { url: "rtsp://10.0.0.8/a" }), true],
    ["another protocol", login, typed(login, { url: "rtsps://10.0.0.9/a" }), true],
    ["no password is kept", { ...saved, hasPassword: false }, typed(saved, { host: "10.0.0.8" }), false],
    ["a new camera", null, typed(null, { host: "h" }), false],
  ])("%s", (_, settings, form, wanted) => expect(moves(settings, form, template)).toBe(wanted));

  it("is forgotten where the new source takes none", () => {
    expect(changes(saved, typed(saved, { kind: "open", host: "h" }), "rtsp://{host}/")).toEqual({ kind: "open", host: "h", password: null });
  });
});

it("user name and password stand beside an address, but where its protocol has no login", () => {
  const shown = (settings: CameraSettings | null, url: string) => used(settings, typed(settings, { url }, { byUrl: true }), template);
  expect(shown(null, "")).toEqual(new Set(["name", "label", "transport", "audio", "url", "username", "password"]));
  expect(shown(byUrl, "rtsp://h/y").has("password")).toBe(true);
  for (const url of ["srt://h:9000", "UDP://239.1.1.1:5000"]) {
    expect(shown(null, url).has("username")).toBe(false);
    expect(shown({ ...byUrl, username: "viewer" }, url).has("username")).toBe(true);
  }
});

it("what is typed beside an address is sent beside it", () => {
  const form = typed(null, { name: "new", url: "rtsp://h/y", username: "viewer", password: "p@ss/w#rd" }, { byUrl: true });
  expect(changes(null, form, template)).toEqual({ name: "new", url: "rtsp://h/y", username: "viewer", password: "p@ss/w#rd", enabled: true, record: true });
});

it.each([
  ["rtsp://h/y", false],
  ["rtsp://u:p@h/y", true],
  ["rtsp://u@h/y", true],
  ["rtsp://***@h/y", true],
  ["rtsp://h/a@b", false],
  ["rtmp://h/app?user=u&pass=p", true],
  ["http://h/x?user=u", false],
  ["udp://@239.1.1.1:5000", false],
  ["", false],
])("%j holds a login: %s", (url, wanted) => expect(holdsLogin(url)).toBe(wanted));

it("a look is old when the source changed, not when the name did", () => {
  const edit = { name: "a", host: "h", record: true };
  expect(sourceKey(edit)).toBe(sourceKey({ host: "h", name: "b", label: "B" }));
  expect(sourceKey(edit)).not.toBe(sourceKey({ ...edit, transport: "udp" }));
});

it("tells what somebody else has changed, beside what this form wants", () => {
  const theirs = { ...saved, host: "10.0.0.8", port: null, hasPassword: false, record: true, updatedAt: "x" };
  expect(differences(saved, theirs, { host: "10.0.0.7", password: "p" })).toEqual([
    { label: "Host", before: "10.0.0.9", now: "10.0.0.8", mine: "10.0.0.7" },
    { label: "Password", before: "set", now: "empty", mine: "a new one" },
    { label: "Port", before: "8554", now: "empty", mine: null },
    { label: "Record", before: "no", now: "yes", mine: null },
  ]);
  expect(differences(saved, { ...saved }, {})).toEqual([]);
});
