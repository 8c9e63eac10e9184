// Days of recordings are days of whoever looks; a moment is reached by its address.

import { expect, test } from "@playwright/test";
import { open, recorded, recordTexts } from "./page";

for (const timezoneId of ["Asia/Tokyo", "America/Los_Angeles"]) {
  test.describe(timezoneId, () => {
    test.use({ timezoneId });

    test("a session that goes on is under today and under the day before", async ({ page }) => {
      const HOUR = 3_600_000;
      const at = (hours: number) => new Date(Date.now() - hours * HOUR).toISOString();
      const session = { id: "s1", server: "demo", stream: "far", startedAt: at(30), endedAt: null, endReason: null, segments: 10, durationMs: 30 * HOUR, bytes: 1 };
      await page.route("**/api/v1/recordings/far/sessions*", (route) => route.fulfill({ json: { items: [session], next: null } }));
      await page.route("**/api/v1/recordings/far/segments*", (route) => route.fulfill({ json: { items: [], next: null } }));
      await page.route("**/playlist.m3u8*", (route) => route.fulfill({ status: 404, body: "" }));
      await open(page, "#/recordings/demo/far");
      for (const day of ["Yesterday", "Today"]) {
        await page.getByRole("button", { name: day }).click();
        await expect(page.locator(".timeline .block")).toHaveCount(1);
        await expect(page.locator(".sessions li")).toHaveCount(1);
        // The strip is of that day.
        const [least, most] = await page.locator(".strip").evaluate((strip) => [Number(strip.getAttribute("aria-valuemin")), Number(strip.getAttribute("aria-valuemax"))]);
        expect((most ?? 0) - (least ?? 0)).toBeLessThan(26 * HOUR);
      }
    });
  });
}

test("an address with a moment opens there", async ({ page }) => {
  const { server, stream } = await recorded(page);
  const part = `${encodeURIComponent(server)}/${encodeURIComponent(stream)}`;
  const longest = async () => {
    const { items } = (await (await page.request.get(`/api/v1/recordings/${encodeURIComponent(stream)}/sessions?server=${encodeURIComponent(server)}`)).json()) as { items: { startedAt: string; durationMs: number }[] };
    return items.sort((a, b) => b.durationMs - a.durationMs)[0];
  };
  await expect.poll(async () => (await longest())?.durationMs ?? 0, { timeout: 90_000 }).toBeGreaterThan(10_000);
  const at = Date.parse((await longest())?.startedAt ?? "") + 7_000;
  await open(page);
  const texts = await recordTexts(page, ".clock time");
  await page.evaluate((hash) => (location.hash = hash), `#/recordings/${part}?at=${encodeURIComponent(new Date(at).toISOString())}`);
  const first = async () => (await texts()).find((one) => one !== "");
  await expect.poll(first, { timeout: 30_000 }).toBeTruthy();
  const [hours = 0, minutes = 0, seconds = 0] = ((await first()) ?? "").split(":").map(Number);
  const wanted = new Date(at);
  const off = hours * 3600 + minutes * 60 + seconds - (wanted.getHours() * 3600 + wanted.getMinutes() * 60 + wanted.getSeconds());
  expect(Math.abs(off)).toBeLessThanOrEqual(3);
});
