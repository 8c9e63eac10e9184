// The Health page against a program of its own that probes: one camera of the demo, and an address where nobody listens.

import { expect, test } from "@playwright/test";
import { faults } from "./axe";
import { spawn, type ChildProcess } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { complaints, recorded } from "./page";

const program = resolve(process.env["CARGO_TARGET_DIR"] ?? "../target", "debug/streamwarden");

/** An encoder that streams until it is told to stop; neither order is taken twice. */
const encoder = { status: "Streaming", began: Date.now(), orders: [] as string[] };
const device = createServer((request, response) => {
  const order = /livestreams\/0\/(start|stop)$/.exec(request.url ?? "")?.[1];
  if (request.method === "PUT" && order !== undefined) {
    encoder.orders.push(order);
    Object.assign(encoder, { status: order === "start" ? "Streaming" : "Idle", began: Date.now() });
    response.writeHead(204).end();
    return;
  }
  const streaming = { status: encoder.status, bitrate: 6_000_000, effectiveVideoFormat: "1920x1080p25", duration: Math.round((Date.now() - encoder.began) / 1000), cache: 4 };
  const answers: Record<string, object> = {
    "livestreams/0": encoder.status === "Idle" ? { status: "Idle", bitrate: 0 } : streaming,
    "livestreams/0/activePlatform": { platform: "Vimeo", server: "Primary", key: "hunter2", quality: "Streaming High" },
    "system/product": { deviceName: "Studio A", productName: "Streaming Encoder HD", softwareVersion: "3.4" },
  };
  const answer = answers[(request.url ?? "").replace("/control/api/v1/", "")];
  response.writeHead(answer === undefined ? 501 : 200, { "content-type": "application/json", connection: "close" }).end(JSON.stringify(answer ?? {}));
});

/** An account at Vimeo with one event that nobody streams to. */
const vimeo = createServer((request, response) => {
  const event = { uri: "/live_events/7", title: "Sunday", status: "started", metadata: { connections: { live_video: { uri: "/videos/9", status: "ready" } } } };
  const path = (request.url ?? "").split("?")[0] ?? "";
  const answers: Record<string, object> = { "/me/live_events": { data: [event] }, "/videos/9/sessions/status": { status: "started", ingest: { status: "2", stream_key: "hunter2" } } };
  response.writeHead(answers[path] === undefined ? 404 : 200, { "content-type": "application/json" }).end(JSON.stringify(answers[path] ?? {}));
});

/** Somebody's own program that is told of incidents; out of order for as long as a test says. */
const told = { titles: [] as string[], status: 200 };
const receiver = createServer((request, response) => {
  let text = "";
  request.on("data", (part: Buffer) => (text += part.toString()));
  request.on("end", () => {
    if (told.status === 200) told.titles.push((JSON.parse(text) as { title: string }).title);
    response.writeHead(told.status).end();
  });
});

let child: ChildProcess | null = null;
let folder = "";
let url = "";

/** What the demo knows its media server by. */
async function setting(request: import("@playwright/test").APIRequestContext, key: string): Promise<string> {
  const { items } = (await (await request.get("/api/v1/settings")).json()) as { items: { key: string; value: string | null }[] };
  return items.find((one) => one.key === key)?.value ?? '""';
}

test.beforeAll(async ({ browser }) => {
  const page = await browser.newPage();
  const { stream } = await recorded(page);
  const [api, rtsp] = [await setting(page.request, "servers[0].api_url"), await setting(page.request, "servers[0].rtsp_url")];
  await page.close();
  for (const server of [device, vimeo, receiver]) await new Promise<void>((ready) => server.listen(0, "127.0.0.1", () => ready()));
  const [devicePort, vimeoPort, receiverPort] = [device, vimeo, receiver].map((server) => (server.address() as AddressInfo).port);
  folder = mkdtempSync(join(tmpdir(), "streamwarden-health-"));
  writeFileSync(
    join(folder, "streamwarden.toml"),
    `roles = ["monitor", "health"]
data_dir = "${folder}/data"
[http]
listen = "127.0.0.1:0"
[[servers]]
api_url = ${api}
rtsp_url = ${rtsp}
[health]
window = "1s"
interval = "5s"
[[health.targets]]
name = "camera"
path = "${stream}"
interval = "1h"
[[health.targets]]
name = "nobody"
url = "rtsp://eve:hunter2@127.0.0.1:9/x"
[[health.endpoints]]
name = "media"
url = ${rtsp}
interval = "1s"
[[health.endpoints]]
name = "site"
url = "https://127.0.0.1:9/hunter2"
interval = "1s"
[[health.encoders]]
name = "studio"
host = "127.0.0.1"
rest_port = ${devicePort}
text_port = 9
feeds_event = "vimeo/7"
[[health.platforms]]
token = "hunter2"
url = "http://127.0.0.1:${vimeoPort}"
[[notify.receivers]]
name = "desk"
kind = "webhook"
url = "http://127.0.0.1:${receiverPort}/hunter2"
`,
  );
  child = spawn(program, ["run", "--config", join(folder, "streamwarden.toml")], { stdio: "ignore" });
  await expect
    .poll(() => {
      try {
        const note = JSON.parse(readFileSync(join(folder, "data", "run.json"), "utf8")) as { url: string };
        url = note.url;
      } catch {
        // It has not written it yet.
      }
      return url;
    }, { timeout: 60_000 })
    .toMatch(/^http/);
});

test.afterAll(async () => {
  if (child !== null) {
    const ended = new Promise((done) => child?.on("exit", done));
    child.kill("SIGTERM");
    await ended;
  }
  device.close();
  vimeo.close();
  receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

test("what is probed is shown with what was found, trouble first", async ({ page }) => {
  const found = complaints(page);
  await page.goto(`${url}/#/health`);
  const out = page.locator("[data-target=nobody]");
  await expect(out).toHaveAttribute("data-state", "out", { timeout: 60_000 });
  await expect(out).toContainText("Connection refused");
  await expect(out).toContainText("rtsp://***@127.0.0.1:9/x");
  await expect(out).toContainText("out for");
  const well = page.locator("[data-target=camera]");
  await expect(well).toHaveAttribute("data-state", "well", { timeout: 60_000 });
  await expect(well).toContainText(/H\.264 \d+×\d+/);
  await expect(well).toContainText(/\d+(\.\d)? fps/);
  await expect(page.locator("[data-target]").first()).toHaveAttribute("data-target", "nobody");
  await expect(page.getByText("2 targets, 1 out")).toBeVisible();
  const down = page.locator("[data-endpoint=site]");
  await expect(down).toHaveAttribute("data-state", "down", { timeout: 60_000 });
  await expect(down).toContainText("Connection refused");
  await expect(down).toContainText("https://127.0.0.1:9");
  const up = page.locator("[data-endpoint=media]");
  await expect(up).toHaveAttribute("data-state", "up");
  await expect(up).toContainText(/\d+(\.\d+)? ms/);
  await expect(up).toContainText(/answer \d/);
  await expect(up).toContainText(/0 of \d/);
  await expect(page.locator("[data-endpoint]").first()).toHaveAttribute("data-endpoint", "site");
  await expect(page.getByText("2 endpoints, 1 down")).toBeVisible();
  expect(await page.content()).not.toContain("hunter2");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    expect(await faults(page)).toEqual([]);
  }
  const now = page.getByRole("region", { name: "What is wrong now" });
  const endpoint = now.locator("[data-incident]").filter({ hasText: "Endpoint down" });
  await expect(endpoint).toContainText("The endpoint, or the service there", { timeout: 60_000 });
  await expect(endpoint).toContainText("nobody listens at its port");
  await expect(now.locator("[data-receivers='1']")).toContainText("1 receiver of notifications");
  await now.getByRole("link", { name: "All incidents" }).click();
  await expect(page).toHaveURL(/#\/incidents\?open=1$/);
  await expect(page.locator(".incidents")).toContainText("Probe failed");
  await expect(page.locator(".incidents")).toContainText("Target nobody");
  await expect(page.locator(".incidents")).toContainText("Endpoint down");
  expect(found).toEqual([]);
});

test("numbers that have left what is usual come first, with what is usual beside them", async ({ page }) => {
  const found = complaints(page);
  // What is usual takes weeks to learn: the answer is one of such a program.
  const of = (stream: string, metric: string, state: string, rest: object) => ({
    server: "main", stream, endpoint: null, metric, state, value: null, usualLow: null, usualMedian: null, usualHigh: null, weeks: null, since: null, explanation: null, at: null, judgesFrom: null, ...rest,
  });
  const usual = { usualLow: 3_000_000, usualMedian: 4_000_000, usualHigh: 5_400_000, weeks: 4 };
  const items = [
    of("gate", "readers", "usual", { value: 3, usualLow: 0, usualMedian: 3, usualHigh: 9, weeks: 4 }),
    of("gate", "bitrate", "unusual", { value: 1_200_000, since: new Date(Date.now() - 600_000).toISOString(), ...usual }),
    of("van", "rtt", "usual", { value: 41, usualMedian: 40, usualHigh: 90, weeks: 3 }),
    { ...of("", "latency", "usual", { value: 21, usualMedian: 20, usualHigh: 38, weeks: 4 }), server: null, stream: null, endpoint: "uplink" },
    of("yard", "bitrate", "learning", { value: 2_000_000, judgesFrom: "2026-12-20T14:00:00Z" }),
  ];
  await page.route("**/api/v1/anomalies", (route) => route.fulfill({ json: { items, next: null } }));
  await page.goto(`${url}/#/health`);
  const first = page.locator("[data-metric]").first();
  await expect(first).toHaveAttribute("data-state", "unusual");
  for (const words of ["gate", "Bit rate", "Unusual", "for 10 min", "1.2 Mbit/s", "3.0 Mbit/s to 5.4 Mbit/s", "of 4 weeks"]) await expect(first).toContainText(words);
  await expect(page.locator("[data-stream=van]")).toContainText("at most 90 ms");
  // What is not known yet is there for who asks for it.
  await expect(page.locator("[data-stream=yard]")).toHaveCount(0);
  await page.getByRole("button", { name: "Show 1 more" }).click();
  await expect(page.locator("[data-stream=yard]")).toContainText("is judged from");
  for (const words of ["uplink", "Endpoint", "Latency", "21 ms", "at most 38 ms"]) await expect(page.locator("[data-metric=latency]")).toContainText(words);
  await expect(page.getByText("1 unusual, 3 usual, 1 not known yet")).toBeVisible();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    expect(await faults(page)).toEqual([]);
  }
  expect(found).toEqual([]);
});

test("on a phone every row is a card that says everything, with the words of its column", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${url}/#/health`);
  const row = page.locator("[data-endpoint=media]");
  await expect(row.locator("td[data-label]").first()).toBeVisible({ timeout: 60_000 });
  await expect(page.locator("[data-encoder=studio]")).toBeVisible({ timeout: 60_000 });
  await expect(page.locator("[data-event='7']")).toBeVisible({ timeout: 60_000 });
  // What each of the lists shows comes when it has been asked about.
  for (const label of ["Latency", "Outages"]) await expect(row.locator(`td[data-label=${label}]`)).toHaveCount(1, { timeout: 60_000 });
  // Nothing lies beyond the edge, where nobody looks for it.
  const beyond = () => page.locator("main :is(td, th, .listing-table)").evaluateAll((all) => all.filter((one) => one.closest("thead") === null && (one.getBoundingClientRect().right > innerWidth || one.scrollWidth > one.clientWidth + 1)).map((one) => one.textContent));
  await expect.poll(beyond).toEqual([]);
  expect(await faults(page)).toEqual([]);
  // The name of a platform and its state are two things.
  const apart = async () => {
    const [name, state] = await page.locator("[data-platform=vimeo] h3 > *").evaluateAll((all) => all.map((one) => one.getBoundingClientRect()));
    return (state?.left ?? 0) - (name?.right ?? 0);
  };
  await expect.poll(apart).toBeGreaterThanOrEqual(6);
  if (process.env["SHOT"] !== undefined) await page.screenshot({ path: process.env["SHOT"], fullPage: true });
});

test("an encoder is stopped and started after a question, and an event without its stream is shown", async ({ page }) => {
  const found = complaints(page);
  await page.goto(`${url}/#/health`);
  const row = page.locator("[data-encoder=studio]");
  await expect(row).toHaveAttribute("data-state", "streaming", { timeout: 60_000 });
  for (const words of ["Studio A", "6.00 Mbit/s", "4 %", "Vimeo", "Streaming Encoder HD 3.4", "1920x1080p25", "feeds the event vimeo/7"]) await expect(row).toContainText(words);
  await row.getByRole("button", { name: "Stop the stream of studio" }).click();
  const question = page.getByRole("dialog");
  await expect(question).toContainText("Nobody who watches Vimeo");
  await question.getByRole("button", { name: "Cancel" }).click();
  expect(encoder.orders).toEqual([]);
  await row.getByRole("button", { name: "Stop the stream of studio" }).click();
  await question.getByRole("button", { name: "Stop", exact: true }).click();
  await expect(row).toHaveAttribute("data-state", "idle");
  expect(encoder.orders).toEqual(["stop"]);
  await row.getByRole("button", { name: "Start the stream of studio" }).click();
  await question.getByRole("button", { name: "Start", exact: true }).click();
  await expect(row).toHaveAttribute("data-state", "streaming", { timeout: 30_000 });
  const event = page.locator("[data-event='7']");
  await expect(event).toContainText("Sunday");
  await expect(event).toContainText("waited for");
  expect(await page.content()).not.toContain("hunter2");
  expect(found).toEqual([]);
});

test("receivers are shown with what became of their messages, and can be tried", async ({ page }) => {
  const found = complaints(page);
  await page.goto(`${url}/#/system?part=receivers`);
  const row = page.locator("[data-receiver=desk]");
  await expect(row).toContainText("webhook");
  const attempt = row.getByRole("button", { name: /desk/ });
  const before = told.titles.length;
  await attempt.click();
  await expect.poll(() => told.titles.length).toBeGreaterThan(before);
  // The dead target and the dead endpoint are told by itself.
  await expect.poll(() => told.titles.join(), { timeout: 60_000 }).toMatch(/nobody|site/);
  await expect(row).toContainText(/[1-9]\d* messages? delivered/);
  expect(found).toEqual([]);
  told.status = 503;
  await attempt.click();
  await expect(page.locator(".toast").last()).toContainText("503");
  expect(await page.content()).not.toContain("hunter2");
  expect(await faults(page)).toEqual([]);
});

test("without a target the page says how to name one", async ({ page }) => {
  await page.goto("/#/health");
  await expect(page.getByRole("heading", { name: "Nothing is probed" })).toBeVisible();
  await expect(page.getByText("[[health.targets]]")).toBeVisible();
  await expect(page.getByRole("heading", { name: "No endpoint is probed" })).toBeVisible();
  await expect(page.getByText("[[health.endpoints]]")).toBeVisible();
});
