// A demo of its own for tests of logins: with a login switched on, nobody else's test could go on.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const program = resolve(process.env["CARGO_TARGET_DIR"] ?? "../target", "debug/streamwarden");
/** A demo that has not said where it listens by then never will, ms. */
const START_LIMIT = 90_000;

export class OwnProgram {
  private constructor(
    private readonly child: ChildProcess,
    readonly folder: string,
    readonly url: string,
    /** What it has printed. */
    readonly output: string,
  ) {}

  /** A demo of one camera and nothing else. */
  static start(...options: string[]): Promise<OwnProgram> {
    return OwnProgram.whole("--cameras-only", ...options);
  }

  /** A demo with all that belongs to it. */
  static async whole(...options: string[]): Promise<OwnProgram> {
    const folder = mkdtempSync(join(tmpdir(), "streamwarden-login-"));
    const child = spawn(program, ["demo", "--listen", "127.0.0.1:0", "--cameras", "1", "--keep", folder, ...options], { stdio: ["ignore", "pipe", "pipe"] });
    const said = await new Promise<string>((done, failed) => {
      let text = "";
      const limit = setTimeout(() => failed(new Error(`the demo has not started: ${text}`)), START_LIMIT);
      const hear = (part: Buffer) => {
        text += part.toString();
        // The last line of the greeting.
        if (!text.includes("Ctrl-C ends it.")) return;
        clearTimeout(limit);
        done(text);
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.on("exit", (code) => failed(new Error(`the demo ended with ${code}: ${text}`)));
    });
    return new OwnProgram(child, folder, /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0] ?? "", said);
  }

  /** Runs a command of the program on the same database. */
  run(arguments_: readonly string[], input = ""): string {
    return execFileSync(program, [...arguments_, "--config", join(this.folder, "streamwarden.toml")], { input, encoding: "utf8" });
  }

  addUser(name: string, role: "viewer" | "operator", password: string): void {
    this.run(["user", "add", name, "--role", role, "--password-file", "-"], password);
  }

  sql(statement: string): void {
    execFileSync("sqlite3", ["-cmd", ".timeout 10000", join(this.folder, "streamwarden.db"), statement], { stdio: "pipe" });
  }

  async stop(): Promise<void> {
    const ended = new Promise((done) => this.child.on("exit", done));
    this.child.kill("SIGTERM");
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
