import assert from "node:assert/strict";
import { test } from "node:test";

import { channel } from "./app.js";

const settings = [{ name: "url", value: { tag: "text", val: "https://lines.example.com" } }];

test("an alert is one line", () => {
  const [request] = channel.compose(settings, ["token"], "", { event: "opened", severity: "page", summary: "alice is down" });
  assert.equal(request.val.url[0].val, "https://lines.example.com/lines");
  assert.equal(request.val.body[0].val, '"page: alice is down"');
});

test("what is missing is named, all at once", () => {
  assert.throws(() => channel.check([], []), (problems) => problems.length === 2);
});
