// What one does by mistake can be undone, what is in trouble can be acted on where it is seen, and long lists are filtered.

import { expect, test } from "@playwright/test";
import { add, cameras, clear } from "./api";
import { open, recorded } from "./page";

const START = "e2e-safe/";

test.afterEach(({ page }) => clear(page, START));

test("switching a camera off is undone by one click", async ({ page }) => {
  const id = await add(page, { name: `${START}switch`, url: "rtsp://127.0.0.1:9/none", record: false });
  await open(page, "#/cameras");
  const row = page.locator(`.cameras tr[data-camera="${id}"]`);
  await row.getByRole("switch").click();
  const enabled = async () => (await cameras(page)).find((one) => one.id === id)?.enabled;
  await expect.poll(enabled).toBe(false);
  await expect(row.getByRole("switch")).toHaveAttribute("aria-checked", "false");
  await page.locator(".toast", { hasText: `${START}switch` }).getByRole("button", { name: "Undo" }).click();
  await expect.poll(enabled).toBe(true);
  await expect(row.getByRole("switch")).toHaveAttribute("aria-checked", "true");
});

test("the page of a stream that is down shows its camera's trouble, a restart, the log and the minute before", async ({ page }) => {
  const name = `${START}down`;
  const id = await add(page, { name, url: "rtsp://127.0.0.1:9/none", record: false });
  const server = (await cameras(page)).find((one) => one.id === id) as unknown as { server: string };
  await open(page, `#/streams/${server.server}/${encodeURIComponent(name)}`);
  const panel = page.locator(".camera-trouble");
  await expect(panel.locator(".badge")).toHaveText(/Retrying|Degraded/, { timeout: 60_000 });
  await expect(page.locator("main")).toContainText("onnection refused");
  await expect(panel.getByRole("link", { name: "Log" })).toHaveAttribute("href", `#/cameras/${id}`);
  const before = (await panel.getByRole("link", { name: "See the last minute before" }).getAttribute("href")) ?? "";
  const at = Date.parse(new URLSearchParams(before.split("?")[1]).get("at") ?? "");
  const since = Date.parse(((await cameras(page)).find((one) => one.id === id) as unknown as { downSince: string }).downSince);
  expect(Math.abs(since - 60_000 - at)).toBeLessThan(2_000);
  const restarted = page.waitForRequest((request) => request.url().endsWith(`/cameras/${id}/restart`));
  await panel.getByRole("button", { name: /^Restart/ }).click();
  await restarted;
});

test("cameras are filtered, and the address keeps it", async ({ page }) => {
  for (let number = 0; number < 6; number += 1) await add(page, { name: `${START}many${number}`, url: "rtsp://127.0.0.1:9/none", record: false, enabled: false });
  await open(page, "#/cameras");
  await page.getByLabel("Filter cameras").fill("safe many3");
  await expect(page.locator(".cameras tbody tr")).toHaveCount(1);
  await expect(page).toHaveURL(/q=safe\+many3/);
  await page.reload();
  await expect(page.getByLabel("Filter cameras")).toHaveValue("safe many3");
  await expect(page.locator(".cameras tbody tr")).toHaveCount(1);
  await page.getByLabel("Filter cameras").fill("no such camera");
  await page.getByRole("button", { name: "Show all cameras" }).click();
  await expect(page.locator(".cameras tbody tr").nth(5)).toBeVisible();
});

test("recordings are filtered", async ({ page }) => {
  const { server, stream } = await recorded(page);
  await page.route("**/api/v1/recordings", async (route) => {
    const items = Array.from({ length: 9 }, (_, number) => ({ server, stream: `other/${number}`, sessions: 1, segments: 1, bytes: 1, durationMs: 1, first: "2026-01-01T00:00:00Z", last: "2026-01-01T00:00:00Z" }));
    const answer = (await (await route.fetch()).json()) as { items: unknown[] };
    await route.fulfill({ json: { ...answer, items: [...answer.items, ...items] } });
  });
  await open(page, "#/recordings");
  await page.getByLabel("Filter recordings").fill("other 7");
  await expect(page.locator(".recordings tbody tr")).toHaveCount(1);
  await page.getByLabel("Filter recordings").fill(stream);
  await expect(page.getByRole("link", { name: stream, exact: true })).toBeVisible();
});

test("incidents are filtered by words and kind, and the address keeps it", async ({ page }) => {
  const name = `${START}incident`;
  await add(page, { name, url: "rtsp://127.0.0.1:9/none", record: false });
  await open(page, "#/incidents");
  const rows = page.locator("[data-incident]");
  await expect(rows.filter({ hasText: name }).first()).toBeVisible({ timeout: 60_000 });
  await page.getByLabel("Filter incidents").fill(name);
  await expect(rows.filter({ hasNotText: name })).toHaveCount(0);
  await page.getByLabel("Kind").selectOption("serverDown");
  await expect(rows).toHaveCount(0);
  await expect(page).toHaveURL(/kind=serverDown/);
  await page.getByLabel("Kind").selectOption("");
  await expect(rows.first()).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Filter incidents")).toHaveValue(name);
});

test("several cameras are switched off after one question, and the others stay as they are", async ({ page }) => {
  for (const name of ["one", "two", "three"]) await add(page, { name: `${START}${name}`, url: "rtsp://127.0.0.1:9/none", record: false });
  await open(page, "#/cameras");
  await page.getByRole("button", { name: "Select several cameras" }).click();
  for (const name of ["one", "two"]) await page.getByRole("checkbox", { name: `Select ${START}${name}` }).check();
  const bar = page.getByRole("group", { name: "Select several cameras" });
  await expect(bar).toContainText("2 cameras selected");
  await bar.getByRole("button", { name: "Switch off" }).click();
  const dialog = page.getByRole("dialog", { name: "Switch off 2 cameras?" });
  await expect(dialog.getByRole("listitem")).toHaveText([`${START}one`, `${START}two`]);
  await dialog.getByRole("button", { name: "Switch off" }).click();
  await expect(page.locator(".toast", { hasText: "Switched off 2 cameras" })).toBeVisible();
  const enabled = async () => (await cameras(page)).filter((one) => one.name.startsWith(START)).map((one) => [one.name.slice(START.length), one.enabled]);
  await expect.poll(enabled).toEqual(expect.arrayContaining([["one", false], ["two", false], ["three", true]]));
  // Nothing is left to be switched off, and both can be switched on again.
  await expect(bar.getByRole("button", { name: "Switch off" })).toBeDisabled();
  await expect(bar.getByRole("button", { name: "Switch on" })).toBeEnabled();
});
