// Trouble is told outside the page when somebody asks for it, and so is its end; on paper stands when it was printed.

import { expect, test } from "@playwright/test";
import { add, clear } from "./api";
import { open } from "./page";

const START = "e2e-notify/";

test.afterEach(({ page }) => clear(page, START));

test("the first word of trouble and its end are told, once each", async ({ page }) => {
  await page.addInitScript(() => {
    const told: string[] = [];
    class Told {
      static permission = "default";
      static requestPermission() {
        Told.permission = "granted";
        return Promise.resolve("granted");
      }
      constructor(_: string, { body }: { body: string }) {
        told.push(body);
      }
    }
    Object.assign(window, { Notification: Told, told });
  });
  const told = () => page.evaluate(() => (window as unknown as { told: string[] }).told);
  // The demo's own camera comes and goes; here only what the test does is trouble.
  let down = false;
  await page.routeWebSocket(/\/api\/v1\/ws(\?|$)/, (route) => {
    const stream = () => ({ kind: "stream", item: { server: "main", name: "gate", state: down ? "offline" : "live", since: "2026-01-01T00:00:00Z", sourceType: null, bytesReceived: 1, bytesSent: 1, readers: 0, bitrate: 1, tracks: [] } });
    const camera = { kind: "camera", item: { id: 1, name: "gate", kind: "generic", host: null, enabled: true, record: false, state: "running", since: "2026-01-01T00:00:00Z", restarts: 0, lastError: null, nextStart: null, server: "main", path: "gate" } };
    let seq = 1;
    route.onMessage(() => undefined);
    route.send(JSON.stringify({ type: "snapshot", seq, part: 1, parts: 1, items: [stream(), camera] }));
    setInterval(() => {
      seq += 1;
      route.send(JSON.stringify({ type: "delta", seq, prev: seq - 1, upsert: [stream()], update: [], remove: [] }));
    }, 500);
  });
  await page.route("**/api/v1/status", (route) => route.abort());
  await open(page);
  const bell = page.getByRole("button", { name: "Notify me of trouble" });
  await bell.click();
  await expect(bell).toHaveAttribute("aria-pressed", "true");
  expect(await told()).toEqual([]);
  down = true;
  await expect.poll(told).toEqual([expect.stringContaining("1 not live")]);
  down = false;
  await expect.poll(told).toEqual([expect.stringContaining("1 not live"), "All is well again"]);
  await bell.click();
  await expect(bell).toHaveAttribute("aria-pressed", "false");
});

test("on paper stands when it was printed, and nothing that one presses", async ({ page }) => {
  await add(page, { name: `${START}down`, url: "rtsp://127.0.0.1:9/none", record: false });
  await open(page);
  await expect(page.locator(".problems")).toBeVisible();
  await page.emulateMedia({ media: "print" });
  await expect(page.locator(".printed")).toHaveText(/^Printed \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  await expect(page.locator(".problems")).toBeVisible();
  await expect(page.locator(".top nav")).toBeHidden();
  await expect(page.locator(".problems button").first()).toBeHidden();
});
