//! Which datagrams are believed.

use dogwatch_beat::{BeatSigner, ProcessState, seal};
use dogwatch_engine::Beat;

use super::*;

/// A listener for the machine of one signer, and what it tells.
struct Scene {
    signer: BeatSigner,
    listener: BeatListener,
    inbox: mpsc::Receiver<Message>,
    now: SentAt,
}

impl Scene {
    fn new(probes: BeatProbes) -> Self {
        let signer = BeatSigner::from_text(&"07".repeat(32)).unwrap();
        let (sender, inbox) = mpsc::channel(16);
        let place = BeatPlace { key: signer.key(), inbox: sender, witness: 0, node: NodeIndex(1), probes };
        let clock = Clock::system();
        let listener = BeatListener::new("here".to_owned(), clock, vec![place]);
        Self { signer, listener, inbox, now: sent_at(clock.now()) }
    }

    fn report(&self, later: u64) -> Report {
        let process = Some(ProcessState::Ended);
        let sent = SentAt(self.now.0.saturating_add(later));
        Report { sent, process, watched_ms: 0, node: LocalNode::NotAsked, disk_low: None }
    }

    /// What is told when that datagram comes.
    async fn heard(&mut self, packet: &[u8]) -> Vec<Message> {
        self.listener.take(packet, "127.0.0.1:7".parse().unwrap()).await;
        let mut told = Vec::new();
        while let Ok(message) = self.inbox.try_recv() {
            told.push(message);
        }
        told
    }
}

#[tokio::test]
async fn a_beat_is_told_once() {
    let mut scene = Scene::new(BeatProbes::AreNotNeeded);
    let packet = seal(&scene.signer, &scene.report(5)).unwrap();
    let told = scene.heard(&packet).await;
    let [Message::Beat(0, NodeIndex(1), Heard::Beat { process: Some(ProcessState::Ended), .. })] = *told else {
        panic!("{told:?}");
    };
    assert!(scene.heard(&packet).await.is_empty(), "somebody sends it again");
    let older = seal(&scene.signer, &scene.report(4)).unwrap();
    assert!(scene.heard(&older).await.is_empty());
    let newer = seal(&scene.signer, &scene.report(6)).unwrap();
    assert_eq!(scene.heard(&newer).await.len(), 1);
}

#[tokio::test]
async fn what_a_stranger_sends_says_nothing() {
    let mut scene = Scene::new(BeatProbes::Count);
    let stranger = BeatSigner::from_text(&"08".repeat(32)).unwrap();
    let mut forged = seal(&scene.signer, &scene.report(1)).unwrap();
    *forged.last_mut().unwrap() ^= 1;
    for packet in [seal(&stranger, &scene.report(1)).unwrap(), forged, b"hello".to_vec(), Vec::new()] {
        assert!(scene.heard(&packet).await.is_empty());
    }
    let late = Report { sent: SentAt(scene.now.0.saturating_sub(60_000_000)), ..scene.report(0) };
    let packet = seal(&scene.signer, &late).unwrap();
    assert!(scene.heard(&packet).await.is_empty(), "it was kept for a minute");
}

/// Beats with a clock that is off are told where none is right; an old one among others says nothing.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_far_off_is_told_instead_of_silence() {
    let mut scene = Scene::new(BeatProbes::AreNotNeeded);
    let late = Report { sent: SentAt(scene.now.0.saturating_sub(60_000_000)), ..scene.report(0) };
    let late = seal(&scene.signer, &late).unwrap();
    scene.heard(&late).await;
    scene.listener.look_for_silence().await;
    assert!(scene.inbox.try_recv().is_err(), "others may be right");
    tokio::time::advance(SILENT_AFTER).await;
    scene.heard(&late).await;
    scene.listener.look_for_silence().await;
    let told = scene.inbox.try_recv().unwrap();
    let Message::Beat(_, _, Heard::WrongClock(_)) = told else { panic!("{told:?}") };
    scene.listener.look_for_silence().await;
    let told = scene.inbox.try_recv().unwrap();
    let Message::Beat(_, _, Heard::Silence(_)) = told else { panic!("{told:?}") };
}

/// Behind a firewall that lets nobody in, the machine's own questions to the node are its probes.
#[tokio::test]
async fn the_machines_own_questions_stand_for_probes() {
    for (probes, expected) in [(BeatProbes::Count, 2), (BeatProbes::AreNotNeeded, 1)] {
        let mut scene = Scene::new(probes);
        let fails = LocalNode::Fails(format!("no\nanswer{}", "x".repeat(400)));
        let packet = seal(&scene.signer, &Report { node: fails, ..scene.report(1) }).unwrap();
        let told = scene.heard(&packet).await;
        assert_eq!(told.len(), expected);
        if let Some(Message::Probed(_, _, Err(failure))) = told.last() {
            let text = failure.to_string();
            assert!(text.starts_with("on its own machine it does not answer: noanswerx") && text.len() < 300, "{text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_told_and_ends_with_the_next_beat() {
    let mut scene = Scene::new(BeatProbes::Count);
    scene.listener.look_for_silence().await;
    assert!(scene.inbox.try_recv().is_err(), "it has only just begun to listen");
    tokio::time::advance(SILENT_AFTER).await;
    scene.listener.look_for_silence().await;
    let told = scene.inbox.try_recv().unwrap();
    let Message::Beat(_, _, heard @ Heard::Silence(_)) = told else { panic!("{told:?}") };
    let mut beats = crate::chain::beats::Beats::new(2);
    let now = scene.listener.clock.now();
    let Some(Beat { trouble: Some(trouble), .. }) = beats.note(now, now, NodeIndex(1), heard) else { panic!() };
    assert_eq!(trouble.to_string(), "its machine has sent no beat for 30 s");
    assert!(scene.inbox.try_recv().is_err(), "it has never asked the node");
    let asks = Report { node: LocalNode::Fails("refused".to_owned()), ..scene.report(1) };
    let packet = seal(&scene.signer, &asks).unwrap();
    scene.heard(&packet).await;
    tokio::time::advance(SILENT_AFTER).await;
    scene.listener.look_for_silence().await;
    assert!(scene.inbox.try_recv().is_ok());
    let Message::Probed(_, _, Err(_)) = scene.inbox.try_recv().unwrap() else { panic!() };
    let packet = seal(&scene.signer, &scene.report(2)).unwrap();
    scene.heard(&packet).await;
    scene.listener.look_for_silence().await;
    assert!(scene.inbox.try_recv().is_err());
}
