// A server that hangs, a proxy without WebSocket, a device without network.

import { expect, test } from "@playwright/test";
import { open } from "./page";

test("a form opens at once, and closes when the page is left before it was loaded", async ({ page }) => {
  await open(page, "#/cameras");
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/api/v1/camera-kinds", async (route) => {
    await held;
    await route.continue().catch(() => undefined);
  });
  await page.getByRole("button", { name: "Add camera" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a camera" });
  await expect(dialog.getByRole("status", { name: "Loading the form" })).toBeVisible();
  await page.evaluate(() => (location.hash = "#/"));
  await expect(dialog).toHaveCount(0);
  release();
  await expect(page.locator(".streams tbody tr").first()).toBeVisible();
  await expect(page.locator("dialog")).toHaveCount(0);
});

test("a question that is not answered ends with words", async ({ page }) => {
  await open(page, "#/cameras");
  await page.route("**/api/v1/camera-kinds", () => undefined);
  await page.getByRole("button", { name: "Add camera" }).click();
  await expect(page.getByRole("dialog")).toContainText("has not answered within 8 s", { timeout: 30_000 });
});

test("without WebSocket the page says so, and asks", async ({ page }) => {
  let blocked = true;
  await page.routeWebSocket(/\/api\/v1\/ws(\?|$)/, (route) => {
    if (blocked) void route.close({ code: 1006 });
    else route.connectToServer();
  });
  await page.goto("/");
  await expect(page.locator(".streams tbody tr").first()).toBeVisible({ timeout: 40_000 });
  const banner = page.locator(".banner");
  await expect(banner).toContainText("Live updates are blocked (WebSocket)");
  await expect(banner).not.toContainText("Is it running");
  await expect(page.locator(".page")).not.toHaveAttribute("data-stale");
  blocked = false;
  await expect(page.locator(".pulse")).toHaveAttribute("data-phase", "open", { timeout: 40_000 });
  await expect(page.locator(".banner.warn")).toHaveCount(0);
});

test("a device without network says so at once", async ({ page, context }) => {
  await open(page);
  await context.setOffline(true);
  await expect(page.locator(".pulse")).toHaveAttribute("data-phase", "lost");
  await expect(page.locator(".banner")).toContainText("this device is offline");
  await expect(page.locator("footer")).toHaveAttribute("data-stale", "");
  await context.setOffline(false);
  await expect(page.locator(".pulse")).toHaveAttribute("data-phase", "open", { timeout: 40_000 });
});
