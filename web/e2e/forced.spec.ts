// Forced colours take backgrounds away: what they told is told by other means.

import { expect, test } from "@playwright/test";
import { open, recorded } from "./page";

test.use({ contextOptions: { forcedColors: "active" } });

test("blocks of a day, the chosen tile and the current page are seen", async ({ page }) => {
  const { server, stream } = await recorded(page);
  await open(page);
  const tile = page.getByRole("button", { name: /live/ });
  const outline = () => tile.evaluate((element) => getComputedStyle(element).outlineStyle);
  expect(await outline()).toBe("none");
  await tile.click();
  await expect.poll(outline).toBe("solid");
  expect(await page.locator(".top nav a[aria-current]").evaluate((element) => getComputedStyle(element).outlineStyle)).toBe("solid");

  await open(page, `#/recordings/${encodeURIComponent(server)}/${encodeURIComponent(stream)}`);
  const block = page.locator(".timeline .block").first();
  await expect(block).toBeVisible();
  const colour = (selector: string) => page.locator(selector).first().evaluate((element) => getComputedStyle(element).backgroundColor);
  expect(await colour(".timeline .block")).not.toBe(await colour(".timeline .strip"));
});
