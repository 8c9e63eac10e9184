// The page in English, German and Russian: chosen once, kept, and by the browser's own language where nobody has chosen.

import { expect, test } from "@playwright/test";
import { complaints, open } from "./page";

test("a language is chosen and remembered", async ({ page }) => {
  const found = complaints(page);
  await open(page);
  await page.getByLabel("Language").selectOption("ru");
  await expect(page.getByRole("link", { name: "Камеры" })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "ru");
  await expect(page.locator(".streams tbody .badge").first()).toHaveText(/В эфире|Нет|Застыл/);
  await page.reload();
  await expect(page.getByRole("columnheader", { name: "Битрейт" })).toBeVisible();
  await page.getByLabel("Язык").selectOption("de");
  await expect(page.getByRole("columnheader", { name: "Zustand" })).toBeVisible();
  await page.getByRole("link", { name: "Kameras" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Kameras" })).toBeVisible();
  await expect(page.locator(".cameras .badge", { hasText: "Läuft" }).first()).toBeVisible({ timeout: 60_000 });
  await page.getByLabel("Sprache").selectOption("en");
  await expect(page.getByRole("heading", { level: 1, name: "Cameras" })).toBeVisible();
  expect(found).toEqual([]);
});

test.describe("in a German browser", () => {
  test.use({ locale: "de-DE" });
  test("the page is German, and no language is fetched that nobody reads", async ({ page }) => {
    const fetched: string[] = [];
    page.on("request", (request) => fetched.push(request.url()));
    await open(page);
    await expect(page.getByRole("columnheader", { name: "Zustand" })).toBeVisible();
    await page.goto("/#/recordings");
    await expect(page.getByRole("heading", { level: 1, name: "Aufnahmen" })).toBeVisible();
    expect(fetched.some((one) => /\/ru[-.]/.test(one))).toBe(false);
  });
});
