import { expect, test } from "@playwright/test";
import { complaints, open } from "./page";

/** A host that nobody measures again: it falls silent in eight seconds. */
const GONE = "e2e-gone";

async function report(request: import("@playwright/test").APIRequestContext): Promise<void> {
  const data = {
    name: GONE,
    at: new Date().toISOString(),
    interval: 1,
    cores: 4,
    cpu: null,
    load: null,
    memory: { total: 8e9, used: 7.6e9 },
    swap: null,
    pressure: null,
    disks: [
      { mount: "/", device: "/dev/vda1", total: 100e9, free: 4e9, usedPercent: 96, inodes: null, inodesFree: null, readRate: null, writeRate: null, forecast: "filling", daysUntilFull: 1.5, reason: null },
      { mount: "/nas", device: "nas:/x", total: null, free: null, usedPercent: null, inodes: null, inodesFree: null, readRate: null, writeRate: null, reason: "hangs: it has not answered since 2026-01-01T00:00:00Z" },
    ],
    networks: [],
    temperatures: [],
    mediamtx: null,
    unmeasured: { cpu: "the kernel does not tell", mediamtx: "no process that we may see is named mediamtx", swap: "this host has no swap" },
  };
  const answer = await request.post("/api/v1/hosts", { data });
  expect(answer.status()).toBe(204);
}

test("hosts are shown with what was measured, what was not, and those that are silent", async ({ page }) => {
  const found = complaints(page);
  await report(page.request);
  try {
    await open(page, "#/hosts");
    const here = page.locator(".host[data-state=live]").filter({ hasNotText: GONE }).first();
    await expect(here.locator(".cores")).toBeVisible({ timeout: 30_000 });
    await expect(here).toContainText(/Memory/);
    await expect(here).toContainText(/MediaMTX/);

    const gone = page.locator(`[data-host=${GONE}]`);
    await expect(gone).toContainText("the kernel does not tell");
    await expect(gone).toContainText("full in 1 d 12 h");
    await expect(gone).toHaveAttribute("data-state", "silent", { timeout: 30_000 });
    await expect(gone).toContainText("Nothing has been heard of it since");
    await expect(page.locator(".host").first()).toHaveAttribute("data-host", GONE);

    await gone.getByRole("link", { name: GONE }).click();
    await expect(page.getByRole("heading", { name: GONE })).toBeVisible();
    await expect(page.locator("[data-mount='/nas']")).toContainText("Hangs: it has not answered since");
    await expect(page.locator("[data-mount='/nas']")).toContainText("not measured");
    await expect(page.getByRole("heading", { name: "Not measured" })).toBeVisible();
    await page.goto("/#/incidents?open=1");
    await expect(page.locator(".incidents").getByRole("link", { name: GONE, exact: true })).toBeVisible();
    await expect(page.locator(".incidents").getByRole("link", { name: `/ of ${GONE}` })).toBeVisible();
  } finally {
    expect((await page.request.delete(`/api/v1/hosts/${GONE}`)).status()).toBe(204);
  }
  await open(page, "#/hosts");
  await expect(page.locator(".host").first()).toBeVisible();
  await expect(page.locator(`[data-host=${GONE}]`)).toHaveCount(0);
  expect(found).toEqual([]);
});

test("a host has charts of how it has been", async ({ page }) => {
  const found = complaints(page);
  await open(page, "#/hosts");
  await page.locator(".host[data-state=live] h2 a").first().click();
  for (const title of ["CPU", "Memory", "Network", "Disk space"]) {
    const chart = page.locator(`[data-chart="${title}"]`);
    await expect(chart.locator("canvas")).toBeVisible({ timeout: 30_000 });
    await expect(chart).not.toHaveAttribute("data-points", "0", { timeout: 30_000 });
  }
  await expect(page.locator('[data-chart="CPU"] .small-plot')).toHaveAttribute("aria-label", /Programs .*Kernel .*Stolen .*Waits for disk/);
  // A drag in any of them chooses a shorter span for all.
  await page.locator('[data-chart="Network"]').scrollIntoViewIfNeeded();
  const box = await page.locator('[data-chart="Network"] .u-over').boundingBox();
  if (box === null) throw new Error("the chart has no place");
  const asked = page.waitForRequest((request) => /hosts\/[^/]+\/history\?from=.+&to=/.test(request.url()));
  await page.mouse.move(box.x + box.width * 0.5, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, box.y + 30);
  await page.mouse.move(box.x + box.width * 0.75, box.y + 30);
  await page.mouse.up();
  await asked;
  await expect(page).toHaveURL(/from=.+&to=/);
  expect(found).toEqual([]);
});
