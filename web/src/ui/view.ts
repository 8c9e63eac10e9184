// What a page of the app is, and what it is given to show.

import type { Model } from "../model";
import type { Route } from "../router";

export type { Model };

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
