//! The policies of the sites: compiled into this program, and in a sample of nights in the real sandbox as well.

use dogwatch_sim::{Decide, Natively, Night, Policies, PolicyChoice};

#[cfg(feature = "sandbox")]
mod sandbox;

/// Of so many nights one is decided in the sandbox as well.
const SAMPLE: u64 = 50;

/// Policies that a sample of nights decides in the sandbox as well.
#[derive(Debug)]
pub(crate) struct Sampled {
    #[cfg(feature = "sandbox")]
    sandbox: sandbox::SandboxedPolicy,
}

impl Sampled {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            #[cfg(feature = "sandbox")]
            sandbox: sandbox::SandboxedPolicy::new()?,
        })
    }

    /// The policies of that night.
    pub(crate) fn for_night(&self, night: &Night) -> NightPolicies<'_> {
        NightPolicies { all: self, sampled: cfg!(feature = "sandbox") && night.seed.is_multiple_of(SAMPLE) }
    }

    /// Where the sandbox and the native policy decided differently.
    pub(crate) fn differences(&self) -> Vec<String> {
        #[cfg(feature = "sandbox")]
        return self.sandbox.differences();
        #[cfg(not(feature = "sandbox"))]
        Vec::new()
    }
}

impl Policies for Sampled {
    fn of_site(&self, choice: PolicyChoice, seed: u64) -> Box<dyn Decide> {
        Natively.of_site(choice, seed)
    }
}

/// The policies of one night.
#[derive(Debug)]
pub(crate) struct NightPolicies<'a> {
    #[cfg_attr(not(feature = "sandbox"), expect(dead_code, reason = "only the sandbox needs it"))]
    all: &'a Sampled,
    sampled: bool,
}

impl NightPolicies<'_> {
    pub(crate) const fn is_sandboxed(&self) -> bool {
        self.sampled
    }
}

impl Policies for NightPolicies<'_> {
    fn of_site(&self, choice: PolicyChoice, seed: u64) -> Box<dyn Decide> {
        #[cfg(feature = "sandbox")]
        if self.sampled {
            return self.all.sandbox.beside(choice, seed);
        }
        Natively.of_site(choice, seed)
    }
}
