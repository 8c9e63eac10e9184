// `streamwarden demo --login`: a user of its own, whose password is printed once; and all that a demo shows.

import { expect, test } from "@playwright/test";
import { OwnProgram } from "./own_program";

test("the demo asks for the login that it has printed, and shows two servers, SRT, a host and a marked past", async ({ page }) => {
  const program = await OwnProgram.whole("--login");
  try {
    const [, name = "", password = ""] = /log in as (\S+) with the password (\S+) \(shown only here\)/.exec(program.output) ?? [];
    expect([name, password.length]).toEqual(["demo", 16]);
    expect(program.output.split(password).length, "it is printed once").toBe(2);
    expect((await page.request.get(`${program.url}/api/v1/cameras`)).status()).toBe(401);
    await page.goto(program.url);
    await page.getByLabel("User name").fill(name);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Log in" }).click();
    await expect(page.locator(".account")).toContainText("operator");
    // Both servers, and the last day of each stream with its outages.
    const row = (name: string) => page.locator(".streams tbody tr", { hasText: name });
    await expect(row("van")).toContainText("edge");
    await expect(row("cam1")).toContainText("demo");
    await expect(row("van").locator(".day i[data-state=offline]").first()).toBeVisible();
    await expect(row("van").locator(".day .sampled")).toHaveCount(1);
    await expect(page.locator(".sample-note")).toContainText("sample data");
    // A week of the link's figures, marked as well.
    await page.goto(`${program.url}/#/streams/edge/van?span=7d`);
    await expect(page.locator(".small-chart", { hasText: "Round trip" })).toContainText("ms");
    await expect(page.getByText("SRT publisher")).toBeVisible();
    await expect(page.locator(".graph .sample-note")).toContainText("sample data");
    await expect(page.locator(".graph .band .sampled")).toHaveCount(1);
    await page.goto(`${program.url}/#/incidents`);
    await expect(page.getByText("Sample data of the demo").first()).toBeVisible();
    // The host is measured now, and has a past.
    await page.goto(`${program.url}/#/hosts`);
    await page.locator(".hosts h2 a").first().click();
    await page.getByRole("button", { name: "7 d" }).click();
    await expect(page.locator(".graph .sample-note")).toContainText("sample data");
  } finally {
    await program.stop();
  }
});
