// The wall: every stream as a square, all on one screen, by keys, and never faster than the device draws.

import { expect, test, type Page } from "@playwright/test";
import { open } from "./page";

async function many(page: Page, count: number): Promise<void> {
  await page.routeWebSocket(/\/api\/v1\/ws(\?|$)/, (route) => {
    const items = Array.from({ length: count }, (_, number) => ({
      kind: "stream",
      item: { server: "main", name: `cam/${String(number).padStart(3, "0")}`, state: number === 7 ? "offline" : "live", since: "2026-01-01T00:00:00Z", sourceType: "rtspSource", bytesReceived: 1, bytesSent: 1, readers: 1, bitrate: 1_000_000, tracks: [] },
    }));
    route.onMessage(() => undefined);
    route.send(JSON.stringify({ type: "snapshot", seq: 1, part: 1, parts: 1, items }));
  });
  await open(page, "#/wall");
  await expect(page.locator(".square")).toHaveCount(count);
}

test("three hundred streams are on one screen", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => (request.url().includes("/history") ? asked.push(request.url()) : 0));
  await many(page, 300);
  await expect.poll(() => page.locator(".square").last().evaluate((one) => one.getBoundingClientRect().bottom <= innerHeight)).toBe(true);
  await expect(page.getByRole("status").filter({ hasText: "not live" })).toHaveText("1 of 300 streams not live");
  expect(asked).toEqual([]);
  await page.getByRole("button", { name: "Trouble first" }).click();
  await expect(page.locator(".square").first()).toHaveAttribute("data-state", "offline");
  await expect(page).toHaveURL(/sort=state/);
});

test("arrow keys go from square to square, Enter opens one", async ({ page }) => {
  await many(page, 40);
  await page.locator(".square").first().focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.locator(".square").nth(1)).toBeFocused();
  await page.keyboard.press("End");
  await expect(page.locator(".square").last()).toBeFocused();
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "cam/000" })).toBeVisible();
});

test("it fills the screen by a key and leaves it by the same", async ({ page }) => {
  await many(page, 40);
  const full = () => page.evaluate(() => document.fullscreenElement?.classList.contains("wall") ?? false);
  await page.keyboard.press("f");
  await expect.poll(full).toBe(true);
  await expect.poll(() => page.locator(".square").last().evaluate((one) => one.getBoundingClientRect().bottom <= innerHeight)).toBe(true);
  await page.keyboard.press("f");
  await expect.poll(full).toBe(false);
});
