"""{{name}}: after a number of missed blocks it moves the key to the first fit node."""

from componentize_py_types import Err

from wit_world.exports import Policy
from wit_world.imports import types as t

MISSES = 3


def setting(settings, name, default):
    for one in settings:
        if one.name == name:
            return one.value.value
    return default


class Policy(Policy):
    def describe(self) -> t.Description:
        misses = t.SettingDoc("misses", str(MISSES), "Missed blocks in a row that make it switch.")
        return t.Description("{{name}}", "0.1.0", "Switches after a number of missed blocks.", [misses])

    def check(self, settings) -> None:
        problems = []
        for one in settings:
            if one.name != "misses":
                problems.append(t.Problem(one.name, f"there is no setting {one.name}; there is: misses"))
            elif not isinstance(one.value, t.Value_Integer) or not 1 <= one.value.value <= 100:
                problems.append(t.Problem("misses", "it must be a whole number from 1 to 100"))
        if problems:
            raise Err(problems)

    def decide(self, settings, situation, memory) -> t.Decision:
        def stay(reason):
            return t.Decision(t.Action_Stay(), reason, [], None, memory)

        if not isinstance(situation.holder, t.Holder_Node):
            return stay("no node of ours holds the key")
        holder = situation.holder.value
        missed = 0
        for slot in reversed(situation.slots):
            if slot.outcome != t.Outcome.MISSED or slot.holder != situation.holder:
                break
            missed += 1
        needed = setting(settings, "misses", MISSES)
        if situation.verdict != t.Verdict.ME or missed < needed:
            return stay(f"{missed} of {needed} misses")
        for index, node in enumerate(situation.nodes):
            if node.eligible and index != holder:
                reason = f"{missed} misses in a row; {node.name} is fit"
                return t.Decision(t.Action_SwitchTo(index), reason, [], None, memory)
        summary = f"no node can take over from {situation.witness}"
        alert = t.Alert("no-standby", t.Severity.PAGE, summary)
        return t.Decision(t.Action_Stay(), summary, [alert], None, memory)
