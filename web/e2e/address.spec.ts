// What the address keeps: filters, states, and what is no page at all.

import { expect, test } from "@playwright/test";
import { open } from "./page";

test("Back brings filter and tile again, and so does the address in another tab", async ({ page, context }) => {
  await open(page);
  await page.getByLabel("Filter streams").fill("cam2");
  await page.getByRole("button", { name: /live/ }).click();
  await expect(page).toHaveURL(/q=cam2&state=live/);
  await page.locator(".streams .name").first().click();
  await expect(page.getByRole("heading", { level: 1, name: "cam2" })).toBeVisible();
  await page.goBack();
  await expect(page.getByLabel("Filter streams")).toHaveValue("cam2");
  await expect(page.locator(".streams tbody tr")).toHaveCount(1);
  const other = await context.newPage();
  await other.goto(page.url());
  await expect(other.getByLabel("Filter streams")).toHaveValue("cam2");
  await expect(other.getByRole("button", { name: /live/ })).toHaveAttribute("aria-pressed", "true");
  await expect(other.locator(".streams tbody tr")).toHaveCount(1);
});

test("an address that is none says so", async ({ page }) => {
  const answer = await page.goto("/nope");
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/no such page/);
  await page.getByRole("link", { name: "See the streams" }).click();
  await expect(page.getByRole("table")).toBeVisible();
  await open(page, "#/nonsense");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/no such page/);
  await expect(page).toHaveTitle(/No such page/);
});

test("an address without its # leads to the page that is meant", async ({ page }) => {
  const answer = await page.goto("/system");
  expect(answer?.status()).toBe(200);
  await expect(page).toHaveURL(/\/#\/system$/);
  await expect(page.getByRole("heading", { level: 1, name: "System" })).toBeVisible();
});
