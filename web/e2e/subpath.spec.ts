// Below a path behind a real nginx: a program of its own, that watches the demo's media server, with `http.base_path`.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "@playwright/test";
import { folder as demo } from "./api";
import { complaints } from "./page";

const binary = resolve(process.env["CARGO_TARGET_DIR"] ?? "../target", "debug/streamwarden");
const nginx = existsSync("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx";

let folder = "";
const started: ChildProcess[] = [];
/** Without and with the prefix taken off by nginx. */
const sites: string[] = [];

/** One that the kernel gives to nobody who asks for any port, as the Rust tests beside this one do: see tests/it/support/port.rs. */
async function freePort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 12_000);
  const free = await new Promise<boolean>((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
  });
  return free ? port : freePort();
}

function start(command: string, ...words: string[]): void {
  started.push(spawn(command, words, { cwd: folder, stdio: "ignore" }));
}

/** The example of etc/, below a path and without TLS and logins, which are the site's. */
function site(upstream: string, port: number, pass: string): string {
  const example = readFileSync("../etc/nginx.conf.example", "utf8")
    .replace("listen 443 ssl;", `listen 127.0.0.1:${port};`)
    .replace("server 127.0.0.1:8080;", `server ${upstream};`)
    .replaceAll("streamwarden {", `streamwarden${port} {`)
    .replace("    location / {", "    location /cams/ {")
    .replace("        proxy_pass http://streamwarden;", `        proxy_pass http://streamwarden${port}${pass};`)
    .replaceAll("$connection_upgrade", `$connection_upgrade${port}`);
  return example
    .split("\n")
    .filter((line) => !/^\s*(ssl_|auth_basic)/.test(line))
    .join("\n");
}

test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "streamwarden-subpath-"));
  const ports = [await freePort(), await freePort()];
  sites.push(...ports.map((port) => `http://127.0.0.1:${port}`));
  const lines = readFileSync(`${demo ?? ""}/streamwarden.toml`, "utf8").split("\n");
  const http = `[http]\nlisten = "127.0.0.1:0"\nbase_path = "/cams"\nallowed_origins = ${JSON.stringify(sites)}`;
  const config = [`roles = ["monitor"]\ndata_dir = "data"`, http, ...lines.filter((line) => !/^(node|data_dir) /.test(line))];
  writeFileSync(join(folder, "streamwarden.toml"), config.join("\n"));
  start(binary, "run", "--config", "streamwarden.toml");
  let upstream = "";
  await expect
    .poll(() => {
      const note = join(folder, "data", "run.json");
      upstream = existsSync(note) ? (JSON.parse(readFileSync(note, "utf8")) as { listen: string }).listen : "";
      return upstream;
    })
    .not.toBe("");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((what) => `${what}_temp_path t-${what};`);
  const [whole = 0, stripped = 0] = ports;
  const both = [site(upstream, whole, ""), site(upstream, stripped, "/")].join("\n");
  const main = `daemon off;\nworker_processes 1;\npid nginx.pid;\nevents {}\nhttp {\naccess_log off;\ninclude /etc/nginx/mime.types;\n`;
  writeFileSync(join(folder, "nginx.conf"), `${main}${temporary.join("\n")}\n${both}\n}\n`);
  start(nginx, "-p", folder, "-e", "stderr", "-c", "nginx.conf");
  for (const url of sites) {
    await expect.poll(() => fetch(`${url}/cams/health`).then((answer) => answer.status, () => 0)).toBe(200);
  }
});

test.afterAll(async () => {
  for (const child of started) {
    const ended = new Promise((done) => child.once("exit", done));
    if (child.kill("SIGTERM")) await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

for (const [index, how] of ["passes the path on", "takes the prefix off"].entries()) {
  test(`lives below a path behind a proxy that ${how}`, async ({ page }) => {
    const found = complaints(page);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    page.on("websocket", (socket) => asked.push(new URL(socket.url()).pathname));
    const site = sites[index] ?? "";
    // nginx itself leads to the slash.
    await page.goto(`${site}/cams`);
    await expect(page.locator(".pulse")).toHaveAttribute("data-phase", "open");
    await expect(page.locator(".streams tbody tr").first()).toBeVisible();
    // Live: what the media server sees next arrives over the WebSocket.
    const name = await page.locator(".streams tbody tr a").first().textContent();

    await page.locator(".streams tbody tr a").first().click();
    await expect(page).toHaveURL(/\/cams\/#\/streams\//);
    const deep = page.url();
    await page.reload();
    expect(page.url()).toBe(deep);
    await expect(page.locator(".pulse")).toHaveAttribute("data-phase", "open");
    await expect(page.getByRole("heading", { name: name ?? "?" }).first()).toBeVisible();
    await page.goto(`${site}/cams/#/cameras`);
    await expect(page.locator(".pulse")).toHaveAttribute("data-phase", "open");
    // Whatever somebody has typed behind the prefix leads to the page, too.
    await page.goto(`${site}/cams/streams/somewhere`);
    await expect(page.locator(".pulse")).toHaveAttribute("data-phase", "open");
    await page.locator("nav a").first().click();
    await expect(page).toHaveURL(/\/cams\/#/);

    expect(asked).toContain("/cams/api/v1/ws");
    expect(asked.filter((path) => !path.startsWith("/cams"))).toEqual([]);
    expect(found).toEqual([]);
  });
}
