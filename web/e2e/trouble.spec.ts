import { expect, test } from "@playwright/test";
import { add, cameras, clear } from "./api";
import { open } from "./page";

const START = "e2e-trouble/";

test.afterEach(({ page }) => clear(page, START));

test("a camera that never came up is on the first page, in the title and in the icon, until it is deleted", async ({ page }) => {
  await open(page);
  const icon = page.locator('link[rel="icon"]');
  const id = await add(page, { name: `${START}wrong`, url: "rtsp://127.0.0.1:9/nothing", record: false });
  const row = page.locator(`.streams tbody tr[data-name="${START}wrong"]`);
  await expect(row).toHaveAttribute("data-state", "offline");
  await expect(row.locator(".c-state .reason")).toContainText("onnection refused");
  await expect(row.locator(".of-camera")).toHaveAttribute("href", `#/cameras/${id}`);
  await expect(page).toHaveTitle(/^⚠ \d+ not live/);
  await expect(icon).toHaveAttribute("href", /trouble/);

  // Every page says so, and the tile shows these alone.
  await page.getByRole("button", { name: /offline/ }).click();
  await expect(row).toBeVisible();
  await page.getByRole("link", { name: "Recordings", exact: true }).click();
  await expect(page).toHaveTitle(/^⚠ \d+ not live/);

  await page.getByRole("link", { name: "Streams", exact: true }).click();
  await expect(row).toBeVisible();
  await page.request.delete(`/api/v1/cameras/${id}`);
  await expect(row).toHaveCount(0);
});

test("the stream of a deleted camera goes with it", async ({ page }) => {
  const cam1 = (await cameras(page)).find((one) => one.name === "cam1");
  const { url } = (await (await page.request.get(`/api/v1/cameras/${cam1?.id ?? 0}/settings`)).json()) as { url: string };
  const id = await add(page, { name: `${START}short`, url, record: false });
  await open(page);
  const row = page.locator(`.streams tbody tr[data-name="${START}short"]`);
  await expect(row).toHaveAttribute("data-state", "live", { timeout: 60_000 });
  await page.request.delete(`/api/v1/cameras/${id}`);
  await expect(row).toHaveCount(0, { timeout: 60_000 });
});
