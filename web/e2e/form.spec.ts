import { expect, test, type Locator, type Page } from "@playwright/test";
import { add, clear } from "./api";
import { open } from "./page";

const START = "e2e-form/";

test.afterEach(({ page }) => clear(page, START));

/** Nobody listens there, and the camera is switched off: it is never called. */
const camera = { host: "127.0.0.1", port: 9, username: "viewer", password: "s3cret word", record: false, enabled: false, audio: "aac" };

async function edit(page: Page, name: string, more: Record<string, unknown> = {}): Promise<{ id: number; dialog: Locator }> {
  const id = await add(page, { name, ...camera, ...more });
  await open(page, "#/cameras");
  await page.getByRole("button", { name: `Edit ${name}` }).click();
  const dialog = page.getByRole("dialog", { name: `Edit ${name}` });
  await expect(dialog).toBeVisible();
  return { id, dialog };
}

const field = (dialog: Locator, name: string) => dialog.getByLabel(name, { exact: true });

/** What the page sends when it saves. */
async function saved(page: Page, press: () => Promise<void>): Promise<{ body: unknown; match: string | undefined }> {
  const [request] = await Promise.all([page.waitForRequest((one) => one.method() === "PATCH"), press()]);
  return { body: request.postDataJSON(), match: request.headers()["if-match"] };
}

async function settings(page: Page, id: number): Promise<Record<string, unknown>> {
  return (await (await page.request.get(`/api/v1/cameras/${id}/settings`)).json()) as Record<string, unknown>;
}

test("the form shows what is, and sends only what was changed", async ({ page }) => {
  const { id, dialog } = await edit(page, `${START}shows`);
  await expect(field(dialog, "Name")).toHaveValue(`${START}shows`);
  await expect(field(dialog, "Host")).toHaveValue("127.0.0.1");
  await expect(field(dialog, "Port")).toHaveValue("9");
  await expect(field(dialog, "User name")).toHaveValue("viewer");
  await expect(field(dialog, "Password")).toHaveValue("");
  await expect(field(dialog, "Password")).toHaveAttribute("placeholder", "unchanged");
  await expect(field(dialog, "Sound")).toHaveValue("aac");
  await expect(dialog.getByRole("switch", { name: /^Enabled/ })).not.toBeChecked();
  await expect(dialog.locator(".example")).toHaveText("Will call rtsp://viewer:***@127.0.0.1:9/");

  await field(dialog, "User name").fill("other");
  const sent = await saved(page, () => dialog.getByRole("button", { name: "Save" }).click());
  expect(sent.body).toEqual({ username: "other" });
  expect(sent.match).toMatch(/^".+"$/);
  await expect(dialog).toHaveCount(0);
  expect(await settings(page, id)).toMatchObject({ port: 9, username: "other", hasPassword: true });
});

test("a kept password has to be entered again for another address", async ({ page }) => {
  const { id, dialog } = await edit(page, `${START}again`);
  await field(dialog, "Host").fill("127.0.0.5");
  await expect(field(dialog, "Password")).toHaveAttribute("placeholder", "enter it again");
  for (const button of ["Test this camera", "Save"]) {
    await dialog.getByRole("button", { name: button }).click();
    await expect(dialog.locator("#field-password-fault")).toContainText("Enter it again, or clear it");
    await expect(field(dialog, "Password")).toBeFocused();
  }
  expect(await settings(page, id)).toMatchObject({ host: "127.0.0.1" });
  await field(dialog, "Password").fill("s3cret word");
  const sent = await saved(page, () => dialog.getByRole("button", { name: "Save" }).click());
  expect(sent.body).toEqual({ host: "127.0.0.5", password: "s3cret word" });
  await expect(dialog).toHaveCount(0);
  expect(await settings(page, id)).toMatchObject({ host: "127.0.0.5", hasPassword: true });
});

test("a kept password can be cleared, and an address keeps its hidden login", async ({ page }) => {
  const { id, dialog } = await edit(page, `${START}clear`);
  await dialog.getByRole("button", { name: "Clear the password" }).click();
  await expect(field(dialog, "Password")).toBeDisabled();
  const sent = await saved(page, () => dialog.getByRole("button", { name: "Save" }).click());
  expect(sent.body).toEqual({ password: null });
  await expect(dialog).toHaveCount(0);
  expect(await settings(page, id)).toMatchObject({ hasPassword: false });

  const other = await edit(page, `${START}url`, { host: null, port: null, username: null, password: null, url: "rtsp://viewer:s3cret@127.0.0.1:9/x" });
  await expect(other.dialog.getByRole("radio", { name: "Full URL" })).toBeChecked();
  const url = field(other.dialog, "URL");
  await expect(url).toHaveValue("rtsp://***@127.0.0.1:9/x");
  await url.fill("rtsp://***@127.0.0.1:9/y");
  await expect(other.dialog.locator("#field-url-fault")).toContainText("hidden as ***");
  await url.fill("rtsp://***@127.0.0.1:9/x");
  await expect(other.dialog.locator("#field-url-fault")).toBeHidden();
  await other.dialog.getByText("Keep what it shows").click();
  const kept = await saved(page, () => other.dialog.getByRole("button", { name: "Save" }).click());
  expect(kept.body).toEqual({ record: true });
});

test("faults are told while one types, but not before a field was touched", async ({ page }) => {
  await open(page, "#/cameras");
  await page.getByRole("button", { name: "Add camera" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a camera" });
  await expect(dialog.locator(".complaint:visible")).toHaveCount(0);
  // What cannot become right is said at once, beside the field and to a screen reader.
  const name = field(dialog, "Name");
  await name.pressSequentially("a b");
  await expect(name).toHaveAttribute("aria-invalid", "true");
  await expect(name).toHaveAccessibleDescription(/cannot hold a blank/);
  await name.fill("a/");
  // What more typing may mend waits until the field is left.
  await expect(dialog.locator("#field-name-fault")).toBeHidden();
  await name.press("Tab");
  await expect(dialog.locator("#field-name-fault")).toHaveText("A name does not end with /.");
  await name.fill("a/b");
  await expect(name).not.toHaveAttribute("aria-invalid");
  await field(dialog, "Host").fill("10.0.0.9:554");
  await expect(dialog.locator("#field-host-fault")).toContainText("own field");
  await field(dialog, "Port").fill("70000");
  await expect(dialog.locator("#field-port-fault")).toContainText("1 to 65535");
  // Sending says everything, and leads to the first fault; nothing reaches the server.
  let asked = 0;
  page.on("request", (request) => (asked += request.method() === "POST" ? 1 : 0));
  await dialog.getByRole("button", { name: "Add camera" }).click();
  await expect(field(dialog, "Host")).toBeFocused();
  await dialog.getByRole("radio", { name: "Full URL" }).check();
  await expect(field(dialog, "URL")).not.toHaveAttribute("aria-invalid");
  await dialog.getByRole("button", { name: "Add camera" }).click();
  await expect(field(dialog, "URL")).toBeFocused();
  await expect(dialog.locator("#field-url-fault")).toBeVisible();
  expect(asked).toBe(0);
});

test("an edit of what somebody else has changed asks whose is to stay", async ({ page }) => {
  const name = `${START}conflict`;
  const { id, dialog } = await edit(page, name, { password: null });
  await field(dialog, "Host").fill("127.0.0.7");
  await page.request.patch(`/api/v1/cameras/${id}`, { data: { host: "127.0.0.8", port: 11 } });
  await dialog.getByRole("button", { name: "Save" }).click();
  const conflict = dialog.locator(".conflict");
  await expect(conflict).toContainText("changed by somebody else meanwhile");
  await expect(conflict.locator("li")).toHaveText(["Host: 127.0.0.1 → 127.0.0.8 (yours: 127.0.0.7)", "Port: 9 → 11"]);
  await expect(dialog.getByRole("button", { name: "Save" })).toBeDisabled();
  expect(await settings(page, id)).toMatchObject({ host: "127.0.0.8" });

  await conflict.getByRole("button", { name: "Load theirs" }).click();
  await expect(conflict).toBeHidden();
  await expect(field(dialog, "Host")).toHaveValue("127.0.0.8");
  await expect(field(dialog, "Port")).toHaveValue("11");

  // A third one comes; this time ours is to stay, and their port with it.
  await field(dialog, "Host").fill("127.0.0.6");
  await page.request.patch(`/api/v1/cameras/${id}`, { data: { port: 12 } });
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(conflict.locator("li")).toHaveText(["Port: 11 → 12"]);
  await conflict.getByRole("button", { name: "Overwrite" }).click();
  await expect(dialog).toHaveCount(0);
  expect(await settings(page, id)).toMatchObject({ host: "127.0.0.6", port: 12, username: "viewer", hasPassword: false });
});

test("user name and password have their own fields beside a whole URL", async ({ page }) => {
  await open(page, "#/cameras");
  await page.getByRole("button", { name: "Add camera" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a camera" });
  await dialog.getByRole("radio", { name: "Full URL" }).check();
  await field(dialog, "Name").fill(`${START}beside`);
  const url = field(dialog, "URL");
  const warning = dialog.locator(".warning");
  await url.fill("rtsp://viewer:s3cret@127.0.0.1:9/x");
  await expect(warning).toContainText("holds a login itself");
  await url.fill("rtsp://127.0.0.1:9/x");
  await expect(warning).toBeHidden();
  // As they are: nothing has to be written in another way.
  await field(dialog, "Password").fill("s3/cr@t #1");
  await dialog.getByRole("button", { name: "Add camera" }).click();
  await expect(dialog.locator("#field-username-fault")).toContainText("needs a user name");
  await field(dialog, "User name").fill("viewer");
  await dialog.getByText("Pull this camera in").click();
  const posted = page.waitForRequest((one) => one.method() === "POST");
  await dialog.getByRole("button", { name: "Add camera" }).click();
  const request = await posted;
  expect(request.postDataJSON()).toMatchObject({ url: "rtsp://127.0.0.1:9/x", username: "viewer", password: "s3/cr@t #1" });
  expect(request.url()).not.toContain("s3");
  await expect(dialog).toHaveCount(0);
  const id = ((await (await request.response())?.json()) as { id: number }).id;
  expect(await settings(page, id)).toMatchObject({ url: "rtsp://127.0.0.1:9/x", username: "viewer", hasPassword: true });

  await page.getByRole("button", { name: `Edit ${START}beside` }).click();
  const edited = page.getByRole("dialog", { name: `Edit ${START}beside` });
  await expect(field(edited, "URL")).toHaveValue("rtsp://127.0.0.1:9/x");
  await expect(field(edited, "User name")).toHaveValue("viewer");
  await expect(field(edited, "Password")).toHaveAttribute("placeholder", "unchanged");
  await field(edited, "Password").fill("another");
  const sent = await saved(page, () => edited.getByRole("button", { name: "Save" }).click());
  expect(sent.body).toEqual({ password: "another" });
  await expect(edited).toHaveCount(0);
});
