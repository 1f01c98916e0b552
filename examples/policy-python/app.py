"""patient: after a number of missed blocks it moves the key to the first fit node."""

from componentize_py_types import Err

import wit_world.exports
from wit_world.imports import types as t

import rule

MISSES = 3


def setting(settings, name, default):
    for one in settings:
        if one.name == name:
            return one.value.value
    return default


class Policy(wit_world.exports.Policy):
    def describe(self) -> t.Description:
        misses = t.SettingDoc("misses", str(MISSES), "Missed blocks in a row that make it switch.")
        return t.Description("patient", "0.1.0", "Switches after a number of missed blocks.", [misses])

    def check(self, settings) -> None:
        """Every problem at once: an exported function of type `result` fails by raising `Err`."""
        problems = []
        for one in settings:
            if one.name != "misses":
                problems.append(t.Problem(one.name, f"there is no setting {one.name}; there is: misses"))
            elif not isinstance(one.value, t.Value_Integer) or not 1 <= one.value.value <= 100:
                problems.append(t.Problem("misses", "it must be a whole number from 1 to 100"))
        if problems:
            raise Err(problems)

    def decide(self, settings, situation, memory) -> t.Decision:
        def stay(reason, alerts=()):
            return t.Decision(t.Action_Stay(), reason, list(alerts), None, memory)

        if not isinstance(situation.holder, t.Holder_Node):
            return stay("no node of ours holds the key")
        holder = situation.holder.value
        is_missed = lambda slot: slot.outcome == t.Outcome.MISSED and slot.holder == situation.holder
        missed = rule.missed_in_a_row(situation.slots, is_missed)
        needed = setting(settings, "misses", MISSES)
        if situation.verdict != t.Verdict.ME or missed < needed:
            return stay(f"{missed} of {needed} misses")
        index = rule.successor(situation.nodes, holder)
        if index is None:
            summary = f"no node can take over from {situation.witness}"
            return stay(summary, [t.Alert("no-standby", t.Severity.PAGE, summary)])
        reason = f"{missed} misses in a row; {situation.nodes[index].name} is fit"
        return t.Decision(t.Action_SwitchTo(index), reason, [], None, memory)
