import { expect, test } from "@playwright/test";
import { add, clear } from "./api";
import { open } from "./page";

const START = "e2e-maintenance/";

test.afterEach(({ page }) => clear(page, START));

test("an incident is acknowledged and noted, and a camera in maintenance is no trouble until it ends", async ({ page }) => {
  const id = await add(page, { name: `${START}a`, url: "rtsp://127.0.0.1:9/a", record: false });
  await open(page, "#/incidents");
  await page.getByLabel("Filter incidents").fill(`${START}a`);
  const row = page.locator(".incidents li[data-open]", { hasText: `${START}a` }).filter({ hasText: "Down" }).first();
  await expect(row).toContainText("onnection refused", { timeout: 60_000 });
  await row.getByRole("button", { name: "Acknowledge" }).click();
  await page.getByLabel("Note (optional)").fill("a ladder is needed");
  await page.locator("dialog").getByRole("button", { name: "Acknowledge" }).click();
  await expect(row).toContainText("Seen by anonymous");
  await expect(row).toContainText("a ladder is needed");
  await expect(row.getByRole("button", { name: "Acknowledge" })).toHaveCount(0);
  await row.getByRole("button", { name: "Add note" }).click();
  await page.getByLabel("Note", { exact: true }).fill("it is on its way");
  await page.locator("dialog").getByRole("button", { name: "Add note" }).click();
  await expect(row).toContainText("it is on its way");
  const seen = await row.getAttribute("data-incident");
  await page.getByRole("button", { name: "Not acknowledged" }).click();
  await expect(page.locator(`[data-incident="${seen ?? ""}"]`)).toHaveCount(0);

  await open(page, `#/cameras/${id}`);
  await page.getByRole("button", { name: "Maintenance" }).click();
  await page.getByRole("combobox", { name: "For" }).selectOption({ label: "4 hours" });
  await page.getByLabel("Reason").fill("the lens is cleaned");
  await page.getByRole("button", { name: "Start maintenance" }).click();
  await expect(page.locator(".maintenance-note")).toContainText("the lens is cleaned (anonymous)");
  const excused = await page.request.get("/api/v1/maintenance");
  expect(await excused.json()).toMatchObject({ items: [{ key: `camera:${id}`, reason: "the lens is cleaned" }] });
  // What was open has ended with it.
  await open(page, "#/incidents?open=1");
  await page.getByLabel("Filter incidents").fill(`${START}a`);
  await expect(page.locator(".incidents li")).toHaveCount(0);
  await open(page, `#/cameras/${id}`);
  await page.getByRole("button", { name: "End maintenance" }).click();
  await expect(page.locator(".maintenance-note")).toHaveCount(0);
  await open(page, "#/incidents?open=1");
  await page.getByLabel("Filter incidents").fill(`${START}a`);
  await expect(page.locator(".incidents li").first()).toContainText("onnection refused");
});
