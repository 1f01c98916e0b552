//! Plausibility checks of results that are not parsed as a whole.

use crate::error::RpcError;

/// Checks that a long answer begins like one: as a JSON-RPC object with a result.
pub(crate) fn begins_like_an_answer(start: &[u8]) -> Result<(), RpcError> {
    let text = String::from_utf8_lossy(start.get(..start.len().min(256)).unwrap_or_default());
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if !text.starts_with('{') {
        return Err(RpcError::NotJson { what: "at line 1, column 1".to_owned() });
    }
    if !text.contains("\"jsonrpc\":\"2.0\"") || !text.contains("\"result\":") {
        return Err(RpcError::NotJsonRpc { what: "it does not begin like an answer with a result" });
    }
    Ok(())
}

/// Checks that the result of a method begins as it must, for methods to which nodes have been seen to answer something
/// else with status 200.
pub(crate) fn shape_of(method: &str, result: &str) -> Result<(), RpcError> {
    let expected = match method.rsplit_once('.').map_or(method, |(_, name)| name) {
        "get_accounts"
        | "get_active_witnesses"
        | "get_witnesses"
        | "get_witnesses_by_vote"
        | "get_ops_in_block"
        | "get_account_history"
            if !method.starts_with("account_history_api") =>
        {
            '['
        }
        "get_dynamic_global_properties"
        | "get_config"
        | "get_version"
        | "get_witness_schedule"
        | "get_chain_properties"
        | "get_feed_history" => '{',
        _ => return Ok(()),
    };
    match result.chars().next() {
        Some(found) if found == expected => Ok(()),
        _ => Err(RpcError::shape(
            method.to_owned(),
            if expected == '[' { "the result is not a list" } else { "the result is not an object" },
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_answers_are_known_by_their_beginning() {
        assert!(begins_like_an_answer(br#"{ "jsonrpc" : "2.0", "result": {"blocks": [ {"#).is_ok());
        for bad in [&b"<html>"[..], b"", br#"{"jsonrpc":"2.0","error":{"code":1"#, br#"[{"jsonrpc":"2.0","result":1}"#]
        {
            assert!(begins_like_an_answer(bad).is_err());
        }
        assert!(begins_like_an_answer(&[0xff; 300]).is_err());
    }

    #[test]
    fn shapes_that_are_known() {
        assert!(shape_of("condenser_api.get_accounts", "[]").is_ok());
        assert!(shape_of("condenser_api.get_accounts", "{}").is_err());
        assert!(shape_of("condenser_api.get_accounts", "null").is_err());
        assert!(shape_of("condenser_api.get_dynamic_global_properties", "[]").is_err());
        assert!(shape_of("account_history_api.get_account_history", "{}").is_ok());
        assert!(shape_of("bridge.get_ranked_posts", "null").is_ok());
    }
}
