//! `dogwatch check`: every problem at once, each with line and remedy.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::support::{Net, Setup, dogwatch};

async fn check(path: &Path) -> (Option<i32>, Value) {
    let output = dogwatch().args(["check", "--json", "--config"]).arg(path).output().await.unwrap();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

/// A change to the good configuration, and the problem that is reported.
struct Case {
    from: &'static str,
    to: &'static str,
    expected: &'static str,
    level: &'static str,
}

const fn error(from: &'static str, to: &'static str, expected: &'static str) -> Case {
    Case { from, to, expected, level: "error" }
}

const WITNESS_CHAIN: &str = "chain = \"devnet\"";
const PROBES: &str = "probe_interval = \"200ms\"";

const LONG_NAME: &str = "name = \"a name of more than sixty-four characters, which no log line has any room for\"";

const LONG_STATE_DIR: &str = "state_dir = \"/tmp/a-directory-with-a-name-that-is-so-long-that-together-with-all-the-\
    others-in-its-path-no-socket-can-be-opened-in-it/";

const CASES: &[Case] = &[
    error("site = \"test\"", "", "site is missing"),
    error("site = \"test\"", "site = 5", "site has the wrong type: integer"),
    error("mode = \"armed\"", "mode = \"arm\"", "unknown mode \"arm\""),
    error("endpoints = [", "endpoint = [", "unknown key endpoint"),
    error("endpoints = [", "endpoints = [\"ftp://api.example.com\", ", "api.example.com"),
    error("like = \"hive-testnet\"", "like = \"hivenet\"", "no chain profile \"hivenet\""),
    error("block_interval = \"100ms\"", "block_interval = \"fast\"", "is not a duration"),
    error("name = \"alice\"", "name = \"Alice\"", "not an account name"),
    error("chain = \"devnet\"", "chain = \"devnett\"", "there is no chain \"devnett\""),
    error("name = \"second\"", "name = \"primary\"", "is configured twice"),
    error(WITNESS_CHAIN, "chain = \"devnet\"\nfallback_policy = \"proactiv\"", "did you mean proactive?"),
    error(
        WITNESS_CHAIN,
        "chain = \"devnet\"\nfallback_policy = \"webhook\"",
        "is a channel, but a policy is needed here",
    ),
    error("[[channel]]", "[plugin.mine]\nsha256 = \"abc\"\n[[channel]]", "sha256 is not the 64 hexadecimal digits"),
    error("[[channel]]", "[plugin.mine]\nsha = \"abc\"\n[[channel]]", "sha256 is missing"),
    error("[[channel]]", "[plugin]\nmine = \"abc\"\n[[channel]]", "mine is no section"),
    error(
        "[[channel]]",
        "[plugin.threshold]\nsha256 = \"abc\"\nhosts = [\"a.example\"]\n[[channel]]",
        "plugin.threshold: it is a policy: it sends nothing and sees no secret",
    ),
    error("[[channel]]", "[plugin.webhook]\nsha256 = \"abc\"\nsecrets = []\n[[channel]]", "does not grant"),
    error(
        "[[channel]]",
        "[plugin.mine]\nsha256 = \"abc\"\nhosts = [\"a/b\"]\n[[channel]]",
        "hosts: \"a/b\" is not a host name",
    ),
    error("[[channel]]", "[plugins]\nrequire_signature = []\n[[channel]]", "require_signature names no key"),
    error("[[channel]]", "[plugins]\nrequire_signature = [\"RWQ\"]\n[[channel]]", "is not a public key of minisign's"),
    error("[[channel]]", "[plugins]\nrequire_signatures = []\n[[channel]]", "Did you mean require_signature?"),
    error("plugin = \"webhook\"", "plugin = \"webhok\"", "did you mean webhook?"),
    error("allow_hosts", "allow_host", "allow_hosts is missing"),
    error("url = \"http", "urll = \"http", "urll"),
    error("[[channel]]", "[[chanel]]", "unknown key chanel"),
    error("[[witness.node]]\nname = \"third\"", "[[witness.node]]", "name is missing"),
    error(
        "[[channel]]",
        "[[node]]\nname = \"third\"\n[[channel]]",
        "probe is set here, and the node has a [[node]] section",
    ),
    error("[[channel]]", "[[node]]\nname = \"x\"\nkey = \"5\"\n[[channel]]", "key is set here: it is a witness's own"),
    Case {
        from: "[[channel]]",
        to: "[[node]]\nname = \"spare\"\n[[channel]]",
        expected: "node \"spare\": no witness has it",
        level: "warning",
    },
    error("endpoints = [", "endpoints = [5, ", "item 1 of endpoints has the wrong type: integer"),
    error(
        "endpoints = [",
        "endpoints = [\"https://a.example\", \"https://A.example:443/\", ",
        "a.example is configured twice",
    ),
    error("site = \"test\"", "site = \"te\\tst\"", "site contains control characters"),
    error("name = \"second\"", LONG_NAME, "name is longer than 64 characters"),
    error("name = \"pager\"", LONG_NAME, "name is longer than 64 characters"),
    error("state_dir = \"/", "state_dir = \"", "Write an absolute path"),
    error("state_dir = \"/", "state_dir = \"/proc/self/stat\" #", "is not a directory"),
    error("state_dir = \"/", "state_dir = \"/proc/self/stat/", "is not a directory"),
    error("state_dir = \"/", LONG_STATE_DIR, "state_dir is too long"),
    error("allow_hosts = [\"127.0.0.1", "allow_hosts = [\"127.0.0.2", "host \"127.0.0.1:"),
    error("allow_hosts = [", "allow_hosts = [\"https://a.example\", ", "Write only the host, or host:port"),
    error("allow_hosts = [", "allow_hosts = [\"a.example/hook\", ", "\"a.example/hook\" is not a host name"),
    error("allow_hosts = [", "allow_hosts = [\"\", ", "\"\" is not a host name"),
    error("allow_hosts = [", "allow_hosts = [5, ", "item 1 of allow_hosts has the wrong type: integer"),
    error("[[chain]]", "[alerts]\ngathr = \"1s\"\n[[chain]]", "Did you mean gather?"),
    error("[[chain]]", "[alerts]\ngather = \"1m\"\n[[chain]]", "from \"0ms\" to \"30s\""),
    error("[[chain]]", "[alerts]\ntimezone = \"Europe/Berlyn\"\n[[chain]]", "is not known on this machine"),
    error("[[chain]]", "[alerts]\nrehearsal = \"25:00\"\n[[chain]]", "rehearsal = \"25:00\" is not a time of day"),
    error("[[chain]]", "[alerts]\npage_deadline = \"1h\"\n[[chain]]", "page_deadline = \"1h\" is out of range"),
    error("[[chain]]", "[[route]]\nchannels = [\"pagr\"]\n[[chain]]", "there is no channel \"pagr\""),
    error("[[chain]]", "[[route]]\nmin_severity = \"page\"\n[[chain]]", "channels is missing or empty"),
    error("[[chain]]", "[[route]]\nchannels = [\"pager\"]\nhours = \"8-22\"\n[[chain]]", "is not a daily window"),
    error(
        "[[chain]]",
        "[[route]]\nchannels = [\"pager\"]\ndays = [\"someday\"]\n[[chain]]",
        "days contains an unknown day",
    ),
    error(
        "[[chain]]",
        "[[route]]\nchannels = [\"pager\"]\nsubjects = [\"nodes\"]\n[[chain]]",
        "subjects: unknown subject \"nodes\"",
    ),
    error(
        "[[chain]]",
        "[[route]]\nchannels = [\"pager\"]\n[[route.step]]\nchannels = [\"pager\"]\n[[chain]]",
        "after is missing",
    ),
    error("[[chain]]", "[metrics]\nlisten = \"9464\"\n[[chain]]", "is not an address with a port"),
    error("plugin = \"webhook\"", "plugin = \"webhook\"\nheartbeat = \"2h\"", "heartbeat = \"2h\" is out of range"),
    error("plugin = \"webhook\"", "plugin = \"webhook\"\nauthority = \"/nonexistent\"", "authority: /nonexistent"),
    error("mode = \"armed\"", "repeat = \"500ms\"", "from \"1s\" to \"1d\""),
    error("mode = \"armed\"", "repeat = \"25h\"", "repeat = \"25h\" is out of range"),
    error("profile = \"custom\"", "profile = \"custom\"\nstale_after = \"199ms\"", "from \"200ms\" to \"1h\""),
    error("profile = \"custom\"", "profile = \"custom\"\nstale_after = \"2h\"", "stale_after = \"2h\" is out of range"),
    error(PROBES, "probe_interval = \"49ms\"", "from \"50ms\" to \"5m\""),
    error(PROBES, "probe_interval = \"301s\"", "probe_interval = \"301s\" is out of range"),
    error(
        PROBES,
        "probe_interval = \"1m\"\nrails = { candidate_fresh = \"30s\" }",
        "is shorter than probe_interval (1m)",
    ),
    error(WITNESS_CHAIN, "chain = \"devnet\"\nexpiration = \"500ms\"", "from \"1s\" to \"30m\""),
    error(WITNESS_CHAIN, "chain = \"devnet\"\nexpiration = \"31m\"", "expiration = \"31m\" is out of range"),
    error(WITNESS_CHAIN, "chain = \"devnet\"\nfailback = \"auto\"", "failback = \"auto\" is unknown"),
    error(WITNESS_CHAIN, "chain = \"devnet\"\nfailback = {}", "failback: after is missing"),
    error(WITNESS_CHAIN, "chain = \"devnet\"\nfailback = { after = \"1s\" }", "after = \"1s\" is out of range"),
    error(
        WITNESS_CHAIN,
        "chain = \"devnet\"\nfailback = { after = \"6h\", when = \"now\" }",
        "when = \"now\" is unknown",
    ),
    error(WITNESS_CHAIN, "chain = \"devnet\"\nfailback = { aftre = \"6h\" }", "Did you mean after?"),
    error("probe_rise = 2", "probe_rise = 0", "a whole number from 1 to 100"),
    error(WITNESS_CHAIN, "chain = \"devnet\"\nprobe_fall = \"1h\"", "from \"50ms\" to \"30m\""),
    error(WITNESS_CHAIN, "chain = \"devnet\"\nrails = { budget = 33 }", "a whole number from 0 to 32"),
    error(WITNESS_CHAIN, "chain = \"devnet\"\nrails = { own_slot_guard = \"1h\" }", "more than half a round"),
    error(WITNESS_CHAIN, "chain = \"devnet\"\nrails = { budget_window = \"31d\" }", "from \"0ms\" to \"30d\""),
    error(WITNESS_CHAIN, "chain = \"devnet\"\nrails = { cool_down = \"25h\" }", "cool_down = \"25h\" is out of range"),
    error("profile = \"custom\"", "profile = \"custom\"\nquorum = 4", "a whole number from 1 to 3"),
    error("profile = \"custom\"", "profile = \"custom\"\nrequests_per_minute = 20", "a whole number from 60"),
    error("profile = \"custom\"", "profile = \"custom\"\nauthority = \"/nowhere.pem\"", "/nowhere.pem cannot be read"),
    error("profile = \"custom\"", "profile = \"custom\"\nauthority = \"/etc/hostname\"", "contains no certificate"),
    error(
        "endpoints = [",
        "endpoints = [{ url = \"https://a.example\", address = \"b\" }, ",
        "\"b\" is not an IP address",
    ),
    error(
        "endpoints = [",
        "endpoints = [{ url = \"https://10.0.0.1\", address = \"10.0.0.2\" }, ",
        "this host is an IP address already",
    ),
    error("[[channel]]", "[gateway]\nlisten = \"8090\"\n[[channel]]", "is not an address with a port"),
    error("[[channel]]", "[gateway]\n[[channel]]", "gateway: listen is missing"),
    error("[[channel]]", "[gateway]\nlisten = \"127.0.0.1:1\"\nliste = 1\n[[channel]]", "Did you mean listen?"),
    error(
        "[[channel]]",
        "[gateway]\nlisten = \"127.0.0.1:1\"\n[gateway.tls]\nlisten = \"127.0.0.1:2\"\ncertificate = \"/nowhere\"\n\
         key = \"/nowhere\"\n[[channel]]",
        "the certificate /nowhere cannot be read",
    ),
    Case {
        from: "endpoints = [",
        to: "endpoints = [\"http://api.example.com\", ",
        expected: "api.example.com is asked over https, although the configuration says http://",
        level: "warning",
    },
    Case {
        from: "endpoints = [",
        to: "endpoints = [\"https://a.hive.blog\", \"https://b.hive.blog\", ",
        expected: "a.hive.blog, b.hive.blog all belong to hive.blog: they count as one voice",
        level: "warning",
    },
    Case {
        from: "[[channel]]",
        to: "[gateway]\nlisten = \"0.0.0.0:8090\"\n[[channel]]",
        expected: "can be reached from other machines",
        level: "warning",
    },
    Case {
        from: WITNESS_CHAIN,
        to: "chain = \"devnet\"\nrails = { budget = 0 }",
        expected: "Dogwatch will never switch",
        level: "warning",
    },
    Case { from: "probe = ", to: "# probe = ", expected: "has no probe", level: "warning" },
];

#[tokio::test(flavor = "multi_thread")]
async fn each_problem_is_reported_with_its_line() {
    let (net, dir) = (Net::start().await, Net::directory());
    let good = net.toml(dir.path(), &Setup::default());
    let path = dir.path().join("dogwatch.toml");
    std::fs::write(&path, &good).unwrap();
    let (code, report) = check(&path).await;
    assert_eq!((code, &report["ok"]), (Some(0), &Value::Bool(true)), "{report}");

    for Case { from, to, expected, level } in CASES {
        assert!(good.contains(from), "{from} is not in the configuration");
        std::fs::write(&path, good.replacen(from, to, 1)).unwrap();
        let (code, report) = check(&path).await;
        let problems = report["problems"].as_array().unwrap();
        let found = problems.iter().find(|problem| {
            problem["what"].as_str().unwrap().contains(expected)
                || problem["remedy"].as_str().unwrap().contains(expected)
        });
        let found = found.unwrap_or_else(|| panic!("{to}: no {expected:?} in {report:#}"));
        assert_eq!(found["level"], *level, "{to}");
        assert!(!found["remedy"].as_str().unwrap().is_empty());
        assert_eq!(code, Some(if *level == "error" { 3 } else { 0 }), "{to}: {report:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_problems_are_reported_at_once() {
    let (net, dir) = (Net::start().await, Net::directory());
    let mut text = net.toml(dir.path(), &Setup::default());
    for case in [&CASES[2], &CASES[6], &CASES[7]] {
        text = text.replacen(case.from, case.to, 1);
    }
    let path = dir.path().join("dogwatch.toml");
    std::fs::write(&path, &text).unwrap();
    let (_, report) = check(&path).await;
    let problems = report["problems"].as_array().unwrap();
    for (expected, marker) in [
        ("unknown mode \"arm\"", "mode = \"arm\""),
        ("duration", "block_interval"),
        ("account name", "name = \"Alice\""),
    ] {
        let problem = problems.iter().find(|problem| problem["what"].as_str().unwrap().contains(expected)).unwrap();
        let line = problem["line"].as_u64().unwrap();
        let expected_line = text.lines().position(|line| line.contains(marker)).unwrap() as u64 + 1;
        assert_eq!(line, expected_line, "{expected}");
    }
    let plain = dogwatch().args(["check", "--config"]).arg(&path).output().await.unwrap();
    let plain = String::from_utf8_lossy(&plain.stdout).into_owned();
    assert!(plain.contains("dogwatch.toml:2: error: unknown mode"), "{plain}");
}

/// A mistake is reported once, without the problems that only follow from it.
#[tokio::test(flavor = "multi_thread")]
async fn consequences_of_a_problem_are_not_reported() {
    let (net, dir) = (Net::start().await, Net::directory());
    let good = net.toml(dir.path(), &Setup::default());
    let path = dir.path().join("dogwatch.toml");
    for (from, to, misleading) in [
        ("site = \"test\"", "site = 5", "site is missing"),
        ("name = \"alice\"", "name = \"Alice\"", "there is no [[witness]]"),
        ("name = \"pager\"", "nam = \"pager\"", "nobody would hear an alert"),
        ("allow_hosts = [", "allow_hosts = 5 # ", "allow_hosts is missing"),
        ("allow_hosts = [", "allow_hosts = [5] # ", "allow_hosts is missing"),
        ("endpoints = [", "endpoints = [5] # ", "no endpoint is configured"),
        ("like = \"hive-testnet\"", "like = \"hivenet\"", "there is no chain \"devnet\""),
    ] {
        assert!(good.contains(from), "{from} is not in the configuration");
        std::fs::write(&path, good.replacen(from, to, 1)).unwrap();
        let (code, report) = check(&path).await;
        assert_eq!(code, Some(3), "{to}");
        let said = |problem: &Value| problem["what"].as_str().unwrap().contains(misleading);
        assert!(!report["problems"].as_array().unwrap().iter().any(said), "{to}: {report:#}");
    }
    let (without, _) = good.split_once("[[channel]]").unwrap();
    std::fs::write(&path, without).unwrap();
    let (code, report) = check(&path).await;
    assert_eq!(code, Some(0), "{report:#}");
    assert!(report.to_string().contains("nobody would hear an alert"), "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_regular_files_are_read() {
    let (net, dir) = (Net::start().await, Net::directory());
    let path = net.write(dir.path(), &Setup::default());
    let (pipe, wif) = (dir.path().join("pipe"), dir.path().join("second.wif"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for unfit in [dir.path(), &pipe] {
        let (code, report) = check(unfit).await;
        assert_eq!(code, Some(3));
        assert!(report.to_string().contains("must be a regular file"), "{report:#}");
    }
    std::fs::remove_file(&wif).unwrap();
    std::fs::rename(&pipe, &wif).unwrap();
    let (code, report) = check(&path).await;
    assert_eq!(code, Some(3));
    assert!(report.to_string().contains("second.wif is not a regular file"), "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn chains_may_not_share_a_key() {
    let (net, dir) = (Net::start().await, Net::directory());
    let good = net.toml(dir.path(), &Setup::default());
    let sections = &good[good.find("[[chain]]").unwrap()..good.find("[[channel]]").unwrap()];
    let other = sections.replace("\"devnet\"", "\"other\"");
    let path = dir.path().join("dogwatch.toml");
    std::fs::write(&path, format!("{good}\n{other}")).unwrap();
    let (code, report) = check(&path).await;
    assert_eq!(code, Some(3));
    assert!(report.to_string().contains("on other, node \\\"primary\\\" has the same key as"), "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_must_be_private_and_match() {
    let (net, dir) = (Net::start().await, Net::directory());
    let path = net.write(dir.path(), &Setup::default());
    let wif = dir.path().join("second.wif");

    std::fs::set_permissions(&wif, PermissionsExt::from_mode(0o640)).unwrap();
    let (code, report) = check(&path).await;
    assert_eq!(code, Some(3));
    let problem = report["problems"].to_string();
    assert!(problem.contains("mode 0640") && problem.contains("chmod 600"), "{problem}");

    std::fs::set_permissions(&wif, PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::copy(dir.path().join("third.wif"), &wif).unwrap();
    let (code, report) = check(&path).await;
    assert_eq!(code, Some(3));
    assert!(report["problems"].to_string().contains("key does not belong to public_key"), "{report}");

    std::fs::write(&wif, "5JnotAkey").unwrap();
    let (_, report) = check(&path).await;
    assert!(!report.to_string().contains("5JnotAkey"), "text that may be a key is not repeated");

    let shared = std::fs::read_to_string(&path).unwrap();
    let prefix = &net.devnet.profile().prefix;
    let key = |node: &str| net.secret(node).public_key().display(prefix).to_string();
    std::fs::write(&wif, net.secret("primary").to_wif().as_str()).unwrap();
    std::fs::write(&path, shared.replacen(&key("second"), &key("primary"), 1)).unwrap();
    let (code, report) = check(&path).await;
    assert_eq!(code, Some(3));
    assert!(report["problems"].to_string().contains("has the same key as"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_come_from_files_the_environment_or_credentials() {
    let (net, dir) = (Net::start().await, Net::directory());
    let path = net.write(dir.path(), &Setup::default());
    let file = |node: &str| format!("key = {{ file = {:?} }}", dir.path().join(format!("{node}.wif")));
    let text = std::fs::read_to_string(&path)
        .unwrap()
        .replacen(&file("primary"), "key = { env = \"PRIMARY_WIF\" }", 1)
        .replacen(&file("second"), "key = { credential = \"second.wif\" }", 1);
    std::fs::write(&path, text).unwrap();
    let (code, report) = check(&path).await;
    assert_eq!(code, Some(3));
    assert!(report.to_string().contains("PRIMARY_WIF is not set") && report.to_string().contains("LoadCredential="));

    let mut command = dogwatch();
    command.args(["check", "--json", "--config"]).arg(&path);
    command.env("PRIMARY_WIF", net.secret("primary").to_wif().as_str()).env("CREDENTIALS_DIRECTORY", dir.path());
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// A profile of another chain, or with the wrong parameters, is an error: nothing that is counted could be right.
#[tokio::test(flavor = "multi_thread")]
async fn endpoints_are_asked_whether_the_profile_is_right() {
    let net = Net::with(|config| config.block_interval_ms = 1000).await;
    let dir = Net::directory();
    let good = net.toml(dir.path(), &Setup::default());
    let path = dir.path().join("dogwatch.toml");
    let ask = async |text: &str| {
        std::fs::write(&path, text).unwrap();
        let output = dogwatch().args(["check", "--ask", "--json", "--config"]).arg(&path).output().await.unwrap();
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default())
    };
    let (code, report) = ask(&good).await;
    assert_eq!(code, Some(0), "{report:#}");
    let chain_id = net.devnet.profile().chain_id.to_string();
    let keys = "block_interval = \"1000ms\"";
    for (from, to, what, remedy) in [
        (keys, "block_interval = \"3s\"", "the block interval is 3s, and the chain's is 1s", "block_interval = \"1s\""),
        ("round_length = 10", "round_length = 21", "a round has 21 slots, and the chain's has 10", "round_length = 10"),
        (chain_id.as_str(), &"0".repeat(64), "and the node's is 18dcf0", "Remove endpoints of another chain"),
    ] {
        let (code, report) = ask(&good.replacen(from, to, 1)).await;
        assert_eq!((code, &report["ok"]), (Some(3), &false.into()), "{to}: {report:#}");
        let problems = report["problems"].as_array().unwrap();
        let error = problems.iter().find(|problem| problem["level"] == "error").unwrap();
        assert!(error["what"].as_str().unwrap().contains(what), "{error}");
        assert!(error["remedy"].as_str().unwrap().contains(remedy), "{error}");
        assert_eq!(error["what"].as_str().unwrap().matches("127.0.0.1").count(), 3, "who says so: {error}");
    }
    // Keys of another prefix would not be read at all: only the chain is described.
    let prefix = format!("prefix = \"TST\"\n{keys}");
    let other = good.replacen(keys, &prefix, 1).replace("\"STM", "\"TST");
    let (code, report) = ask(&other).await;
    assert_eq!(code, Some(3));
    assert!(report.to_string().contains("public keys start with TST, and the chain's with STM"), "{report:#}");

    let silent = format!("[\"http://127.0.0.1:{}/\"]", 9);
    let endpoints = format!("{:?}", net.devnet.rpc_urls());
    let (code, report) = ask(&good.replacen(&endpoints, &silent, 1)).await;
    assert_eq!(code, Some(3));
    assert!(report.to_string().contains("whether the profile is right is unknown"), "{report:#}");
}
