//! The exceptions that nodes throw, with the codes and names that clients see.

/// The exception a node throws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exception {
    Assert,
    BadCast,
    Parse,
    EndOfFile,
    Unspecified,
    OutOfRange,
    BadLexicalCast,
    MissingActive,
    MissingOther,
    DuplicateSignature,
    Expiration,
    Tapos,
}

impl Exception {
    /// The members `code`, `name` and `message` of `error.data`.
    pub(super) fn data(self) -> (u32, &'static str, &'static str) {
        match self {
            Self::Unspecified => (0, "exception", "unspecified"),
            Self::Parse => (4, "parse_error_exception", "Parse Error"),
            Self::BadCast => (7, "bad_cast_exception", "Bad Cast"),
            Self::Assert => (10, "assert_exception", "Assert Exception"),
            Self::EndOfFile => (11, "eof_exception", "End Of File"),
            Self::OutOfRange => (13, "N5boost10wrapexceptISt12out_of_rangeEE", "0 exception: unspecified"),
            Self::BadLexicalCast => (
                13,
                "N5boost10wrapexceptINS_16bad_lexical_castEEE",
                "bad lexical cast: source type value could not be interpreted as target",
            ),
            Self::MissingActive => (3_010_000, "tx_missing_active_auth", "missing required active authority"),
            Self::MissingOther => (3_040_000, "tx_missing_other_auth", "missing required other authority"),
            Self::DuplicateSignature => (3_060_000, "tx_duplicate_sig", "duplicate signature included"),
            Self::Expiration => (4_030_100, "transaction_expiration_exception", "transaction expiration exception"),
            Self::Tapos => (4_030_200, "transaction_tapos_exception", "transaction tapos exception"),
        }
    }

    /// Whether `FC_ASSERT` or a similar macro throws it: those quote the expression that was false.
    pub(super) fn by_macro(self) -> bool {
        matches!(
            self,
            Self::Assert
                | Self::MissingActive
                | Self::MissingOther
                | Self::DuplicateSignature
                | Self::Expiration
                | Self::Tapos
        )
    }
}
