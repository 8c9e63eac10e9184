import { expect, test } from "@playwright/test";
import { add, clear } from "./api";
import { open, recorded, tooWide } from "./page";

const START = "e2e-phone/";

test.use({ viewport: { width: 360, height: 740 } });

test.afterEach(({ page }) => clear(page, START));

test("no page of the app is wider than a phone, also with open incidents counted", async ({ page }) => {
  await add(page, { name: `${START}${"a-name-without-blanks-".repeat(4)}`, url: `rtsp://127.0.0.1:9/${"x".repeat(80)}`, record: false });
  await open(page, "#/incidents");
  await expect(page.locator(".top nav .count")).toBeVisible({ timeout: 60_000 });
  const { server, stream } = await recorded(page);
  const part = `${encodeURIComponent(server)}/${encodeURIComponent(stream)}`;
  for (const route of ["#/", `#/streams/${part}`, "#/cameras", "#/cameras/1", "#/recordings", `#/recordings/${part}`, "#/incidents", "#/hosts", "#/system", "#/wall", "#/nowhere"]) {
    await open(page, route);
    await expect(page.locator(".page")).toBeVisible();
    await page.waitForLoadState("networkidle");
    // Its table comes after the rest.
    if (route.startsWith("#/streams/")) {
      await expect(page.locator(".session-table tbody tr").first()).toBeVisible();
      const closest = () =>
        page.locator(".way-list details[open] li code").evaluateAll((all) => {
          const lines = all.map((one) => one.getBoundingClientRect());
          return Math.min(...lines.slice(1).map((line, index) => line.top - (lines[index]?.bottom ?? 0)));
        });
      await expect.poll(closest, { message: "between two addresses" }).toBeGreaterThanOrEqual(6);
    }
    await expect(page.locator(".top nav .count")).toBeVisible();
    await expect.poll(() => tooWide(page), { message: route }).toBe(0);
    const beyond = () => page.locator(".as-cards :is(td, th)").evaluateAll((cells) => cells.filter((one) => one.closest("thead") === null && one.getBoundingClientRect().right > innerWidth).map((one) => one.textContent));
    await expect.poll(beyond, { message: `out of sight at ${route}` }).toEqual([]);
  }
});

test("the form for a camera fits a phone and can be closed", async ({ page }) => {
  await open(page, "#/cameras");
  await page.getByRole("button", { name: "Add camera" }).click();
  const dialog = page.getByRole("dialog");
  const box = await dialog.boundingBox();
  expect(box?.width).toBeLessThanOrEqual(360);
  // Asked until it holds: the dialog slides in.
  const bottom = async () => {
    const now = await dialog.boundingBox();
    return (now?.y ?? 0) + (now?.height ?? 0);
  };
  await expect.poll(bottom).toBeLessThanOrEqual(741);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toHaveCount(0);
});
