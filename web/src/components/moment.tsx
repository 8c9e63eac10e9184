// A moment in the time of whoever looks; who points at it reads it in UTC, too.

import type { VNode } from "preact";
import { bothTimes, dateTime } from "../format";

export function Moment({ at }: { at: string }): VNode {
  return (
    <time dateTime={at} title={bothTimes(at)}>
      {dateTime(at)}
    </time>
  );
}
