// What a page of the app is, and what it is given to show.

import type { Route } from "../router";
import type { LiveState } from "../store";
import type { PlanView, Status } from "../types";
import type { Connection } from "../ws";

export interface Model {
  live: LiveState;
  connection: Connection;
  /** Why the server refuses pages of this origin; null when it does not, as far as is known. */
  refused: string | null;
  /** Last answer of /status; null until there is one. */
  status: Status | null;
  /** What of the cameras is held back; null until it is known, and where cameras are not pulled in. */
  plan: PlanView | null;
  /** The page that is shown. */
  page: Route["page"];
  /** Version of the server when this page was opened. */
  version: string | null;
  /** When the last WebSocket message was applied; null before the first. */
  heardAt: number | null;
}

export interface View {
  element: HTMLElement;
  /** Words for the title bar of the browser. */
  title: string;
  render(model: Model): void;
  /** Called every second with the server's time: countdowns and ages. */
  tick(now: number): void;
  /** The address changed within this page. */
  moved?(route: Route): void;
  close(): void;
}
