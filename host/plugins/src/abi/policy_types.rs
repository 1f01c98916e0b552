//! Translation of what every version of the policy interface has, each in bindings of its own.

/// Defines how a version of the interface is spoken, but for what differs between versions: the module that calls this
/// holds the generated `bindings` and the function `situation_to`.
macro_rules! policy_types {
    ($types:path) => {
        use std::time::Duration;

        use dogwatch_alerts::Severity;
        use dogwatch_engine as engine;
        use wasmtime::Error;
        use wasmtime::component::InstancePre;

        use super::call::{CallStore, PluginAnswer};
        use super::policy::PolicyAbi;
        use super::shared_types::shared_types;
        use crate::description::{Description, Roles};
        use crate::message::PluginMessage;
        use crate::sandbox::limiter::StoreLimiter;
        use crate::settings::{SettingProblem, Settings};
        use $types as types;

        shared_types!($types);

        pub(super) fn bind(pre: InstancePre<StoreLimiter>) -> Result<Box<dyn PolicyAbi>, Error> {
            Ok(Box::new(Version(bindings::PolicyPluginPre::new(pre)?)))
        }

        struct Version(bindings::PolicyPluginPre<StoreLimiter>);

        impl PolicyAbi for Version {
            fn instantiate(&self, store: &mut CallStore) -> Result<(), Error> {
                self.0.instantiate(store).map(drop)
            }

            fn describe(&self, store: &mut CallStore) -> Result<Description, Error> {
                let instance = self.0.instantiate(&mut *store)?;
                let types::Description { name, version, about, settings } =
                    instance.dogwatch_policy_policy().call_describe(store)?;
                Ok(Description {
                    name,
                    version,
                    about,
                    settings: docs_from(settings),
                    roles: Roles::default(),
                    secrets: Vec::new(),
                })
            }

            fn check(
                &self,
                store: &mut CallStore,
                settings: &Settings,
            ) -> Result<Result<(), Vec<SettingProblem>>, Error> {
                let instance = self.0.instantiate(&mut *store)?;
                let checked = instance.dogwatch_policy_policy().call_check(store, &settings_to(settings))?;
                Ok(checked.map_err(problems_from))
            }

            fn decide(
                &self,
                store: &mut CallStore,
                settings: &Settings,
                situation: &engine::Situation,
                memory: &[u8],
            ) -> PluginAnswer<engine::Decision> {
                let instance = self.0.instantiate(&mut *store)?;
                let decided = instance.dogwatch_policy_policy().call_decide(
                    store,
                    &settings_to(settings),
                    &situation_to(situation),
                    memory,
                )?;
                Ok(decided.map(decision_from).map_err(|text| PluginMessage::new(&text)))
            }
        }

        fn millis(duration: Duration) -> u64 {
            u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
        }

        fn index_to(engine::NodeIndex(index): engine::NodeIndex) -> u32 {
            u32::try_from(index).unwrap_or(u32::MAX)
        }

        fn holder_to(holder: engine::Holder<engine::NodeIndex>) -> types::Holder {
            match holder {
                engine::Holder::Node(index) => types::Holder::Node(index_to(index)),
                engine::Holder::Disabled => types::Holder::Disabled,
                engine::Holder::Foreign => types::Holder::Foreign,
            }
        }

        fn view_to(view: &engine::ChainView) -> types::ChainView {
            types::ChainView {
                head_block: view.head.0,
                head_slot: view.head_slot.0,
                head_age: millis(view.head_age),
                irreversible_block: view.irreversible.0,
                participation: view.participation,
                agreement: match view.agreement {
                    engine::Agreement::Agreed => types::Agreement::Agreed,
                    engine::Agreement::Single => types::Agreement::Single,
                    engine::Agreement::Thin => types::Agreement::Thin,
                    engine::Agreement::Disagreed => types::Agreement::Disagreed,
                    engine::Agreement::Blind => types::Agreement::Blind,
                },
                endpoints_fresh: view.endpoints_fresh,
                endpoints_total: view.endpoints_total,
            }
        }

        fn slot_to(own: &engine::OwnSlot) -> types::OwnSlot {
            types::OwnSlot {
                slot: own.slot.0,
                time: own.time.as_millis(),
                outcome: match own.outcome {
                    engine::SlotOutcome::Produced => types::Outcome::Produced,
                    engine::SlotOutcome::Missed => types::Outcome::Missed,
                    engine::SlotOutcome::ChainWide => types::Outcome::ChainWide,
                },
                holder: holder_to(own.holder),
            }
        }

        fn health_to(health: engine::Health) -> types::Health {
            match health {
                engine::Health::Healthy => types::Health::Healthy,
                engine::Health::Unhealthy => types::Health::Unhealthy,
                engine::Health::Unknown => types::Health::Unknown,
            }
        }

        fn outcome_to(outcome: engine::SwitchOutcome) -> types::SwitchOutcome {
            match outcome {
                engine::SwitchOutcome::Pending => types::SwitchOutcome::Pending,
                engine::SwitchOutcome::Applied => types::SwitchOutcome::Applied,
                engine::SwitchOutcome::Failed => types::SwitchOutcome::Failed,
                engine::SwitchOutcome::Overtaken => types::SwitchOutcome::Overtaken,
            }
        }

        fn mode_to(mode: engine::Mode) -> types::Mode {
            match mode {
                engine::Mode::Observe => types::Mode::Observe,
                engine::Mode::Armed => types::Mode::Armed,
            }
        }

        fn verdict_to(verdict: engine::Verdict) -> types::Verdict {
            match verdict {
                engine::Verdict::Fine => types::Verdict::Fine,
                engine::Verdict::Me => types::Verdict::Me,
                engine::Verdict::Chain => types::Verdict::Chain,
                engine::Verdict::CannotTell => types::Verdict::CannotTell,
            }
        }

        fn upcoming_to(next: engine::NextSlot) -> types::NextSlot {
            types::NextSlot { slot: next.slot.0, starts_in: millis(next.starts_in) }
        }

        fn decision_from(decision: types::Decision) -> engine::Decision {
            let index_from = |index| engine::NodeIndex(usize::try_from(index).unwrap_or(usize::MAX));
            engine::Decision {
                action: match decision.action {
                    types::Action::Stay => engine::Action::Stay,
                    types::Action::SwitchTo(index) => engine::Action::SwitchTo(index_from(index)),
                    types::Action::Disable => engine::Action::Disable,
                },
                reason: decision.reason,
                alerts: decision.alerts.into_iter().map(alert_from).collect(),
                ask_again: decision.ask_again.map(Duration::from_millis),
                memory: decision.memory,
            }
        }

        fn alert_from(alert: types::Alert) -> engine::PolicyAlert {
            engine::PolicyAlert {
                id: alert.id,
                severity: match alert.severity {
                    types::Severity::Info => Severity::Info,
                    types::Severity::Warning => Severity::Warning,
                    types::Severity::Critical => Severity::Critical,
                    types::Severity::Page => Severity::Page,
                },
                summary: alert.summary,
            }
        }
    };
}
pub(crate) use policy_types;
