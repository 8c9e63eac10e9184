// Users, tokens, sessions, the audit log and the settings on the system page: against a program of its own.

import { expect, test, type Page } from "@playwright/test";
import { faults } from "./axe";
import { OwnProgram } from "./own_program";

const PASSWORD = "correct horse battery";
let program: OwnProgram;

test.describe.configure({ mode: "serial" });
test.beforeAll(async () => {
  program = await OwnProgram.start();
});
test.afterAll(() => program.stop());

/** Opens a part of the system page, by the cookie of an earlier login when there is one. */
async function open(page: Page, part: string): Promise<void> {
  await page.goto(`${program.url}/#/system?part=${part}`);
  const card = page.locator(".login-card");
  await expect(card.or(page.locator(".parts"))).toBeVisible();
  if (await card.isVisible()) {
    await card.getByLabel("User name").fill("anna");
    await card.getByLabel("Password").fill(PASSWORD);
    await card.getByRole("button", { name: "Log in" }).click();
  }
  await expect(page.locator(".pulse")).toHaveAttribute("data-phase", "open");
}

test("the first user is an operator, and the page goes on as that user", async ({ page }) => {
  await open(page, "users");
  await expect(page.getByText("Nobody has to log in")).toBeVisible();
  await page.getByRole("button", { name: "Add user" }).click();
  const dialog = page.getByRole("dialog", { name: "Add the first user" });
  await expect(dialog).toContainText("From now on everybody has to log in");
  await expect(dialog.getByLabel("Role").locator("option")).toHaveCount(1);
  await dialog.getByLabel("Name").fill("anna");
  await dialog.getByLabel("Password").fill("short");
  await dialog.getByRole("button", { name: "Add user" }).click();
  await expect(dialog.locator("#field-password-fault")).toContainText("10 to 1024");
  await dialog.getByLabel("Password").fill(PASSWORD);
  await dialog.getByRole("button", { name: "Add user" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.locator(".account")).toContainText("anna");
  await expect(page.locator("tr[data-user=anna]")).toContainText("you");
  await expect(page.locator(".pulse")).toHaveAttribute("data-phase", "open");
  expect((await page.request.get(`${program.url}/api/v1/cameras`, { headers: { cookie: "" } })).status()).toBe(401);
});

test("users are added, given another role and password, and removed", async ({ page }) => {
  await open(page, "users");
  const add = async (name: string) => {
    await page.getByRole("button", { name: "Add user" }).click();
    const dialog = page.getByRole("dialog", { name: "Add a user" });
    await dialog.getByLabel("Name").fill(name);
    await dialog.getByLabel("Password").fill(PASSWORD);
    await dialog.getByRole("button", { name: "Add user" }).click();
    return dialog;
  };
  await expect(await add("vera")).toHaveCount(0);
  const row = page.locator("tr[data-user=vera]");
  await expect(row).toBeVisible();
  const twice = await add("vera");
  await expect(twice).toContainText(/vera/);
  await expect(twice.getByText(/taken|already|there is a user/i).first()).toBeVisible();
  await twice.getByRole("button", { name: "Cancel" }).click();

  const role = row.getByLabel("Role of vera");
  await expect(role).toHaveValue("viewer");
  await role.selectOption("operator");
  await expect(page.locator(".toast").last()).toContainText("Changed the role of vera");
  await page.reload();
  await expect(role).toHaveValue("operator");

  await row.getByRole("button", { name: "New password for vera" }).click();
  const dialog = page.getByRole("dialog", { name: "New password for vera" });
  await dialog.getByLabel("New password").fill("another long password");
  await dialog.getByRole("button", { name: "Change password" }).click();
  await expect(dialog).toHaveCount(0);
  const logIn = async (password: string) => (await page.request.post(`${program.url}/api/v1/login`, { data: { name: "vera", password }, headers: { cookie: "" } })).status();
  expect(await logIn(PASSWORD)).toBe(401);

  await row.getByRole("button", { name: "Remove vera" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove user" }).click();
  await expect(row).toHaveCount(0);
  expect(await logIn("another long password")).toBe(401);
});

test("a token is shown once, reads what it was made for, and is revoked", async ({ page }) => {
  await open(page, "tokens");
  await expect(page.getByRole("heading", { name: "No token yet" })).toBeVisible();
  await page.getByRole("button", { name: "Add token" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a token" });
  await dialog.getByLabel("Name").fill("obs");
  await dialog.getByLabel("Role").selectOption("operator");
  await dialog.getByLabel("Only streams that begin with").fill("cam");
  await dialog.getByRole("button", { name: "Add token" }).click();
  await expect(dialog.locator("#field-streamPrefix-fault")).toHaveText("Is for viewers only");
  await dialog.getByLabel("Role").selectOption("viewer");
  await dialog.getByLabel("Expires after").selectOption("30");
  await dialog.getByRole("button", { name: "Add token" }).click();
  const token = (await dialog.locator("output").textContent()) ?? "";
  expect(token.length).toBeGreaterThan(40);
  await dialog.getByRole("button", { name: "Done" }).click();
  await expect(page.locator("tr[data-token=obs]")).toContainText("read cam…");
  expect(await page.content()).not.toContain(token);
  const asks = async (route: string) => (await page.request.get(`${program.url}/api/v1/${route}`, { headers: { authorization: `Bearer ${token}`, cookie: "" } })).status();
  expect([await asks("streams/cam1/live"), await asks("cameras")]).toEqual([200, 403]);
  await page.getByRole("button", { name: "Revoke obs" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke token" }).click();
  await expect(page.locator("tr[data-token=obs]")).toHaveCount(0);
  expect(await asks("streams/cam1/live")).toBe(401);
});

test("sessions are listed, and ended", async ({ page, browser }) => {
  const other = await browser.newContext();
  const elsewhere = await other.newPage();
  await elsewhere.goto(`${program.url}/#/incidents`);
  await elsewhere.getByLabel("User name").fill("anna");
  await elsewhere.getByLabel("Password").fill(PASSWORD);
  await elsewhere.getByRole("button", { name: "Log in" }).click();
  await expect(elsewhere.locator(".pulse")).toHaveAttribute("data-phase", "open");

  await open(page, "sessions");
  const rows = page.locator("tr[data-session]");
  await expect(rows.filter({ hasText: "this one" })).toHaveCount(1);
  const theirs = rows.filter({ hasNotText: "this one" });
  await expect(theirs.first()).toContainText("127.0.0.1");
  // The newest is the last of the list; those of the tests before are still open.
  while ((await theirs.count()) > 0) {
    const id = (await theirs.first().getAttribute("data-session")) ?? "";
    await theirs.first().getByRole("button", { name: /^End the session of anna/ }).click();
    await expect(page.locator(`tr[data-session="${id}"]`)).toHaveCount(0);
  }
  await expect(elsewhere.getByRole("dialog", { name: "Log in again" })).toBeVisible({ timeout: 60_000 });
  await expect(page.locator(".pulse")).toHaveAttribute("data-phase", "open");
  await other.close();
});

test("the audit log says who did what, is filtered, and goes on at older entries", async ({ page }) => {
  await open(page, "audit");
  const rows = page.locator("tr[data-entry]");
  await expect(rows.filter({ hasText: "POST /api/v1/users" }).filter({ hasText: "vera" })).toContainText('{"role":"viewer"}');
  await page.getByLabel("Filter the audit log").fill("tokens obs");
  await expect(rows).toHaveCount(2);
  await page.getByLabel("Filter the audit log").fill("");
  await page.getByLabel("Who", { exact: true }).fill("anonymous");
  await page.getByLabel("Who", { exact: true }).press("Enter");
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText("anna");
  expect(page.url()).toContain("who=anonymous");
  await page.getByLabel("Who", { exact: true }).fill("");
  await page.getByLabel("Who", { exact: true }).press("Enter");
  // More than a page of them.
  for (let number = 0; number < 60; number += 1) {
    expect((await page.request.patch(`${program.url}/api/v1/users/anna`, { data: { role: "operator" } })).status()).toBe(200);
  }
  await page.reload();
  await expect(rows).toHaveCount(50);
  await page.getByRole("button", { name: "Show older" }).click();
  await expect(rows.filter({ hasText: "anonymous" })).toHaveCount(1);
});

test("the settings in force are shown with their origin and without secrets", async ({ page }) => {
  await open(page, "settings");
  const key = (name: string) => page.locator(`tr[data-setting="${name}"]`);
  await expect(key("record.segment_duration")).toContainText('"10s"');
  await expect(key("record.segment_duration")).toContainText("streamwarden.toml");
  await expect(key("http.listen")).toContainText("command line --listen");
  await page.getByRole("button", { name: "Only what is set" }).click();
  await expect(key("monitor.interval")).toHaveCount(0);
  await expect(key("record.segment_duration")).toBeVisible();
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: "reduce" } });

    test("axe finds nothing on the parts of the system page", async ({ page }) => {
      for (const part of ["users", "tokens", "sessions", "audit", "settings"]) {
        await open(page, part);
        await expect(page.locator(".listing .skeleton")).toHaveCount(0);
        expect(await faults(page), part).toEqual([]);
      }
      await open(page, "users");
      await page.getByRole("button", { name: "Add user" }).click();
      expect(await faults(page), "add a user").toEqual([]);
    });
  });
}
