// one-line: posts one line per alert to an address.

const text = (val) => ({ tag: "text", val });
const secret = (name) => ({ tag: "secret", val: { name, encoding: "plain" } });

function address(settings) {
  const found = settings.find((one) => one.name === "url");
  return found?.value.tag === "text" ? found.value.val.replace(/\/$/, "") : undefined;
}

// What a status says where nothing better is known.
function judged({ status }) {
  if (status >= 200 && status < 300) {
    return { tag: "delivered" };
  }
  const why = `HTTP status ${status}`;
  return status === 429 || status >= 500 ? { tag: "transient", val: why } : { tag: "permanent", val: why };
}

export const channel = {
  describe() {
    return {
      name: "one-line",
      version: "0.1.0",
      about: "Posts one line per alert to an address.",
      roles: { alerts: true, heartbeats: false },
      settings: [{ name: "url", default: "", about: "Where lines are posted." }],
      secrets: [{ name: "token", default: "", about: "Sent as a bearer token." }],
    };
  },

  // Every problem at once: an exported function of type `result` fails by throwing.
  check(settings, secrets) {
    const problems = [];
    if (address(settings) === undefined) {
      problems.push({ setting: "url", message: "is missing; give an address, such as https://lines.example.com" });
    }
    if (!secrets.includes("token")) {
      problems.push({ setting: "token", message: "is missing; add it to [channel.secrets]" });
    }
    if (problems.length > 0) {
      throw problems;
    }
  },

  // The daemon puts the secrets in, sends the requests, and checks them against `allow_hosts`.
  compose(settings, _secrets, _memory, alert) {
    if (alert.event === "updated") {
      return [];
    }
    const headers = [
      { name: "authorization", value: [text("Bearer "), secret("token")] },
      { name: "content-type", value: [text("application/json")] },
    ];
    const body = [text(JSON.stringify(`${alert.severity}: ${alert.summary}`))];
    return [{ tag: "http", val: { method: "post", url: [text(`${address(settings)}/lines`)], headers, body } }];
  },

  judge: (_settings, _alert, _index, response) => judged(response),
  follow: () => undefined,
  judgeFollow: () => ({ tag: "over" }),
  selfTest: () => [],
  judgeSelfTest: (_settings, _index, response) => judged(response),
  beat: () => [],
  judgeBeat: (_settings, _index, response) => judged(response),
};
