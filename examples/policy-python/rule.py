"""The rule itself: nothing of the interface, so that it can be tested anywhere."""


def missed_in_a_row(slots, is_missed):
    """How many of the newest slots were missed, one after the other."""
    count = 0
    for slot in reversed(slots):
        if not is_missed(slot):
            break
        count += 1
    return count


def successor(nodes, holder):
    """The first fit node but the one that holds the key, in the operator's order; None without one."""
    for index, node in enumerate(nodes):
        if node.eligible and index != holder:
            return index
    return None
