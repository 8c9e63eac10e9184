// The page for viewers: no script, both colours, a phone, three languages, and what axe finds.

import { expect, test } from "@playwright/test";
import { faults } from "./axe";
import { complaints, tooWide } from "./page";

for (const [colorScheme, width, height] of [
  ["light", 1200, 900],
  ["dark", 360, 740],
] as const) {
  test(`${colorScheme}, ${width.toString()} wide`, async ({ browser, baseURL }) => {
    // axe needs scripts in the page; the page itself has none.
    const context = await browser.newContext({ colorScheme, viewport: { width, height }, baseURL: baseURL ?? "", locale: "de-AT" });
    const page = await context.newPage();
    const found = complaints(page);
    // A demo that has just begun knows nothing yet, and what is told is some seconds old.
    const isKnown = async () => {
      const { items } = (await (await page.request.get("/api/v1/status-page")).json()) as { items: { uptime: number | null }[] };
      return items.length > 0 && items[0]?.uptime !== null;
    };
    await expect.poll(isKnown, { message: "something was measured", timeout: 60_000 }).toBe(true);
    const answer = await page.goto("/status");
    expect(answer?.status()).toBe(200);
    expect(await page.locator("script").count()).toBe(0);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Streamwarden demo");
    await expect(page.locator("html")).toHaveAttribute("lang", "de");
    const first = page.getByRole("img").first();
    await expect(first).toHaveAccessibleName(/die letzten 90 Tage: Von der bekannten Zeit gelaufen: [\d,]+\s% · Nicht bekannt: >\s99\s%\. Tage mit Ausfällen: \d+/);
    const columns = await first.evaluate((drawing) => {
      const joined = [...drawing.querySelectorAll("path")].map((path) => (path.getAttribute("d") ?? "").split("M").length - 1);
      return joined.reduce((sum, count) => sum + count, drawing.querySelectorAll("g").length);
    });
    expect(columns, "a column for each day").toBe(90);
    expect(await tooWide(page), "nothing is cut off").toBe(0);
    expect(await faults(page)).toEqual([]);
    const shot = process.env["SHOTS"];
    if (shot !== undefined) await page.screenshot({ path: `${shot}/status-${colorScheme}-${width.toString()}.png` });
    await page.getByRole("link", { name: "Русский" }).click();
    await expect(page.locator("html")).toHaveAttribute("lang", "ru");
    expect(found).toEqual([]);
    await context.close();
  });
}

test("the page of health leads to it", async ({ page }) => {
  await page.goto("/#/health");
  await page.getByRole("link", { name: "Page for viewers" }).click();
  await expect(page).toHaveURL(/\/status$/);
});

test("it is there without scripts, and the browser may keep it for some seconds", async ({ browser, baseURL }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL: baseURL ?? "" });
  const page = await context.newPage();
  const answer = await page.goto("/status");
  expect(answer?.headers()["cache-control"]).toBe("public, max-age=15");
  await expect(page.getByRole("heading", { name: "Streams" })).toBeVisible();
  await context.close();
});
