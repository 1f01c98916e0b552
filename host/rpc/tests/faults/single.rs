//! Each fault alone, and each beside good endpoints.

use std::time::Duration;

use dogwatch_rpc::{AgreementVerdict, Standing};
use futures_util::StreamExt as _;

use crate::catalogue::{Case, Shows, cases};
use crate::fault::Fault;
use crate::scene::Scene;

#[test]
fn there_are_many() {
    let cases = cases();
    assert!(cases.len() >= 40, "{}", cases.len());
    for (index, case) in cases.iter().enumerate() {
        assert!(!cases[..index].iter().any(|other| other.name == case.name), "{} is there twice", case.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_alone_is_told_with_its_reason() {
    all(cases().into_iter().map(alone)).await;
}

async fn alone(Case { name, fault, shows }: Case) {
    let scene = Scene::new(&[fault]).await;
    let reading = scene.poll().await.remove(0);
    let agreement = scene.agreement();
    match shows {
        Shows::Error(says) => {
            let error = reading.result.expect_err(name).to_string();
            assert!(error.contains(says), "{name}: {error}");
            assert!(error.chars().count() < 400 && !error.contains('\n'), "{name}: {error}");
            assert_eq!(
                (agreement.verdict, agreement.standings[0].1),
                (AgreementVerdict::Blind, Standing::Silent),
                "{name}"
            );
            assert!(scene.pool.status(dogwatch_rpc::Clock.now())[0].last_error.is_some(), "{name}");
        }
        Shows::Standing(_) => {
            assert!(reading.result.is_ok(), "{name}: {:?}", reading.result);
            // A fork, and what is impossible, cannot be told without others.
            let blind = agreement.verdict == AgreementVerdict::Blind;
            assert!(blind || name.contains("fork") || name.contains("impossibly"), "{name}: {agreement:?}");
        }
        Shows::Lie | Shows::Late => assert!(reading.result.is_ok(), "{name}: {:?}", reading.result),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_beside_one_good_endpoint_leaves_reads_answered_and_nothing_wrong_believed() {
    all(cases().into_iter().flat_map(|case| [(case.clone(), 0), (case, 1)]).map(beside_one)).await;
}

async fn beside_one((Case { name, fault, .. }, place): (Case, usize)) {
    let mut faults = vec![Fault::None];
    faults.insert(place, fault);
    let scene = Scene::new(&faults).await;
    let truth = crate::chain::id(crate::chain::height() - 1000, 0).to_string();
    // Before the first poll, when nothing is known of anybody, and after it.
    for round in 0..2 {
        let read = scene.read().await;
        let read = read.unwrap_or_else(|error| panic!("{name}, good at {}, round {round}: {error}", 1 - place));
        // A fork of its own contradicts nobody at a block that nobody else was asked for.
        assert!(read.len() == truth.len(), "{name}: {read}");
        let readings = scene.poll().await;
        assert!(readings[1 - place].result.is_ok(), "{name}: the good one: {:?}", readings[1 - place].result);
        scene.believes_nothing_wrong(name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_beside_two_good_endpoints_is_named_and_outvoted() {
    all(cases().into_iter().map(beside_two)).await;
}

async fn beside_two(Case { name, fault, shows }: Case) {
    let scene = Scene::new(&[Fault::None, fault, Fault::None]).await;
    for _ in 0..2 {
        scene.poll_until_agreed().await;
        scene.believes_nothing_wrong(name);
        let agreement = scene.agreement();
        assert_eq!(agreement.verdict, AgreementVerdict::Agreed, "{name}: {agreement:?}");
        scene.believes_nothing_wrong(name);
        let standing = agreement.standings[1].1;
        match shows {
            Shows::Error(_) => assert_eq!(standing, Standing::Silent, "{name}"),
            Shows::Standing(is) => assert!(is(&standing), "{name}: {standing}"),
            Shows::Lie | Shows::Late => assert_eq!(standing, Standing::Sound, "{name}"),
        }
        scene.read().await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let status = scene.pool.status(dogwatch_rpc::Clock.now());
    if !matches!(shows, Shows::Lie) {
        assert_eq!(status[1].rank, 3, "{name}: {status:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_passes_is_forgotten_and_one_that_comes_is_seen() {
    all(cases().into_iter().map(passing)).await;
}

async fn passing(Case { name, fault, shows }: Case) {
    if matches!(fault, Fault::Refuse | Fault::NoSuchName) {
        return;
    }
    // A request that is quicker than the end of its connection meets no new one; the chain id is asked for once an hour.
    let unseen = matches!(fault, Fault::CloseAtOnce | Fault::Mute | Fault::NotTls | Fault::Certificate(_))
        || name.contains("chain");
    let options = crate::scene::options().jitter(0, 0);
    let scene = Scene::with(&[Fault::None, Fault::None, Fault::None], options).await;
    scene.poll_until_agreed().await;
    assert_eq!(scene.agreement().verdict, AgreementVerdict::Agreed, "{name}");
    scene.servers[0].become_other(fault);
    let reading = scene.poll().await.remove(0);
    assert!(reading.result.is_err() || unseen || !matches!(shows, Shows::Error(_)), "{name}");
    scene.servers[0].become_other(Fault::None);
    // The rest after a failure is a block's time, unless a longer one was asked for.
    if !name.starts_with("429 with") && !name.starts_with("503 with") {
        tokio::time::sleep(Duration::from_millis(3100)).await;
        assert!(scene.poll().await[0].result.is_ok(), "{name}");
        scene.poll_until_agreed().await;
        assert_eq!(scene.agreement().verdict, AgreementVerdict::Agreed, "{name}");
    }
}

/// Plays them beside each other, but not all at once: handshakes cost.
async fn all(played: impl Iterator<Item = impl Future<Output = ()>>) {
    futures_util::stream::iter(played).buffer_unordered(6).collect::<Vec<()>>().await;
}
