import { expect, test } from "@playwright/test";
import { faults } from "./axe";
import { add, clear } from "./api";
import { open } from "./page";

const START = "e2e-incidents/";

test.afterEach(({ page }) => clear(page, START));

test("what lasts is counted on every page, and listed with its way to the camera", async ({ page }) => {
  const ids = [await add(page, { name: `${START}a`, url: "rtsp://127.0.0.1:9/a", record: false }), await add(page, { name: `${START}b`, url: "rtsp://127.0.0.1:9/b", record: false })];
  await open(page, "#/incidents");
  for (const [index, id] of ids.entries()) {
    const row = page.locator(".incidents li[data-open]", { hasText: `${START}${"ab"[index] ?? ""}` });
    await expect(row.first()).toContainText("onnection refused", { timeout: 60_000 });
    await expect(row.first().locator(".subject a")).toHaveAttribute("href", `#/cameras/${id}`);
  }
  // Asked for every ten seconds.
  await page.getByRole("link", { name: "Cameras", exact: true }).click();
  const counted = async () => Number.parseInt((await page.locator(".top nav .count").textContent()) ?? "0");
  await expect.poll(counted, { timeout: 40_000 }).toBeGreaterThanOrEqual(1);

  await page.getByRole("link", { name: /^Incidents/ }).click();
  // What follows from another is no trouble of its own: the number is that of the lines of the page.
  const more = async () => [await page.locator(".incident-panel > ol > li[data-open]").count(), Number.parseInt((await page.locator("#incidents-title + .lead").textContent()) ?? "")].map(async (one) => one - (await counted()));
  await expect.poll(async () => Promise.all(await more()), { timeout: 40_000 }).toEqual([0, 0]);
  await page.getByLabel("Filter incidents").fill(`${START}a`);
  await page.getByRole("button", { name: "Open only" }).click();
  await expect(page.locator(".incidents li")).toHaveCount(1);
  await page.reload();
  await expect(page.getByLabel("Filter incidents")).toHaveValue(`${START}a`);
  await expect(page.locator(".incidents li")).toHaveCount(1);
});

test("where the fault lies is said, and what follows from another incident is folded under it", async ({ page }) => {
  await add(page, { name: `${START}judged`, url: "rtsp://127.0.0.1:9/a", record: false });
  await open(page, "#/incidents");
  const real = page.locator(".incidents li[data-open]", { hasText: `${START}judged` }).first();
  await expect(real.locator(".verdict")).toContainText("Nobody listens at the camera's port", { timeout: 60_000 });
  await expect(real.locator(".verdict .try")).toContainText("Restart the camera");

  // A switch cannot be had here: the list is the test's.
  const verdict = (root: string | null) => ({ cause: "networkSegment", confidence: "high", summary: "a switch", evidence: [{ part: "network", finding: "manyDown", name: "10.0.3.0/24", at: null, count: 40, of: 40, text: "x" }], tryNext: [{ step: "lookAtSwitch", text: "x" }], root });
  const one = (number: number, root: string | null) => ({ id: `0190a000-0000-7000-8000-0000000000${String(number).padStart(2, "0")}`, kind: "cameraDown", subject: { type: "camera", id: 9_000 + number, name: `${START}hall${number}` }, cause: "no answer", openedAt: "2026-11-29T03:12:07Z", closedAt: null, acknowledged: null, notes: [], verdict: verdict(root) });
  const root = one(1, null);
  const items = [...Array.from({ length: 39 }, (_, index) => one(index + 2, root.id)), root];
  await page.route("**/api/v1/incidents?*", (route) => route.fulfill({ json: { items, next: null } }));
  await page.reload();
  const first = page.locator(".incident-panel > .incidents > li");
  await expect(first).toHaveCount(1);
  await expect(first.locator(".verdict").first()).toContainText("Network 10.0.3.0/24: 40 of 40 cameras do not answer");
  const follows = first.locator("details.follows");
  await expect(follows.locator("summary")).toHaveText("39 more follow from it");
  await expect(follows.getByText(`${START}hall7`, { exact: true })).toBeHidden();
  await follows.locator("summary").click();
  await expect(follows.getByText(`${START}hall7`, { exact: true })).toBeVisible();
  await expect(follows.locator("li")).toHaveCount(39);
  expect(await faults(page)).toEqual([]);
  await page.unrouteAll({ behavior: "ignoreErrors" });
});
