//! What is written is there after a restart, and messages leave in order.

use dogwatch_alerts::Recipient;
use dogwatch_chain::Time;
use dogwatch_engine::{AlertEvent, AlertKey, Severity, Subject};
use tempfile::TempDir;

use super::*;

fn alert(key: &str, severity: Severity, summary: &str) -> Write {
    let alert = Alert {
        key: AlertKey(key.to_owned()),
        event: AlertEvent::Opened,
        severity,
        subject: Subject::Daemon,
        chain: "hive".to_owned(),
        summary: summary.to_owned(),
        details: String::new(),
        remedy: String::new(),
        command: String::new(),
        acknowledged_by: String::new(),
        opened_at: Time::from_secs(1),
        at: Time::from_secs(1),
    };
    Write::Alert { alert: Box::new(alert), witness: "alice".to_owned() }
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

/// When alerts come in.
const NOW: Time = Time::from_secs(1);

async fn summary(store: &Store, channel: &str, now: u32) -> Option<(i64, String, u32)> {
    let delivery = store.next_delivery(channel, Time::from_secs(now)).await.unwrap()?;
    Some((delivery.message, delivery.alert.summary, delivery.attempts))
}

#[tokio::test]
async fn what_is_written_survives() {
    let dir = TempDir::new().unwrap();
    let state = State { memory: vec![1, 2, 3], paused_until: Some(Time::from_secs(9)), ..State::default() };
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
async fn channels_get_what_is_severe_enough_for_them() {
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

    // What failed waits, and so does whatever follows it about the same alert.
    store.postpone(1, "mail", Time::from_secs(10), Time::from_secs(20), "down".to_owned()).await.unwrap();
    assert_eq!(summary(&store, "mail", 10).await, Some((2, "b opened".to_owned(), 0)));
    store.settle(2, "mail", "delivered", String::new()).await.unwrap();
    assert_eq!(summary(&store, "mail", 10).await, None);
    assert_eq!(store.next_due("mail").await.unwrap(), Some(Time::from_secs(20)), "what waits behind it is not due");
    assert_eq!(summary(&store, "mail", 20).await, Some((1, "a opened".to_owned(), 1)));
    store.settle(1, "mail", "delivered", String::new()).await.unwrap();
    assert_eq!(summary(&store, "mail", 20).await, Some((3, "a resolved".to_owned(), 0)));

    // The other channel is at its own pace.
    assert_eq!(summary(&store, "pager", 10).await, Some((1, "a opened".to_owned(), 0)));
}

#[tokio::test]
async fn messages_to_channels_that_are_gone_are_given_up() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.commit(vec![alert("a", Severity::Page, "one")], rules(), NOW).await.unwrap();
    store.forget_channels_but(vec!["mail".to_owned()]).await.unwrap();
    let counts = store.outbox_counts().await.unwrap();
    assert_eq!((counts.pending, counts.delivered, counts.failed), (1, 0, 1));
}

#[tokio::test]
async fn a_directory_has_one_daemon() {
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
