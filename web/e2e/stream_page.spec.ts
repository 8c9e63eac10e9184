// One stream: any span of time by buttons, keys and two moments; addresses to copy; which reader can play it; its picture; who
// reads it.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test, type Page } from "@playwright/test";
import { folder } from "./api";
import { complaints, open, recorded } from "./page";

async function stream(page: Page, more = ""): Promise<{ server: string; name: string }> {
  const { items } = (await (await page.request.get("/api/v1/streams")).json()) as { items: { server: string; name: string; state: string }[] };
  const found = items.find((one) => one.state === "live") ?? items[0];
  if (found === undefined) throw new Error("no stream");
  await open(page, `#/streams/${found.server}/${encodeURIComponent(found.name)}${more}`);
  await expect(page.locator(".chart canvas").first()).toBeVisible({ timeout: 30_000 });
  return found;
}

const moments = (page: Page) => {
  const query = new URLSearchParams(new URL(page.url()).hash.split("?")[1] ?? "");
  return [Date.parse(query.get("from") ?? ""), Date.parse(query.get("to") ?? "")] as const;
};

test("the span is moved, widened, and brought back to live", async ({ page }) => {
  const found = complaints(page);
  await stream(page);
  await expect(page.getByText("Live: goes with the time")).toBeVisible();
  await page.getByRole("button", { name: "Earlier" }).click();
  await expect(page).toHaveURL(/from=.+&to=/);
  const [from, to] = moments(page);
  expect(to - from).toBe(15 * 60_000);
  expect(Date.now() - to).toBeGreaterThan(7 * 60_000);
  await page.getByRole("button", { name: "Wider" }).click();
  await expect.poll(() => moments(page)[1] - moments(page)[0]).toBe(30 * 60_000);
  await page.getByRole("button", { name: "Closer" }).click();
  await expect.poll(() => moments(page)[1] - moments(page)[0]).toBe(15 * 60_000);
  // By keys, too.
  await page.locator(".chart .plot").first().focus();
  for (const time of ["once", "again"]) {
    const before = moments(page)[0];
    await page.keyboard.press("Shift+ArrowLeft");
    await expect.poll(() => before - moments(page)[0], time).toBeGreaterThan(3 * 60_000);
    // It keeps the focus, so that the next key goes on from there.
    await expect(page.locator(".chart .plot").first()).toBeFocused();
  }
  // A double click in the chart goes back to live, as the button does.
  await page.locator(".chart .u-over").first().dblclick();
  await expect(page).not.toHaveURL(/from=/);
  await expect(page.getByText("Live: goes with the time")).toBeVisible();
  expect(found).toEqual([]);
});

test("two moments are typed, and the address keeps them", async ({ page }) => {
  await page.clock.install();
  await stream(page);
  await page.locator(".zoomed .menu summary").click();
  const form = page.locator(".zoomed .menu-body");
  await form.getByLabel("From").fill("2026-03-01T10:00");
  // What is shown goes with the time; what is typed does not.
  await page.clock.fastForward(61_000);
  await form.getByLabel("To", { exact: true }).fill("2026-03-01T11:30");
  const asked = page.waitForRequest((request) => request.url().includes("/history") && request.url().includes("from=2026-03-01"));
  await form.getByRole("button", { name: "Show" }).click();
  await asked;
  expect(moments(page)[1] - moments(page)[0]).toBe(90 * 60_000);
  await page.reload();
  await expect(page.getByText("2026-03-01 10:00:00 – 2026-03-01 11:30:00")).toBeVisible();
  await expect(page.getByText("Nothing was seen of this stream in this time.")).toBeVisible();
});

test("what else was measured has charts of its own", async ({ page }) => {
  await page.route("**/history?*metrics=*", (route) => {
    const { searchParams } = new URL(route.request().url());
    const from = Date.parse(searchParams.get("from") ?? "");
    const items = Array.from({ length: 10 }, (_, number) => ({ at: new Date(from + number * 60_000).toISOString(), bitrate: 1, readers: 1, state: "live", values: { rtt: { min: 10 + number, mean: 20 + number, max: 40 + number, last: 20 }, retransmitRate: { min: 0, mean: 1.5, max: 3, last: 2 } } }));
    return route.fulfill({ json: { items, gaps: [], tiers: ["1m"], next: null } });
  });
  await stream(page);
  const rtt = page.locator("figure", { hasText: "Round trip" });
  await expect(rtt).toContainText("29 ms (19 ms – 49 ms)");
  await expect(rtt.locator("canvas")).toBeVisible();
  await expect(page.locator("figure", { hasText: "Packets sent again" })).toContainText("1.5 /s (0 /s – 3 /s)");
  await expect(page.locator("figure")).toHaveCount(2);
  // A drag with the shift key takes the span of all of them along.
  await rtt.scrollIntoViewIfNeeded();
  const box = await rtt.locator(".u-over").boundingBox();
  if (box === null) throw new Error("the chart has no place");
  await page.keyboard.down("Shift");
  await page.mouse.move(box.x + box.width * 0.2, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 20);
  await page.mouse.move(box.x + box.width * 0.7, box.y + 20);
  await page.mouse.up();
  await page.keyboard.up("Shift");
  await expect(page).toHaveURL(/from=.+&to=/);
  expect(moments(page)[1] - moments(page)[0]).toBe(15 * 60_000);
  expect(Date.now() - moments(page)[1]).toBeGreaterThan(6 * 60_000);
});

test("addresses are copied as a reader and a publisher take them, with a place for the password", async ({ page, context }) => {
  const { name } = await stream(page);
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(page.url()).origin });
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  // The port of `rtsp_url`, which is not the usual one here.
  const { players } = (await (await page.request.get("/api/v1/status")).json()) as { players: { rtspUrl: string }[] };
  const rtsp = `127.0.0.1:${players[0]?.rtspUrl.split(":").pop() ?? ""}`;
  expect(rtsp).not.toBe("127.0.0.1:8554");
  await page.getByRole("button", { name: "Copy Read RTSP Address" }).click();
  await expect.poll(copied).toBe(`rtsp://${rtsp}/${name}`);
  await page.getByRole("button", { name: "With login" }).click();
  await page.getByRole("button", { name: "Copy Publish RTSP ffmpeg" }).click();
  await expect.poll(copied).toBe(`ffmpeg -re -i FILE -c copy -f rtsp -rtsp_transport tcp rtsp://USER:PASSWORD@${rtsp}/${name}`);
  // Another host and port are kept by this browser.
  await page.locator(".way-places summary").click();
  await page.locator(".way-places").getByLabel("Host").fill("media.example.org");
  await page.locator(".way-places").getByLabel("Host").blur();
  await expect(page.locator(".way-list")).toContainText("media.example.org");
  await page.locator(".way-places").getByLabel("SRT").fill("9000");
  await page.locator(".way-places").getByLabel("SRT").blur();
  await page.reload();
  await page.locator(".way-list summary", { hasText: "SRT" }).click();
  await expect(page.locator(".way-list")).toContainText(`srt://media.example.org:9000?streamid=publish:${name}&pkt_size=1316`);
});

test("which reader can play the tracks", async ({ page }) => {
  await stream(page);
  const table = page.getByRole("table", { name: "Which reader can play it" });
  const row = (codec: string) => table.getByRole("row", { name: codec }).locator("td").evaluateAll((cells) => cells.map((one) => (one as HTMLElement).dataset["playable"]));
  await expect.poll(() => row("H264")).toEqual(["yes", "yes", "yes", "yes", "yes"]);
  expect(await row("MPEG-4 Audio")).toEqual(["yes", "yes", "yes", "no", "yes"]);
});

test("without an address of the media server the picture is what was recorded last", async ({ page }) => {
  const found = complaints(page);
  const { server, stream: name } = await recorded(page);
  await open(page, `#/streams/${server}/${encodeURIComponent(name)}`);
  await expect(page.locator(".watching")).toContainText("webrtc_url or hls_url");
  // Before it plays, and on the wall, a small picture of it, made by the program.
  const width = (place: string) => page.locator(`${place} .thumbnail`).first().evaluate((picture: HTMLImageElement) => picture.naturalWidth);
  await expect.poll(() => width(".resting"), { timeout: 60_000 }).toBe(320);
  await page.evaluate(() => (location.hash = "#/wall"));
  await expect.poll(() => width(".square"), { timeout: 60_000 }).toBe(320);
  await expect(page.locator(".wall .note")).toContainText(/one ffmpeg at a time: \d+ so far, \d+\.\d\d s each/);
  await page.goBack();
  await page.getByRole("button", { name: "Play what was recorded last" }).click();
  await expect.poll(() => page.locator(".watching video").evaluate((video: HTMLVideoElement) => video.currentTime), { timeout: 60_000 }).toBeGreaterThan(0.5);
  await expect(page.locator(".watching .notice")).toBeHidden();
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(page.locator("video")).toHaveCount(0);
  expect(found).toEqual([]);
});

test.describe("with an address of the media server", () => {
  // The policy of the page lets it reach the addresses of the configuration; here they are played.
  test.use({ bypassCSP: true });

  test("HLS is played with the sound that MediaMTX sends apart", async ({ page }) => {
    const media = mkdtempSync(join(tmpdir(), "hls-"));
    try {
      const sources = ["-f", "lavfi", "-i", "testsrc=size=320x180:rate=10:duration=6", "-f", "lavfi", "-i", "sine=duration=6"];
      const codecs = ["-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "10", "-c:a", "aac"];
      const apart = ["-var_stream_map", "v:0,agroup:a a:0,agroup:a,default:yes", "-master_pl_name", "index.m3u8"];
      execFileSync("ffmpeg", ["-loglevel", "error", ...sources, ...codecs, "-f", "hls", "-hls_time", "1", "-hls_list_size", "0", "-hls_segment_type", "fmp4", ...apart, join(media, "s%v.m3u8")]);
      await page.route("https://media.invalid/**", (route) => route.fulfill({ path: join(media, basename(new URL(route.request().url()).pathname)), headers: { "access-control-allow-origin": "*" } }));
      await page.route("**/api/v1/status", async (route) => {
        const answer = await route.fetch();
        const status = (await answer.json()) as { players: unknown[] };
        await route.fulfill({ json: { ...status, players: [{ server: "demo", hlsUrl: "https://media.invalid/live" }] } });
      });
      await stream(page);
      await page.getByRole("button", { name: "Watch live" }).click();
      const decoded = () => page.locator(".watching video").evaluate((video) => (video as unknown as { webkitAudioDecodedByteCount: number }).webkitAudioDecodedByteCount);
      await expect.poll(decoded, { timeout: 30_000 }).toBeGreaterThan(1_000);
      await expect(page.locator(".watching")).not.toContainText("Left out");
    } finally {
      rmSync(media, { recursive: true });
    }
  });
});

test("an operator ends a reader", async ({ page }) => {
  const { server, name } = await stream(page);
  const rtsp = /rtsp_url = "([^"]+)"/.exec(readFileSync(`${folder ?? ""}/streamwarden.toml`, "utf8"))?.[1] ?? "";
  const readers = async () => {
    const answer = await page.request.get(`/api/v1/streams/${encodeURIComponent(name)}/sessions?server=${server}`);
    const { items } = (await answer.json()) as { items: { id: string; state: string }[] };
    return items.filter((one) => one.state === "read").map((one) => one.id);
  };
  // The recorder reads as well.
  const others = await readers();
  const reader = spawn("ffmpeg", ["-nostdin", "-loglevel", "quiet", "-rtsp_transport", "tcp", "-i", `${rtsp}/${name}`, "-f", "null", "-"], { stdio: "ignore" });
  const ended = new Promise((done) => reader.on("exit", done));
  try {
    let mine: string | undefined;
    await expect.poll(async () => (mine = (await readers()).find((id) => !others.includes(id)))).toBeDefined();
    const row = page.locator(`tr[data-session="${mine ?? ""}"]`);
    await expect(row).toContainText("Reader");
    await row.getByRole("button", { name: /End the session from 127\.0\.0\.1/ }).click();
    await page.getByRole("button", { name: "End session" }).click();
    await expect(row).toHaveCount(0);
    await ended;
  } finally {
    reader.kill("SIGKILL");
  }
});
