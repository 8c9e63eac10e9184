import { expect, test } from "@playwright/test";
import { open } from "./page";

test("pages, rows and the help are reached by keys, and typing is left alone", async ({ page }) => {
  await open(page);
  await expect(page.locator(".streams tbody tr").nth(1)).toBeVisible();
  await page.keyboard.press("j");
  await expect(page.locator(".streams tbody tr").first().locator(".name")).toBeFocused();
  await page.keyboard.press("j");
  await expect(page.locator(".streams tbody tr").nth(1).locator(".name")).toBeFocused();
  await page.keyboard.press("k");
  await expect(page.locator(".streams tbody tr").first().locator(".name")).toBeFocused();
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await expect(page.getByRole("heading", { level: 1, name: "Cameras" })).toBeVisible();
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keys" });
  await expect(help).toContainText("Next row");
  await page.keyboard.press("Escape");
  await expect(help).toHaveCount(0);
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await expect(page.getByLabel("Filter streams")).toBeVisible();
  await page.keyboard.press("/");
  await page.keyboard.type("jk?");
  await expect(page.getByLabel("Filter streams")).toHaveValue("jk?");
  await expect(help).toHaveCount(0);
});
