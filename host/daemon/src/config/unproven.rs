//! Standbys that nobody has seen to sign a block: a key file mixed up on the node shows only when it is too late.

/// What to note, and what to do about it.
pub fn note(witness: &str, node: &str) -> (String, String) {
    let what = format!(
        "witness {witness:?}, node {node:?} has not been seen to sign a block: whether it holds its key is not known"
    );
    let remedy = format!("Prove it in a calm hour: dogwatch rehearse --switch --witness {witness} --to {node}");
    (what, remedy)
}
