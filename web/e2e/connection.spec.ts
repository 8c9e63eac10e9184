import { expect, test, type WebSocketRoute } from "@playwright/test";
import { open, plainFrames, recordTexts } from "./page";

test("says that the connection is lost and how old the data is, and recovers by itself", async ({ page }) => {
  let blocked = false;
  let socket: WebSocketRoute | null = null;
  await page.routeWebSocket(/\/api\/v1\/ws(\?|$)/, (route) => {
    if (blocked) {
      void route.close({ code: 1001 });
      return;
    }
    socket = route;
    route.connectToServer();
  });
  await open(page);
  await expect(page.locator(".streams tbody tr").first()).toBeVisible();

  blocked = true;
  await (socket as WebSocketRoute | null)?.close({ code: 4001, reason: "cut by the test" });
  const banner = page.locator(".banner.bad");
  await expect(banner).toBeVisible();
  await expect(banner).toContainText("Connection lost.");
  await expect(banner).toContainText("cut by the test");
  await expect(banner.locator(".ticking")).toContainText(/\d s old/);
  await expect(page.locator(".page")).toHaveAttribute("data-stale", "");
  await expect(page).toHaveTitle(/connection lost/);
  // The rows stay: old news, said to be old, is better than none.
  await expect(page.locator(".streams tbody tr").first()).toBeVisible();

  await expect(banner.getByRole("button", { name: "Try now" })).toBeVisible();

  // Nobody presses the button: the page tries by itself.
  const recovered = await recordTexts(page, ".banner.good");
  blocked = false;
  await expect.poll(recovered, { timeout: 40_000 }).toContainEqual(expect.stringContaining("Live again"));
  await expect(banner).toHaveCount(0);
  await expect(page.locator(".page")).not.toHaveAttribute("data-stale", "");
});

test("says that its origin is refused and what to set, and connects when it is let in", async ({ page }) => {
  let refused = true;
  await page.routeWebSocket(/\/api\/v1\/ws(\?|$)/, (route) => {
    if (refused) void route.close({ code: 1006 });
    else route.connectToServer();
  });
  const detail = "pages of the origin http://video.example.org may not do this; to let them in, add it to http.allowed_origins";
  await page.route(/\/api\/v1\/ws(\?|$)/, (route) =>
    refused ? route.fulfill({ status: 403, contentType: "application/problem+json", body: JSON.stringify({ title: "Forbidden", status: 403, detail }) }) : route.continue(),
  );
  await page.goto("/");
  const banner = page.locator(".banner.bad");
  await expect(banner).toContainText("refuses this page");
  await expect(banner).toContainText("http.allowed_origins");
  // Nobody presses the button: the page tries by itself.
  refused = false;
  await expect(banner).toHaveCount(0, { timeout: 40_000 });
  await expect(page.locator(".streams tbody tr").first()).toBeVisible();
});

test("asks for a snapshot when a message is missing", async ({ page }) => {
  const asked: string[] = [];
  let hole = false;
  await plainFrames(page);
  await page.routeWebSocket(/\/api\/v1\/ws(\?|$)/, (route) => {
    const server = route.connectToServer();
    route.onMessage((message) => {
      asked.push(String(message));
      server.send(message);
    });
    server.onMessage((message) => {
      if (hole && String(message).includes('"delta"')) hole = false;
      else route.send(message);
    });
  });
  await open(page);
  hole = true;
  await expect.poll(() => asked, { timeout: 20_000 }).toContain('{"type":"snapshot"}');
  await expect(page.locator(".banner")).toHaveCount(0);
});
