// `streamwarden demo --login`: a user of its own, whose password is printed once.

import { expect, test } from "@playwright/test";
import { OwnProgram } from "./own_program";

test("the demo asks for the login that it has printed", async ({ page }) => {
  const program = await OwnProgram.start("--login");
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
    await expect(page.locator(".streams tbody tr").first()).toBeVisible();
  } finally {
    await program.stop();
  }
});
