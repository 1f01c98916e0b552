//! Alerts about endpoints that are polled over another scheme than the configuration says.

use dogwatch_alerts::{AlertKey, AlertReport, Cause, Notice, Scope, Severity, Subject};
use dogwatch_chain::Time;

use crate::chain_alerts::{ChainAlerts, ENDPOINTS};

fn part_key(chain: &str, cause: Cause, part: &str) -> AlertKey {
    AlertKey::part(Scope::chain(chain), cause, part)
}

impl ChainAlerts {
    /// Alerts about endpoints configured with `http://` but polled over https, each with the reason.
    pub fn upgraded(&mut self, now: Time, chain: &str, endpoints: &[(String, String)]) -> Vec<AlertReport> {
        let key = |name: &str| part_key(chain, Cause::Upgraded, name);
        let keep: Vec<AlertKey> = endpoints.iter().map(|(name, _)| key(name)).collect();
        let how = "The endpoint is now configured with https://, or was removed.";
        let mut said = self.book.resolve_others(now, Cause::Upgraded, &keep, how);
        for (name, why) in endpoints {
            let notice = Notice {
                key: key(name),
                severity: Severity::Warning,
                subject: Subject::Endpoint(chain.to_owned(), name.clone()),
                summary: format!("{chain}: endpoint {name} is configured with http://, but Dogwatch uses https"),
                details: format!("Why: {why}. Dogwatch keeps using https, even after a restart."),
                remedy: "Change http:// to https:// for this endpoint in dogwatch.toml.".to_owned(),
                command: "dogwatch check".to_owned(),
            };
            said.extend(self.book.raise(now, notice));
        }
        said
    }

    /// Alerts about endpoints that used to answer over https and now only over plain HTTP, where that is allowed.
    pub fn downgraded(&mut self, now: Time, chain: &str, endpoints: &[String]) -> Vec<AlertReport> {
        let key = |name: &str| part_key(chain, Cause::Downgraded, name);
        let keep: Vec<AlertKey> = endpoints.iter().map(|name| key(name)).collect();
        let how = "The endpoint answers over https again, or was removed from the configuration.";
        let mut said = self.book.resolve_others(now, Cause::Downgraded, &keep, how);
        for name in endpoints {
            let notice = Notice {
                key: key(name),
                severity: Severity::Warning,
                subject: Subject::Endpoint(chain.to_owned(), name.clone()),
                summary: format!("{chain}: endpoint {name} no longer answers over https, only over plain http"),
                details: "Plain http is allowed for it, so Dogwatch keeps using it. Anyone on the network path can \
                          read and change its answers."
                    .to_owned(),
                remedy: "Fix its TLS, or ask its operator to. Then change it to https:// in dogwatch.toml.".to_owned(),
                command: ENDPOINTS.to_owned(),
            };
            said.extend(self.book.raise(now, notice));
        }
        said
    }
}
