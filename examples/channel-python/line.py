"""What is posted: nothing of the interface, so that it can be tested anywhere."""

import json


def body(severity, summary):
    """One line, as a JSON string."""
    return json.dumps(f"{severity}: {summary}")


def judged(status):
    """What a status says where nothing better is known: `delivered`, `transient` or `permanent`."""
    if 200 <= status < 300:
        return "delivered"
    return "transient" if status == 429 or status >= 500 else "permanent"
