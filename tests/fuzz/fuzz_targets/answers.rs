//! The classifier of answers: whatever an endpoint sends is either an answer to the request or a reason fit for a log.

#![no_main]

use std::sync::LazyLock;

use dogwatch_rpc::{AllowHttp, Endpoint, RawAnswer, RpcError, prove, prove_batch};
use libfuzzer_sys::fuzz_target;

static ENDPOINT: LazyLock<Endpoint> = LazyLock::new(|| {
    Endpoint::parse("https://api.example.com/v2/0123456789abcdef0123456789abcdef", AllowHttp::No).expect("a good URL")
});

fn is_fit_for_a_log(error: &RpcError) {
    let shown = error.to_string();
    assert!(shown.chars().count() < 600 && !shown.contains(char::is_control), "{shown:?}");
    assert!(!shown.contains("0123456789abcdef0123456789abcdef"), "the endpoint's token");
}

fuzz_target!(|body: &[u8]| {
    match prove(body, 7, &ENDPOINT) {
        // Reading the answer in full and passing it on raw agree, unless it has a duplicate member.
        Ok(answer) => match RawAnswer::read(body) {
            Ok(raw) => assert_eq!(raw.outcome.is_ok(), answer.is_ok()),
            Err(error) => is_fit_for_a_log(&error),
        },
        Err(error) => is_fit_for_a_log(&error),
    }
    match prove_batch(body, &[1, 2, 3], &ENDPOINT) {
        Ok(Some(answers)) => assert_eq!(answers.len(), 3),
        Ok(None) => {}
        Err(error) => is_fit_for_a_log(&error),
    }
    match RawAnswer::read_batch(body) {
        Ok(Some(all)) => all.iter().for_each(|answer| assert!(answer.answers(answer.id) || answer.id.is_none())),
        Ok(None) => assert!(RawAnswer::read(body).is_ok()),
        Err(error) => is_fit_for_a_log(&error),
    }
});
