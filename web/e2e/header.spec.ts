// The bar on every page: in every language, logged in or not and with incidents counted, no window is too narrow for it.

import { expect, test } from "@playwright/test";
import { open, tooWide } from "./page";

const WIDTHS = [320, 390, 600, 701, 768, 1024, 1200, 1270, 1280, 1366, 1440, 1600, 1800, 1801, 1920];
const incident = (number: number) => ({ id: `00000000-0000-7000-8000-0000000000${number}`, kind: "cameraDown", subject: { type: "camera", id: number, name: `gate${number}` }, openedAt: "2026-01-01T00:00:00Z", closedAt: null, cause: "no answer", notes: [], acknowledged: null });

for (const login of [false, true]) {
  test(`is as wide as the window, ${login ? "logged in" : "without a login"}`, async ({ page }) => {
    await page.route("**/api/v1/session", (route) => route.fulfill({ json: login ? { loginRequired: true, user: "a-long-user-name-of-somebody", role: "operator" } : { loginRequired: false, user: null, role: null } }));
    await page.routeWebSocket(/\/api\/v1\/ws(\?|$)/, (route) => {
      const items = Array.from({ length: 24 }, (_, number) => ({ kind: "incident", item: incident(10 + number) }));
      route.onMessage(() => undefined);
      route.send(JSON.stringify({ type: "snapshot", seq: 1, part: 1, parts: 1, items }));
    });
    for (const language of ["en", "de", "ru"]) {
      await page.addInitScript((word) => localStorage.setItem("streamwarden.language", word), language);
      await open(page, "#/nowhere");
      await page.reload();
      await expect(page.locator("html")).toHaveAttribute("lang", language);
      await expect(page.locator(".top nav .count")).toContainText("24");
      await expect(page.locator(".account")).toHaveCount(login ? 1 : 0);
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 700 });
        // What hangs on the width is drawn anew a moment after it has changed.
        await expect.poll(() => tooWide(page), { message: `${language} ${width} px` }).toBe(0);
        // From the tablet on, every page of the navigation is in sight; on a phone it scrolls in itself.
        const hidden = () => page.locator(".top nav").evaluate((nav) => nav.scrollWidth - nav.clientWidth);
        if (width >= 768) await expect.poll(hidden, { message: `navigation, ${language} ${width} px` }).toBe(0);
      }
    }
  });
}
