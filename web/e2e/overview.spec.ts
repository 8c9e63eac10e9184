// The first page: what is wrong is told first, with the way to mend it; columns, groups and the last day.

import { expect, test, type Page } from "@playwright/test";
import { add, cameras, clear } from "./api";
import { open } from "./page";

const START = "e2e-overview/";

test.afterEach(({ page }) => clear(page, START));

const problem = (page: Page, words: string) => page.locator(".problems li", { hasText: words });

test("a camera that is down is told first, with its reason, since when, and a restart", async ({ page }) => {
  const id = await add(page, { name: `${START}dead`, url: "rtsp://127.0.0.8:9/none", record: false });
  await open(page);
  const entry = problem(page, `${START}dead`);
  await expect(entry).toContainText("onnection refused");
  await expect(entry).toContainText(/for \d+ s/);
  await expect(entry.getByRole("link", { name: /^Log/ })).toHaveAttribute("href", `#/cameras/${id}`);
  // It is above everything else.
  const top = async (selector: string) => (await page.locator(selector).first().boundingBox())?.y ?? Infinity;
  expect(await top(".problems")).toBeLessThan(await top(".summary"));
  const restarted = page.waitForRequest((request) => request.url().endsWith(`/cameras/${id}/restart`));
  await entry.getByRole("button", { name: /^Restart/ }).click();
  await restarted;
  await page.request.delete(`/api/v1/cameras/${id}`);
  await expect(entry).toHaveCount(0);
});

test("cameras of one host that are down together are one entry, which shows them", async ({ page }) => {
  for (const number of [1, 2, 3]) await add(page, { name: `${START}box${number}`, url: `rtsp://127.0.0.9:9/${number}`, record: false });
  await open(page);
  const entry = page.locator(".problems li[data-kind=host]", { hasText: "127.0.0.9" });
  await expect(entry).toContainText("3 of 3 cameras at 127.0.0.9", { timeout: 60_000 });
  await expect(entry).toContainText(`${START}box2`);
  await entry.getByRole("button", { name: "Show them" }).click();
  await expect(page).toHaveURL(/q=127\.0\.0\.9/);
  await expect(page.locator(".streams tbody tr")).toHaveCount(3);
});

test("columns are chosen, kept by the browser and by the address", async ({ page, context }) => {
  await open(page);
  await page.locator(".menu summary").click();
  await page.getByRole("group", { name: "Columns" }).getByLabel("Readers").uncheck();
  await expect(page.getByRole("columnheader", { name: "Readers" })).toHaveCount(0);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("group", { name: "Columns" })).toBeHidden();
  const address = page.url();
  await page.goto("/#/");
  await page.reload();
  await expect(page.getByRole("columnheader", { name: "Bitrate" })).toBeVisible();
  await expect(page.getByRole("columnheader", { name: "Readers" })).toHaveCount(0);
  const other = await (await context.browser()?.newContext())?.newPage();
  if (other === undefined) throw new Error("no second browser");
  await other.goto(address);
  await expect(other.getByRole("columnheader", { name: "Bitrate" })).toBeVisible();
  await expect(other.getByRole("columnheader", { name: "Readers" })).toHaveCount(0);
  await other.context().close();
  await page.locator(".menu summary").click();
  await page.getByRole("button", { name: "Standard columns" }).click();
  await expect(page.getByRole("columnheader", { name: "Readers" })).toBeVisible();
});

test("streams are grouped by prefix, with the worst one shown, and a group opens", async ({ page }) => {
  await add(page, { name: `${START}dead`, url: "rtsp://127.0.0.1:9/none", record: false });
  await open(page);
  await page.getByLabel("Group by").selectOption("prefix");
  const group = page.locator(`.streams tr[data-group="${START.slice(0, -1)}"]`);
  await expect(group).toContainText("1 of 1 stream not live");
  await expect(group.getByRole("link", { name: `${START}dead` })).toBeVisible();
  // What is in trouble is above what is well.
  await expect(page.locator(".streams tr[data-group]").first()).not.toHaveAttribute("data-bad", "0");
  await expect(page.locator(".streams tr[data-name]")).toHaveCount(0);
  await group.getByRole("button").click();
  await expect(page.locator(`.streams tr[data-name="${START}dead"]`)).toBeVisible();
  await expect(page).toHaveURL(/group=prefix&open=e2e-overview/);
  await page.reload();
  await expect(page.locator(`.streams tr[data-name="${START}dead"]`)).toBeVisible();
  await page.getByLabel("Group by").selectOption("");
  await expect(page.locator(".streams tr[data-group]")).toHaveCount(0);
});

test("the last day of a stream shows when it was not live", async ({ page }) => {
  const cam1 = (await cameras(page)).find((one) => one.name === "cam1");
  const { url } = (await (await page.request.get(`/api/v1/cameras/${cam1?.id ?? 0}/settings`)).json()) as { url: string };
  const id = await add(page, { name: `${START}day`, url, record: false });
  await open(page);
  const row = page.locator(`.streams tr[data-name="${START}day"]`);
  await expect(row).toHaveAttribute("data-state", "live", { timeout: 60_000 });
  await expect(row.locator(".day i[data-state=live]").first()).toBeAttached();
  const dead = await page.request.patch(`/api/v1/cameras/${id}`, { data: { url: "rtsp://127.0.0.1:9/none" } });
  expect(dead.ok()).toBe(true);
  await expect(row).toHaveAttribute("data-state", "offline", { timeout: 60_000 });
  await expect(row.locator(".day i[data-state=offline]").last()).toHaveAttribute("title", /Offline \d\d:\d\d – \d\d:\d\d/);
  await expect(row.locator(".day small")).not.toHaveText(/^100 %/);
});

test("close rows: seventeen and more on one screen", async ({ page }) => {
  await page.routeWebSocket(/\/api\/v1\/ws(\?|$)/, (route) => {
    const items = Array.from({ length: 60 }, (_, number) => ({
      kind: "stream",
      item: { server: "main", name: `cam/${number}`, state: "live", since: "2026-01-01T00:00:00Z", sourceType: "rtspSource", bytesReceived: 1, bytesSent: 1, readers: 1, bitrate: 1, tracks: [{ codec: "H264", width: 640, height: 360 }, { codec: "Opus" }] },
    }));
    route.onMessage(() => undefined);
    route.send(JSON.stringify({ type: "snapshot", seq: 1, part: 1, parts: 1, items }));
  });
  await page.route("**/history*", (route) => route.fulfill({ json: { items: [], gaps: [] } }));
  await open(page);
  await page.getByRole("button", { name: "Dense" }).click();
  const row = page.locator(".streams tbody tr[data-name]").nth(3);
  await expect.poll(async () => (await row.boundingBox())?.height ?? Infinity).toBeLessThanOrEqual(42);
  await page.mouse.wheel(0, 600);
  await expect
    .poll(() => page.locator(".streams tbody tr[data-name]").evaluateAll((rows) => rows.filter((one) => one.getBoundingClientRect().top >= 100 && one.getBoundingClientRect().bottom <= innerHeight).length))
    .toBeGreaterThanOrEqual(17);
  await page.reload();
  await expect(page.getByRole("button", { name: "Dense" })).toHaveAttribute("aria-pressed", "true");
});
