//! What policies want to keep from one decision to the next.

use serde::{Deserialize, Serialize};

/// How many files' memories are kept: that of the present one, and those that it may be taken back to.
const KEPT: usize = 3;

/// Which file of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyFile {
    /// The policy's name.
    pub name: String,
    /// The SHA-256 of its file, in hexadecimal.
    pub sha256: String,
}

/// What one file of a policy wants to keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    file: PolicyFile,
    bytes: Vec<u8>,
}

/// The memories of a witness's policies: one for each file, the one that decided last first.
///
/// A file never gets another one's memory: what the bytes mean is its own affair.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<Kept>", from = "Stored")]
pub struct PolicyMemory(Vec<Kept>);

/// A memory as states hold it.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a list of memories, one for each file of a policy")]
enum Stored {
    Owned(Vec<Kept>),
    /// Older states do not tell which file's it is.
    #[expect(dead_code, reason = "only its shape tells it apart")]
    Unowned(Vec<u8>),
}

impl From<Stored> for PolicyMemory {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Owned(kept) => Self(kept),
            Stored::Unowned(_) => Self::default(),
        }
    }
}

impl From<PolicyMemory> for Vec<Kept> {
    fn from(memory: PolicyMemory) -> Self {
        memory.0
    }
}

impl PolicyMemory {
    /// What that file keeps, if it has decided before.
    pub fn of(&self, file: &PolicyFile) -> Option<&[u8]> {
        self.0.iter().find(|kept| kept.file == *file).map(|kept| kept.bytes.as_slice())
    }

    /// What the latest other file of that policy keeps.
    pub fn before(&self, file: &PolicyFile) -> Option<&[u8]> {
        let earlier = |kept: &&Kept| kept.file.name == file.name && kept.file.sha256 != file.sha256;
        self.0.iter().find(earlier).map(|kept| kept.bytes.as_slice())
    }

    /// Keeps that for the file, which has just decided.
    pub fn keep(&mut self, file: PolicyFile, bytes: Vec<u8>) {
        if let Some(first) = self.0.first_mut().filter(|first| first.file == file) {
            first.bytes = bytes;
            return;
        }
        self.0.retain(|kept| kept.file != file);
        self.0.insert(0, Kept { file, bytes });
        self.0.truncate(KEPT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, sha256: &str) -> PolicyFile {
        PolicyFile { name: name.to_owned(), sha256: sha256.to_owned() }
    }

    #[test]
    fn each_file_has_its_own() {
        let mut memory = PolicyMemory::default();
        assert_eq!((memory.of(&file("owl", "a")), memory.before(&file("owl", "a"))), (None, None));
        memory.keep(file("owl", "a"), vec![1]);
        memory.keep(file("owl", "a"), vec![2]);
        assert_eq!(memory.of(&file("owl", "a")), Some(&[2_u8][..]));
        assert_eq!(memory.of(&file("owl", "b")), None, "another file");
        assert_eq!(memory.before(&file("owl", "b")), Some(&[2_u8][..]), "of the file before");
        assert_eq!(memory.before(&file("cat", "b")), None, "another policy");
        memory.keep(file("owl", "b"), vec![3]);
        assert_eq!(memory.before(&file("owl", "a")), Some(&[3_u8][..]));
        assert_eq!(memory.of(&file("owl", "a")), Some(&[2_u8][..]), "and back again");
    }

    #[test]
    fn states_of_before_are_read() {
        let mut memory = PolicyMemory::default();
        memory.keep(file("owl", "a"), vec![1, 2]);
        let text = serde_json::to_string(&memory).unwrap();
        assert_eq!(text, r#"[{"file":{"name":"owl","sha256":"a"},"bytes":[1,2]}]"#);
        assert_eq!(serde_json::from_str::<PolicyMemory>(&text).unwrap(), memory);
        for before in ["[]", "[1,2,3]"] {
            assert_eq!(serde_json::from_str::<PolicyMemory>(before).unwrap(), PolicyMemory::default());
        }
    }

    #[test]
    fn the_oldest_is_forgotten() {
        let mut memory = PolicyMemory::default();
        for (sha256, byte) in [("a", 1), ("b", 2), ("c", 3), ("a", 4), ("d", 5)] {
            memory.keep(file("owl", sha256), vec![byte]);
        }
        assert_eq!(memory.of(&file("owl", "b")), None);
        assert_eq!(memory.of(&file("owl", "a")), Some(&[4_u8][..]));
        assert_eq!(memory.before(&file("owl", "e")), Some(&[5_u8][..]));
    }
}
