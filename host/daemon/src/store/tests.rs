//! The store keeps what was written across restarts, and messages go out in order.

use dogwatch_alerts::{AlertKey, Cause, Change, Notice, Recipient, Scope, Severity, Subject};
use dogwatch_chain::Time;
use dogwatch_engine::{PolicyFile, PolicyMemory};
use tempfile::TempDir;

use super::*;

/// What a policy keeps.
pub(super) fn memory(bytes: Vec<u8>) -> PolicyMemory {
    let mut memory = PolicyMemory::default();
    memory.keep(PolicyFile { name: "owl".to_owned(), sha256: "00".to_owned() }, bytes);
    memory
}

/// These tests tell alerts apart by their witness.
fn key(witness: &str) -> AlertKey {
    AlertKey::new(Scope::witness("hive", witness), Cause::Missing)
}

fn report(change: Change, key: AlertKey, severity: Severity, summary: &str, at: Time) -> Write {
    let notice = Notice {
        key,
        severity,
        subject: Subject::Daemon,
        summary: summary.to_owned(),
        details: String::new(),
        remedy: String::new(),
        command: String::new(),
    };
    Write::Report(Box::new(AlertReport { change, notice, at }))
}

fn alert(witness: &str, severity: Severity, summary: &str) -> Write {
    report(Change::Raised, key(witness), severity, summary, NOW)
}

fn rules() -> Arc<Rules> {
    let to = |name: &str, min_severity| Recipient { name: name.to_owned(), min_severity };
    let mut rules = Rules::plain(
        "home",
        vec![to("mail", Severity::Info), to("pager", Severity::Page)],
        std::time::Duration::from_secs(300),
    );
    rules.gather = std::time::Duration::ZERO;
    rules.into()
}

/// When the alerts open.
const NOW: Time = Time::from_secs(1);

async fn summary(store: &Store, channel: &str, now: u32) -> Option<(i64, String, u32)> {
    let delivery = store.next_delivery(channel, Time::from_secs(now)).await.unwrap()?;
    Some((delivery.message, delivery.alert.summary, delivery.attempts))
}

#[tokio::test]
async fn what_is_written_survives() {
    let dir = TempDir::new().unwrap();
    let state =
        WatchState { memory: memory(vec![1, 2, 3]), paused_until: Some(Time::from_secs(9)), ..WatchState::default() };
    {
        let store = Store::open(dir.path()).unwrap();
        assert_eq!(store.state("hive", "alice").await.unwrap(), None);
        let write = Write::State { chain: "hive".into(), witness: "alice".into(), state: Box::new(state.clone()) };
        store.commit(vec![write, alert("a", Severity::Page, "one")], rules(), NOW).await.unwrap();
    }
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.state("hive", "alice").await.unwrap(), Some(state));
    assert_eq!(store.state("steem", "alice").await.unwrap(), None);
    assert_eq!(summary(&store, "pager", 10).await, Some((1, "one".to_owned(), 0)));
    let counts = store.outbox_counts().await.unwrap();
    assert_eq!((counts.pending, counts.delivered, counts.failed), (2, 0, 0));
}

#[tokio::test]
async fn channels_get_alerts_that_are_severe_enough() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.commit(vec![alert("a", Severity::Warning, "mild")], rules(), NOW).await.unwrap();
    assert_eq!(summary(&store, "pager", 10).await, None);
    assert_eq!(summary(&store, "mail", 10).await, Some((1, "mild".to_owned(), 0)));
}

#[tokio::test]
async fn one_alerts_messages_leave_in_order_and_hold_up_no_others() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let writes =
        [("a", "a opened"), ("b", "b opened"), ("a", "a resolved")].map(|(key, text)| alert(key, Severity::Page, text));
    store.commit(writes.into(), rules(), NOW).await.unwrap();
    assert_eq!(summary(&store, "mail", 10).await, Some((1, "a opened".to_owned(), 0)));

    // A failed message waits, and so do later ones about the same alert.
    store.postpone(1, "mail", Time::from_secs(10), Time::from_secs(20), "down".to_owned()).await.unwrap();
    assert_eq!(summary(&store, "mail", 10).await, Some((2, "b opened".to_owned(), 0)));
    store.settle(2, "mail", "delivered", String::new()).await.unwrap();
    assert_eq!(summary(&store, "mail", 10).await, None);
    assert_eq!(store.next_due("mail").await.unwrap(), Some(Time::from_secs(20)), "messages behind it are not due");
    assert_eq!(summary(&store, "mail", 20).await, Some((1, "a opened".to_owned(), 1)));
    store.settle(1, "mail", "delivered", String::new()).await.unwrap();
    assert_eq!(summary(&store, "mail", 20).await, Some((3, "a resolved".to_owned(), 0)));

    // The other channel goes at its own pace.
    assert_eq!(summary(&store, "pager", 10).await, Some((1, "a opened".to_owned(), 0)));
}

#[tokio::test]
async fn messages_to_removed_channels_are_given_up() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.commit(vec![alert("a", Severity::Page, "one")], rules(), NOW).await.unwrap();
    store.forget_channels_but(vec!["mail".to_owned()]).await.unwrap();
    let counts = store.outbox_counts().await.unwrap();
    assert_eq!((counts.pending, counts.delivered, counts.failed), (1, 0, 1));
}

#[tokio::test]
async fn only_one_daemon_can_use_a_directory() {
    let dir = TempDir::new().unwrap();
    let first = Store::open(dir.path()).unwrap();
    assert!(matches!(Store::open(dir.path()), Err(StoreError::InUse(_))));
    drop(first);
    assert!(Store::open(dir.path()).is_ok());
}

#[tokio::test]
async fn a_newer_schema_and_broken_state_are_refused() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let direct = Connection::open(dir.path().join("state.sqlite")).unwrap();
    direct.execute("INSERT INTO watch VALUES ('hive', 'alice', '{\"memory\": 5}')", []).unwrap();
    assert!(matches!(store.state("hive", "alice").await, Err(StoreError::Corrupt { .. })));
    drop(store);
    direct.pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(Store::open(dir.path()), Err(StoreError::Newer { found: 99, .. })));
}

#[tokio::test]
async fn a_clock_that_was_set_back_holds_up_nothing() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.commit(vec![alert("a", Severity::Page, "one")], rules(), NOW).await.unwrap();
    store.postpone(1, "pager", Time::from_secs(100_000), Time::from_secs(100_060), "down".to_owned()).await.unwrap();
    assert_eq!(summary(&store, "pager", 100_000).await, None);
    assert_eq!(summary(&store, "pager", 10).await, Some((1, "one".to_owned(), 1)));
}

/// Rules under which more than two openings within a second are a storm.
fn stormy() -> Arc<Rules> {
    let mut rules = Rules::clone(&rules());
    rules.gather = std::time::Duration::from_secs(1);
    rules.storm = 2;
    rules.into()
}

/// The messages due for a channel at that second, each settled at once.
async fn told(store: &Store, channel: &str, now: u32) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(delivery) = store.next_delivery(channel, Time::from_secs(now)).await.unwrap() {
        let key = &delivery.alert.key;
        let what = if key.witness().is_empty() { key.cause.name() } else { key.witness() };
        told.push(format!("{:?} {what}", delivery.alert.event));
        store.settle(delivery.message, channel, "delivered", String::new()).await.unwrap();
    }
    told
}

async fn raise(store: &Store, witnesses: &[&str], second: u32) {
    let at = Time::from_secs(second);
    for witness in witnesses {
        let write = report(Change::Raised, key(witness), Severity::Page, witness, at);
        store.commit(vec![write], stormy(), at).await.unwrap();
    }
}

#[tokio::test]
async fn many_alerts_at_once_get_one_message_and_an_acknowledged_storm_takes_in_no_more() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    raise(&store, &["a", "b"], 100).await;
    assert_eq!(told(&store, "pager", 102).await, ["Opened a", "Opened b"], "two are not a storm");
    raise(&store, &["c", "d", "e"], 200).await;
    assert_eq!(told(&store, "pager", 200).await, [] as [&str; 0], "openings wait for each other");
    assert_eq!(told(&store, "pager", 202).await, ["Opened storm"]);
    raise(&store, &["f"], 203).await;
    assert_eq!(told(&store, "pager", 205).await, [] as [&str; 0], "one more of the same storm");

    let storm = AlertKey::new(Scope::daemon("home"), Cause::Storm);
    let taken = store.acknowledge(stormy(), Time::from_secs(210), Which::Key(storm), "bob".into()).await.unwrap();
    assert_eq!(taken.len(), 5, "the storm and its members: {taken:?}");
    assert_eq!(told(&store, "pager", 210).await, ["Acknowledged storm"]);
    raise(&store, &["g"], 220).await;
    assert_eq!(told(&store, "pager", 222).await, ["Opened g"], "it does not join an acknowledged storm");
    raise(&store, &["i", "j", "k"], 230).await;
    assert_eq!(told(&store, "pager", 232).await, ["Resolved storm", "Opened storm"], "another storm is another alert");
}

#[tokio::test]
async fn a_channel_that_comes_back_does_not_get_every_repetition() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    raise(&store, &["a"], 100).await;
    store.postpone(1, "pager", Time::from_secs(101), Time::from_secs(5000), "down".to_owned()).await.unwrap();
    for minute in 1..60_u32 {
        let second = Time::from_secs(100 + minute * 330);
        while store.alerts_due(stormy(), second).await.unwrap() {}
    }
    let end = Time::from_secs(30_000);
    let over = report(Change::Over, key("a"), Severity::Page, "a", end);
    store.commit(vec![over], stormy(), end).await.unwrap();
    assert_eq!(told(&store, "pager", 30_001).await, ["Opened a", "Resolved a"]);
}

#[tokio::test]
async fn an_undelivered_page_is_reported_by_its_key() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    raise(&store, &["a"], 100).await;
    assert_eq!(store.undelivered_pages(Time::from_secs(99)).await.unwrap(), []);
    let undelivered = store.undelivered_pages(Time::from_secs(160)).await.unwrap();
    assert_eq!(undelivered.into_iter().map(|(key, _)| key).collect::<Vec<_>>(), [key("a")]);
    told(&store, "mail", 102).await;
    assert_eq!(store.undelivered_pages(Time::from_secs(160)).await.unwrap(), [], "one channel is enough");

    let mut nobody = Rules::clone(&stormy());
    nobody.recipients.clear();
    let write = report(Change::Raised, key("b"), Severity::Page, "b", Time::from_secs(100));
    store.commit(vec![write], nobody.into(), Time::from_secs(100)).await.unwrap();
    let undelivered = store.undelivered_pages(Time::from_secs(160)).await.unwrap();
    assert_eq!(undelivered, [(key("b"), "no channel takes it".to_owned())]);
}

#[tokio::test]
async fn an_unreadable_alert_holds_up_nothing() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    raise(&store, &["a", "b"], 100).await;
    let direct = Connection::open(dir.path().join("state.sqlite")).unwrap();
    direct.execute("UPDATE incident SET state = '{}'", []).unwrap();
    direct.execute("UPDATE message SET alert = '{}' WHERE id = 1", []).unwrap();
    direct.execute("INSERT INTO maintenance (state) VALUES ('{}')", []).unwrap();
    assert_eq!(told(&store, "pager", 102).await, [] as [&str; 0], "the first cannot be read");
    assert_eq!(told(&store, "pager", 102).await, ["Opened b"]);
    raise(&store, &["a"], 200).await;
    assert_eq!(told(&store, "pager", 202).await, ["Opened a"], "it opens like a new alert");
}
