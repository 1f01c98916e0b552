// patient: after a number of missed blocks it moves the key to the first fit node.

const MISSES = 3n;

function setting(settings, name, fallback) {
  const found = settings.find((one) => one.name === name);
  return found === undefined ? fallback : found.value.val;
}

function same(a, b) {
  return a.tag === b.tag && a.val === b.val;
}

export const policy = {
  describe() {
    const misses = { name: "misses", default: `${MISSES}`, about: "Missed blocks in a row that make it switch." };
    const about = "Switches after a number of missed blocks.";
    return { name: "patient", version: "0.1.0", about, settings: [misses] };
  },

  // Every problem at once: an exported function of type `result` fails by throwing.
  check(settings) {
    const problems = [];
    for (const { name, value } of settings) {
      if (name !== "misses") {
        problems.push({ setting: name, message: `there is no setting ${name}; there is: misses` });
      } else if (value.tag !== "integer" || value.val < 1n || value.val > 100n) {
        problems.push({ setting: name, message: "it must be a whole number from 1 to 100" });
      }
    }
    if (problems.length > 0) {
      throw problems;
    }
  },

  decide(settings, situation, memory) {
    const stay = (reason, alerts = []) => ({ action: { tag: "stay" }, reason, alerts, askAgain: undefined, memory });
    const { holder, nodes, slots, verdict, witness } = situation;
    if (holder.tag !== "node") {
      return stay("no node of ours holds the key");
    }
    let missed = 0n;
    for (const slot of [...slots].reverse()) {
      if (slot.outcome !== "missed" || !same(slot.holder, holder)) {
        break;
      }
      missed += 1n;
    }
    const needed = setting(settings, "misses", MISSES);
    if (verdict !== "me" || missed < needed) {
      return stay(`${missed} of ${needed} misses`);
    }
    const index = nodes.findIndex((node, at) => node.eligible && at !== holder.val);
    if (index < 0) {
      const summary = `no node can take over from ${witness}`;
      return stay(summary, [{ id: "no-standby", severity: "page", summary }]);
    }
    const reason = `${missed} misses in a row; ${nodes[index].name} is fit`;
    return { ...stay(reason), action: { tag: "switch-to", val: index } };
  },
};
