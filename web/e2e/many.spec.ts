// A thousand streams, of a server that is played here: what is asked for, what is drawn, and what stays where it is.

import { expect, test, type Page, type WebSocketRoute } from "@playwright/test";
import { open } from "./page";

const COUNT = 1_000;

function stream(number: number, bitrate: number): Record<string, unknown> {
  const name = `cam/${String(number).padStart(4, "0")}`;
  return {
    kind: "stream",
    item: { server: "main", name, state: "live", since: "2026-01-01T00:00:00Z", sourceType: "rtspSource", bytesReceived: 1, bytesSent: 1, readers: 1, bitrate, tracks: [{ codec: "H264", width: 640, height: 360 }] },
  };
}

/** Opens the page on the played server; `next` sends a delta of all streams with other bitrates. */
async function many(page: Page, route = ""): Promise<{ next: () => void }> {
  let socket: WebSocketRoute | null = null;
  let seq = 1;
  let round = 0;
  const bitrate = (number: number) => 1_000_000 + ((number * 7_919 + round * 104_729) % 1_000) * 1_000;
  const all = () => Array.from({ length: COUNT }, (_, number) => stream(number, bitrate(number)));
  await page.routeWebSocket(/\/api\/v1\/ws(\?|$)/, (route) => {
    socket = route;
    const server = { kind: "server", item: { name: "main", reachable: true, since: "2026-01-01T00:00:00Z" } };
    const snapshot = () => route.send(JSON.stringify({ type: "snapshot", seq, part: 1, parts: 1, items: [server, ...all()] }));
    route.onMessage(() => snapshot());
    snapshot();
  });
  await page.route("**/history*", (route) => route.fulfill({ json: { items: [], gaps: [] } }));
  await open(page, route);
  await expect(page.locator(".streams tbody tr").first()).toBeVisible();
  return {
    next: () => {
      round += 1;
      seq += 1;
      socket?.send(JSON.stringify({ type: "delta", seq, prev: seq - 1, upsert: [], update: all(), remove: [] }));
    },
  };
}

test("of a thousand rows those on screen are drawn and asked about", async ({ page }) => {
  let asked = 0;
  page.on("request", (request) => (asked += request.url().includes("/history") ? 1 : 0));
  const { next } = await many(page);
  await expect(page.locator(".tile").first()).toContainText("1,000");
  const rows = page.locator(".streams tbody tr[data-name]");
  expect(await rows.count()).toBeLessThan(40);
  for (let round = 0; round < 5; round += 1) next();
  await expect(page.locator('tr[data-name="cam/0003"]')).toBeVisible();
  await page.mouse.wheel(0, 40_000);
  const first = async () => Number((await rows.first().getAttribute("data-name"))?.slice(4));
  await expect.poll(first).toBeGreaterThan(300);
  expect(await rows.count()).toBeLessThan(40);
  // The last one is there to be reached.
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await page.mouse.wheel(0, 90_000);
  await expect(page.locator('tr[data-name="cam/0999"]')).toBeVisible();
  expect(asked).toBeLessThanOrEqual(40);
});

test("rows hold still under the pointer, the focus and a selection", async ({ page }) => {
  const { next } = await many(page, "#/?sort=bitrate");
  const rows = page.locator(".streams tbody tr[data-name]");
  const fifth = rows.nth(4);
  const name = (await fifth.getAttribute("data-name")) ?? "";
  await fifth.getByRole("link").first().focus();
  for (let round = 0; round < 20; round += 1) {
    const before = await fifth.locator(".rate").textContent();
    next();
    await expect(page.locator(`tr[data-name="${name}"] .rate`)).not.toHaveText(before ?? "");
  }
  expect(await page.evaluate(() => document.activeElement?.closest("tr")?.getAttribute("data-name"))).toBe(name);
  await expect(fifth).toHaveAttribute("data-name", name);
  // It says so, and sorts when it is told to.
  const order = () => rows.evaluateAll((all) => all.map((row) => row.getAttribute("data-name")).join());
  const before = await order();
  await page.getByRole("button", { name: "Sort now" }).click();
  await expect.poll(order).not.toBe(before);
});

test("trouble is first, and the head of the table stays in sight", async ({ page }) => {
  await page.routeWebSocket(/\/api\/v1\/ws(\?|$)/, (route) => {
    const items = Array.from({ length: COUNT }, (_, number) => stream(number, 1));
    for (const number of [77, 500, 901]) Object.assign(items[number]?.["item"] as object, { state: "offline", bitrate: null });
    route.onMessage(() => undefined);
    route.send(JSON.stringify({ type: "snapshot", seq: 1, part: 1, parts: 1, items }));
  });
  await page.route("**/history*", (route) => route.fulfill({ json: { items: [], gaps: [] } }));
  await open(page);
  const rows = page.locator(".streams tbody tr[data-name]");
  await expect(rows.first()).toBeVisible();
  expect(await rows.evaluateAll((all) => all.slice(0, 4).map((row) => row.getAttribute("data-name")))).toEqual(["cam/0077", "cam/0500", "cam/0901", "cam/0000"]);
  await page.mouse.wheel(0, 4_000);
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(3_000);
  const head = await page.locator(".streams thead th").first().boundingBox();
  expect(head?.y).toBeGreaterThanOrEqual(0);
  expect(head?.y).toBeLessThan(120);
});

test("what a delta of a thousand streams costs", async ({ page }) => {
  const { next } = await many(page);
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  /** Time spent in scripts, and in all tasks, ms. */
  const spent = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    const of = (name: string) => (metrics.find((one) => one.name === name)?.value ?? 0) * 1_000;
    return { script: of("ScriptDuration"), task: of("TaskDuration") };
  };
  const ROUNDS = 30;
  const before = await spent();
  for (let round = 0; round < ROUNDS; round += 1) {
    const rate = await page.locator(".rate").first().textContent();
    next();
    await page.waitForFunction((rate) => document.querySelector(".rate")?.textContent !== rate, rate);
  }
  const after = await spent();
  const each = (name: "script" | "task") => ((after[name] - before[name]) / ROUNDS).toFixed(1);
  // Shown and not judged: this machine does other things, too.
  test.info().annotations.push({ type: "delta", description: `${each("script")} ms of scripts, ${each("task")} ms in all` });
  expect(after.script).toBeGreaterThan(before.script);
});

test("a thousand rows go by at the pace of the screen", async ({ page }) => {
  await many(page);
  const frames = await page.evaluate(
    () =>
      new Promise<number[]>((resolve) => {
        const times: number[] = [];
        let last = performance.now();
        const frame = (now: number) => {
          times.push(now - last);
          last = now;
          scrollBy(0, 120);
          if (times.length < 180) requestAnimationFrame(frame);
          else resolve(times.slice(1));
        };
        requestAnimationFrame(frame);
      }),
  );
  const sorted = [...frames].sort((a, b) => a - b);
  const share = (part: number) => (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(1);
  // Shown and not judged: this machine does other things, too.
  test.info().annotations.push({ type: "frames", description: `p50 ${share(0.5)} ms, p95 ${share(0.95)} ms, p99 ${share(0.99)} ms` });
  // Nothing was left blank on the way.
  expect(await page.locator(".streams tbody tr[data-name]").count()).toBeGreaterThan(8);
  expect(await page.evaluate(() => scrollY)).toBeGreaterThan(10_000);
});
