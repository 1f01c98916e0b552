//! Compiler versions.

/// A compiler's version, as `rustc --version` prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    pub(crate) const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// Reads `rustc 1.96.0 (ac68faa20 2026-05-25)`, with or without what follows the number.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let number = line.strip_prefix("rustc ")?.split_whitespace().next()?;
        let mut parts = number.split(['.', '-']);
        Some(Self { major: parts.next()?.parse().ok()?, minor: parts.next()?.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn reads_what_compilers_say() {
        let cases = [
            ("rustc 1.95.0 (59807616e 2026-04-14)", Some(Version::new(1, 95))),
            ("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)\n", Some(Version::new(1, 96))),
            ("rustc 1.97.0-nightly (0123abcd 2026-05-25)", Some(Version::new(1, 97))),
            ("rustc 1.63.0", Some(Version::new(1, 63))),
            ("rustc 2.0", Some(Version::new(2, 0))),
            ("rustc", None),
            ("rustc one", None),
            ("clang 19.1.0", None),
            ("", None),
        ];
        for (line, expected) in cases {
            assert_eq!(Version::parse(line), expected, "{line:?}");
        }
    }

    #[test]
    fn compares_by_number_not_by_text() {
        assert!(Version::new(1, 100) > Version::new(1, 99));
        assert!(Version::new(2, 0) > Version::new(1, 100));
        assert!(Version::new(1, 85) >= Version::new(1, 85));
    }
}
