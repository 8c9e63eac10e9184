import { expect, test } from "@playwright/test";
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
  await expect.poll(async () => Number.parseInt((await page.locator(".top nav .count").textContent()) ?? "0"), { timeout: 40_000 }).toBeGreaterThanOrEqual(2);

  await page.getByRole("link", { name: /^Incidents/ }).click();
  await page.getByLabel("Filter incidents").fill(`${START}a`);
  await page.getByRole("button", { name: "Open only" }).click();
  await expect(page.locator(".incidents li")).toHaveCount(1);
  await page.reload();
  await expect(page.getByLabel("Filter incidents")).toHaveValue(`${START}a`);
  await expect(page.locator(".incidents li")).toHaveCount(1);
});
