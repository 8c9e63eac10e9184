// Logging in and out, what a viewer may do, and sessions that end while the page is open: against a program of its own.

import { expect, test, type Page } from "@playwright/test";
import { faults } from "./axe";
import { OwnProgram } from "./own_program";

const PASSWORD = "correct horse battery";
let program: OwnProgram;

test.beforeAll(async () => {
  program = await OwnProgram.start();
  for (const [name, role] of [
    ["anna", "operator"],
    ["vera", "viewer"],
    ["otto", "operator"],
  ] as const) {
    program.addUser(name, role, PASSWORD);
  }
});
test.afterAll(() => program.stop());

/** The running program reads who may log in every 2 s. */
async function asked(page: Page): Promise<void> {
  await expect.poll(async () => ((await (await page.request.get(`${program.url}/api/v1/session`)).json()) as { loginRequired: boolean }).loginRequired).toBe(true);
}

async function enter(page: Page, name: string, password: string): Promise<void> {
  const card = page.locator(".login-card");
  await card.getByLabel("User name").fill(name);
  await card.getByLabel("Password").fill(password);
  await card.getByRole("button", { name: "Log in" }).click();
}

async function logIn(page: Page, name: string, password = PASSWORD): Promise<void> {
  await enter(page, name, password);
  await answered(page);
}

/** Until there is an answer. The attempts of all tests come from one address, so one may have to wait for its turn. */
async function answered(page: Page): Promise<void> {
  const card = page.locator(".login-card");
  await expect(async () => {
    if ((await card.count()) === 0) return;
    const refused = await card.locator(".form-fault").textContent({ timeout: 1_000 });
    if (refused?.startsWith("Too many attempts") === true) await card.getByRole("button", { name: "Log in" }).click({ timeout: 20_000 });
    expect(refused).not.toMatch(/^$|^Too many attempts/);
  }).toPass({ timeout: 60_000, intervals: [50, 100, 250] });
}

async function openAs(page: Page, name: string, route = ""): Promise<void> {
  await asked(page);
  await page.goto(`${program.url}/${route}`);
  await logIn(page, name);
  await expect(page.locator(".pulse")).toHaveAttribute("data-phase", "open");
}

// First: its attempts count, and in its dialog nobody waits for a turn.
test("a user changes the own password and goes on", async ({ page }) => {
  await openAs(page, "otto");
  await page.getByRole("button", { name: /Logged in as otto/ }).click();
  const dialog = page.getByRole("dialog", { name: "Change your password" });
  await dialog.getByLabel("Password until now").fill("not the password");
  await dialog.getByLabel("New password").fill("another long password");
  await dialog.getByRole("button", { name: "Change password" }).click();
  await expect(dialog.locator("#field-current-fault")).toContainText("Is not the password of this user");
  await dialog.getByLabel("Password until now").fill(PASSWORD);
  await dialog.getByRole("button", { name: "Change password" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.locator(".pulse")).toHaveAttribute("data-phase", "open");
  await page.getByRole("button", { name: "Log out" }).click();
  await logIn(page, "otto", "another long password");
  await expect(page.locator(".account")).toContainText("otto");
});

test("asks for a login, refuses a wrong password, and opens the address that was wanted", async ({ page }) => {
  await asked(page);
  const refused: string[] = [];
  page.on("response", (response) => {
    if (response.status() === 401) refused.push(response.url());
  });
  await page.goto(`${program.url}/#/cameras`);
  await expect(page.getByRole("heading", { name: "Log in" })).toBeVisible();
  await expect(page).toHaveTitle(/^Log in/);
  await expect(page.locator(".shell")).toHaveCount(0);
  await expect(page.getByLabel("User name")).toBeFocused();
  expect(refused).toEqual([]);

  await logIn(page, "anna", "not the password");
  await expect(page.getByRole("alert")).toHaveText("The name or the password is wrong.");
  await expect(page.getByLabel("Password")).toHaveValue("");
  await expect(page.getByLabel("Password")).toBeFocused();
  await logIn(page, "anna");
  await expect(page.getByRole("heading", { name: "Cameras" })).toBeVisible();
  await expect(page.locator(".pulse")).toHaveAttribute("data-phase", "open");
  await expect(page.locator(".account")).toContainText("anna");
  await expect(page.locator(".account")).toContainText("operator");
  await expect(page.getByRole("button", { name: "Add camera" })).toBeVisible();
  const cookie = (await page.context().cookies()).find((one) => one.name === "streamwarden_session");
  expect([cookie?.httpOnly, cookie?.sameSite]).toEqual([true, "Strict"]);
});

test("a viewer sees no buttons of operators, and what is forced is refused", async ({ page }) => {
  await openAs(page, "vera", "#/cameras");
  await expect(page.locator(".cameras tbody tr").first()).toBeVisible();
  await expect(page.locator(".view-only")).toHaveText("You can look, not change: vera is a viewer. Changes need an operator.");
  for (const name of [/^Add/, /^Import/, /^Restart /, /^Edit/, /^Delete/]) await expect(page.getByRole("button", { name })).toHaveCount(0);
  await expect(page.getByRole("switch").first()).toBeDisabled();
  const forced = await page.evaluate(async () => {
    const answers = [];
    for (const [method, url] of [
      ["POST", "api/v1/cameras/1/restart"],
      ["DELETE", "api/v1/cameras/1"],
      ["GET", "api/v1/users"],
      ["GET", "api/v1/audit"],
    ] as const) {
      answers.push((await fetch(url, { method })).status);
    }
    return answers;
  });
  expect(forced).toEqual([403, 403, 403, 403]);
  await page.locator(".cameras tbody tr .name").first().click();
  await expect(page.locator(".camera .view-only")).toBeVisible();
  await expect(page.getByRole("button", { name: "Probe now" })).toHaveCount(0);

  // Another role counts without another login.
  program.sql("UPDATE login_users SET role = 'operator' WHERE name = 'vera'");
  await page.getByRole("link", { name: "Cameras", exact: true }).first().click();
  await expect
    .poll(async () => {
      await page.reload();
      await expect(page.locator(".pulse")).toHaveAttribute("data-phase", "open");
      return page.getByRole("button", { name: "Add camera" }).count();
    })
    .toBe(1);
  program.sql("UPDATE login_users SET role = 'viewer' WHERE name = 'vera'");
});

for (const [how, statement] of [
  ["revoked", "DELETE FROM login_sessions"],
  ["expired", "UPDATE login_sessions SET expires_at = created_at"],
] as const) {
  test(`a session that was ${how} leads to the login and back, with what was typed`, async ({ page }) => {
    await openAs(page, "anna", "#/cameras?q=cam");
    await page.getByRole("button", { name: "Add camera" }).click();
    await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("frontdoor");
    program.sql(statement);
    const login = page.getByRole("dialog", { name: "Log in again" });
    await expect(login).toBeVisible({ timeout: 60_000 });
    await expect(page).toHaveTitle("Log in · Streamwarden");
    await expect(login).toContainText("The session of anna has ended. What you had open is still here.");
    await expect(login.getByLabel("User name")).toHaveValue("anna");
    await expect(login.getByLabel("Password")).toBeFocused();
    // Nothing but a login leads back.
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await expect(login).toBeVisible();
    const asks: string[] = [];
    page.on("request", (request) => asks.push(request.url()));
    await login.getByLabel("Password").fill(PASSWORD);
    expect(asks, "nothing is asked meanwhile").toEqual([]);
    await login.getByRole("button", { name: "Log in" }).click();
    await answered(page);
    await expect(login).toHaveCount(0);
    await expect(page.getByRole("dialog").getByLabel("Name", { exact: true })).toHaveValue("frontdoor");
    expect(page.url()).toContain("#/cameras?q=cam");
    await expect(page).toHaveTitle(/Cameras · Streamwarden$/);
    await expect(page.locator(".pulse")).toHaveAttribute("data-phase", "open");
  });
}

test("another user who logs in finds nothing of what was typed", async ({ page }) => {
  await openAs(page, "anna", "#/cameras");
  await page.getByRole("button", { name: "Add camera" }).click();
  await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill("frontdoor");
  program.sql("DELETE FROM login_sessions");
  await expect(page.getByRole("dialog", { name: "Log in again" })).toBeVisible({ timeout: 60_000 });
  await logIn(page, "vera");
  await expect(page.locator(".account")).toContainText("vera");
  await expect(page.locator("dialog")).toHaveCount(0);
});

test("logging out ends the session and shows nothing any more", async ({ page }) => {
  await openAs(page, "anna", "#/recordings");
  const cookies = await page.context().cookies();
  await page.getByRole("button", { name: "Log out" }).click();
  await expect(page.getByRole("heading", { name: "Log in", exact: true })).toBeVisible();
  await expect(page.locator(".shell")).toHaveCount(0);
  // The cookie of before is worth nothing, wherever it was copied to.
  const kept = cookies.map((one) => `${one.name}=${one.value}`).join("; ");
  expect((await page.request.get(`${program.url}/api/v1/cameras`, { headers: { cookie: kept } })).status()).toBe(401);
  await logIn(page, "anna");
  await expect(page.getByRole("heading", { name: "Recordings" })).toBeVisible();
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: "reduce" } });

    test("axe finds nothing on the login views", async ({ page }) => {
      await asked(page);
      await page.goto(program.url);
      await expect(page.getByRole("heading", { name: "Log in" })).toBeVisible();
      expect(await faults(page), "login").toEqual([]);
      await logIn(page, "vera");
      await expect(page.locator(".pulse")).toHaveAttribute("data-phase", "open");
      expect(await faults(page), "as a viewer").toEqual([]);
      program.sql("DELETE FROM login_sessions");
      await expect(page.getByRole("dialog", { name: "Log in again" })).toBeVisible({ timeout: 60_000 });
      expect(await faults(page), "again").toEqual([]);
    });
  });
}

// Last: the attempts of all that came before count.
test("too many attempts are told with the wait, and end by themselves", async ({ page }) => {
  await asked(page);
  await page.goto(program.url);
  const attempt = async () => {
    const answer = await page.request.post(`${program.url}/api/v1/login`, { data: { name: "nobody", password: "not the password" } });
    if (answer.status() !== 429) throw new Error(`taken: ${answer.status()}`);
  };
  await expect
    .poll(
      async () => {
        // Many at once, so that they are too many however slow this machine is.
        await Promise.any(Array.from({ length: 15 }, attempt));
        await enter(page, "nobody", "not the password");
        await expect(page.getByRole("alert")).toHaveText(/./);
        return page.getByRole("alert").textContent();
      },
      { intervals: [0], timeout: 60_000 },
    )
    .toMatch(/^Too many attempts\. Try again in \d+ s\.$/);
  const button = page.getByRole("button", { name: "Log in" });
  await expect(button).toBeDisabled();
  await expect(page.getByRole("alert")).toHaveText("Too many attempts. You may try again now.");
  await expect(button).toBeEnabled();
});
