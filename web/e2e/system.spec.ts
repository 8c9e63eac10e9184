import { expect, test } from "@playwright/test";
import { complaints, open } from "./page";

test("the tree of actors is drawn with states, and can be searched", async ({ page }) => {
  const found = complaints(page);
  await open(page, "#/system");
  const tree = page.getByRole("list", { name: "Actors" });
  await expect(tree.locator(".actor").first()).toContainText("root");
  await expect(tree.locator(".actor[data-health=running]").first()).toBeVisible();
  await expect(page.getByRole("rowheader", { name: "database" })).toBeVisible();
  // The media server with its version, since when it runs, and how often it was started anew.
  const server = page.getByRole("region", { name: "Media servers" }).getByRole("row", { name: "demo" });
  await expect(server).toContainText(/Answers/);
  await expect(server).toContainText(/MediaMTX v1\..*\d{4}-\d\d-\d\d/);
  await expect(server).toContainText("none");
  const all = await tree.locator(".actor").count();
  await page.getByLabel("Filter actors").fill("monitor");
  await expect.poll(() => tree.locator(".actor").count()).toBeLessThan(all);
  await expect(tree).toContainText("monitor");
  expect(found).toEqual([]);
});
