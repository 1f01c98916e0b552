import assert from "node:assert/strict";
import { test } from "node:test";

import { policy } from "./app.js";

const node = (name, eligible) => ({ name, eligible });
const missed = { outcome: "missed", holder: { tag: "node", val: 0 } };
const night = (slots, nodes) => ({ holder: { tag: "node", val: 0 }, verdict: "me", witness: "alice", slots, nodes });

test("it waits for its number of misses", () => {
  const nodes = [node("primary", true), node("standby", true)];
  assert.equal(policy.decide([], night([missed, missed], nodes), []).action.tag, "stay");
  const third = policy.decide([], night([missed, missed, missed], nodes), []);
  assert.deepEqual(third.action, { tag: "switch-to", val: 1 });
});

test("without a fit node it says so", () => {
  const decision = policy.decide([], night([missed, missed, missed], [node("primary", true), node("standby", false)]), []);
  assert.equal(decision.action.tag, "stay");
  assert.equal(decision.alerts.length, 1);
});
