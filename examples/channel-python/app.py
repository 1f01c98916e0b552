"""one-line: posts one line per alert to an address."""

from componentize_py_types import Err

import wit_world.exports
from wit_world.imports import types as t

import line


def address(settings):
    for one in settings:
        if one.name == "url" and isinstance(one.value, t.Value_Text):
            return one.value.value.rstrip("/")
    return None


def judged(response) -> t.Judgement:
    why = f"HTTP status {response.status}"
    match line.judged(response.status):
        case "delivered":
            return t.Judgement_Delivered()
        case "transient":
            return t.Judgement_Transient(why)
        case _:
            return t.Judgement_Permanent(why)


class Channel(wit_world.exports.Channel):
    def describe(self) -> t.Description:
        url = t.SettingDoc("url", "", "Where lines are posted.")
        token = t.SettingDoc("token", "", "Sent as a bearer token.")
        about = "Posts one line per alert to an address."
        return t.Description("one-line", "0.1.0", about, t.Role.ALERTS, [url], [token])

    def check(self, settings, secrets) -> None:
        """Every problem at once: an exported function of type `result` fails by raising `Err`."""
        problems = []
        if address(settings) is None:
            problems.append(t.Problem("url", "is missing; give an address, such as https://lines.example.com"))
        if "token" not in secrets:
            problems.append(t.Problem("token", "is missing; add it to [channel.secrets]"))
        if problems:
            raise Err(problems)

    def compose(self, settings, secrets, memory, alert):
        """The daemon puts the secrets in, sends the requests, and checks them against `allow_hosts`."""
        if alert.event == t.Event.UPDATED:
            return []
        bearer = [t.Part_Text("Bearer "), t.Part_Secret(t.Secret("token", t.Encoding.PLAIN))]
        headers = [
            t.Header("authorization", bearer),
            t.Header("content-type", [t.Part_Text("application/json")]),
        ]
        body = [t.Part_Text(line.body(alert.severity.name.lower(), alert.summary))]
        url = [t.Part_Text(f"{address(settings)}/lines")]
        return [t.Request_Http(t.HttpRequest(t.Method.POST, url, headers, body))]

    def judge(self, settings, alert, index, response):
        return judged(response)

    def follow(self, settings, secrets, alert, receipt):
        return None

    def judge_follow(self, settings, alert, receipt, response):
        return t.Progress_Over()

    def self_test(self, settings, secrets, memory):
        return []

    def judge_self_test(self, settings, index, response):
        return judged(response)

    def beat(self, settings, secrets, heartbeat):
        return []

    def judge_beat(self, settings, index, response):
        return judged(response)
