// A change of the cameras that would stop too many of them: who, why, since when, and the button that confirms it. The
// server's own summary is for screen readers, which hear it once; the list says the same to the eye.

import type { VNode } from "preact";
import { api, Problem } from "../../api";
import { fullTitle } from "../../camera_words";
import { confirmDialog } from "../../components/dialog";
import { Icon } from "../../components/icons";
import { toast } from "../../components/toast";
import { ago, plural, timeOfDay } from "../../format";
import { actions, model, now } from "../../model";
import type { HeldPlan, WouldStop } from "../../types";

/** Names that are shown before one asks for all. */
const FEW = 8;

function WouldStopList({ cameras }: { cameras: readonly WouldStop[] }): VNode {
  return (
    <ul class="would-stop">
      {cameras.map((one) => (
        <li key={one.id}>
          <b>{fullTitle(one)}</b> <span>{one.reason}</span>
        </li>
      ))}
    </ul>
  );
}

export function HeldPlanPanel(): VNode {
  const plan = model.value.plan?.blocked ?? null;
  return (
    <section class="held-plan" aria-labelledby="held-title" hidden={plan === null}>
      <p class="unseen" role="status">
        {plan === null ? "" : `A change of the cameras is blocked. ${plan.summary}`}
      </p>
      <div class="held-body">{plan === null ? null : <Held plan={plan} />}</div>
    </section>
  );
}

function Held({ plan }: { plan: HeldPlan }): VNode {
  const count = plan.wouldStop.length;
  const rest = plan.wouldStop.slice(FEW);
  return (
    <>
      <h2 id="held-title">
        <Icon name="warn" />A change of the cameras is blocked
      </h2>
      <p>
        The table would stop {count} of {plural(plan.running, "camera")}.{" "}
        <span class="since">
          Blocked for {ago(plan.since, now.value)}, since {timeOfDay(plan.since)}.
        </span>
      </p>
      <p class="lead">Nothing stops until somebody confirms it. If the table is wrong, put it right: the change is then dropped by itself.</p>
      <WouldStopList cameras={plan.wouldStop.slice(0, FEW)} />
      {rest.length === 0 ? null : (
        <details>
          <summary>{plural(rest.length, "camera")} more</summary>
          <WouldStopList cameras={rest} />
        </details>
      )}
      <div class="buttons">
        <button type="button" class="danger" aria-label={`Stop ${plural(count, "camera")}`} onClick={() => confirm(plan)}>
          <Icon name="pause" />
          {count === 1 ? "Stop this camera" : "Stop these cameras"}
        </button>
      </div>
    </>
  );
}

function confirm(plan: HeldPlan): void {
  const cameras = plural(plan.wouldStop.length, "camera");
  confirmDialog({
    title: `Stop ${cameras}?`,
    words: `${plan.wouldStop.length} of ${plural(plan.running, "camera")} stop at once, as the table says. What was recorded stays.`,
    more: <WouldStopList cameras={plan.wouldStop} />,
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
        await actions.askPlan();
      }
    },
  });
}
