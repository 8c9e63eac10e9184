// A change of the cameras that would stop too many of them: who, why, since when, and the button that confirms it. The
// server's own summary is for screen readers, which hear it once; the list says the same to the eye.

import { api, Problem } from "../api";
import { fullTitle } from "../camera_words";
import { ago, plural, timeOfDay } from "../format";
import type { HeldPlan, WouldStop } from "../types";
import { confirmDialog } from "../ui/dialog";
import { h, replace, set, show, text } from "../ui/dom";
import { icon } from "../ui/icons";
import { toast } from "../ui/toast";

/** Names that are shown before one asks for all. */
const FEW = 8;

function list(cameras: readonly WouldStop[]): HTMLElement {
  return h("ul", { class: "would-stop" }, cameras.map((one) => h("li", {}, h("b", {}, fullTitle(one)), " ", h("span", {}, one.reason))));
}

export class HeldPlanPanel {
  readonly element = h("section", { class: "held-plan", "aria-labelledby": "held-title", hidden: true });
  private readonly since = h("span", { class: "since" });
  private readonly said = h("p", { class: "unseen", role: "status" });
  private readonly body = h("div", { class: "held-body" });
  private plan: HeldPlan | null = null;
  private drawn = "";

  /** `changed` reads the plan again. */
  constructor(private readonly changed: () => Promise<void>) {
    this.element.append(this.said, this.body);
  }

  render(plan: HeldPlan | null): void {
    this.plan = plan;
    show(this.element, plan !== null);
    const state = JSON.stringify(plan);
    if (state === this.drawn) return;
    this.drawn = state;
    if (plan === null) return;
    const open = this.body.querySelector("details")?.open ?? false;
    replace(this.body, this.parts(plan));
    const details = this.body.querySelector("details");
    if (details !== null) details.open = open;
    text(this.said, `A change of the cameras is blocked. ${plan.summary}`);
  }

  tick(now: number): void {
    if (this.plan === null) return;
    text(this.since, `Blocked for ${ago(this.plan.since, now)}, since ${timeOfDay(this.plan.since)}.`);
  }

  private parts(plan: HeldPlan): Node[] {
    const count = plan.wouldStop.length;
    const rest = plan.wouldStop.slice(FEW);
    const button = h("button", { type: "button", class: "danger", onclick: () => this.confirm(plan) }, icon("pause"), count === 1 ? "Stop this camera" : "Stop these cameras");
    set(button, "aria-label", `Stop ${plural(count, "camera")}`);
    return [
      h("h2", { id: "held-title" }, icon("warn"), "A change of the cameras is blocked"),
      h("p", {}, `The table would stop ${count} of ${plural(plan.running, "camera")}. `, this.since),
      h("p", { class: "lead" }, "Nothing stops until somebody confirms it. If the table is wrong, put it right: the change is then dropped by itself."),
      list(plan.wouldStop.slice(0, FEW)),
      ...(rest.length === 0 ? [] : [h("details", {}, h("summary", {}, `${plural(rest.length, "camera")} more`), list(rest))]),
      h("div", { class: "buttons" }, button),
    ];
  }

  private confirm(plan: HeldPlan): void {
    const cameras = plural(plan.wouldStop.length, "camera");
    confirmDialog({
      title: `Stop ${cameras}?`,
      words: `${plan.wouldStop.length} of ${plural(plan.running, "camera")} stop at once, as the table says. What was recorded stays.`,
      more: list(plan.wouldStop),
      action: `Stop ${cameras}`,
      run: async () => {
        try {
          await api.applyPlan(plan.id);
          toast(`${cameras} stopped`);
        } catch (error) {
          if (!(error instanceof Problem) || error.status !== 409) throw error;
          // What was shown is not what would happen: it must be seen before it can be confirmed.
          toast("The table has changed meanwhile and nothing was stopped. Look at what is blocked now.", "bad");
        } finally {
          await this.changed();
        }
      },
    });
  }
}
