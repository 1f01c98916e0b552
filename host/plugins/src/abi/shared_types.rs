//! Translation of the types that both worlds have, each in bindings of its own.

/// Defines the translations of settings, problems and documentation for one world's generated types.
macro_rules! shared_types {
    ($types:path) => {
        use $types as shared;

        fn settings_to(settings: &crate::settings::Settings) -> Vec<shared::Setting> {
            settings
                .0
                .iter()
                .map(|(name, value)| shared::Setting {
                    name: name.clone(),
                    value: match value {
                        crate::settings::Value::Flag(flag) => shared::Value::Flag(*flag),
                        crate::settings::Value::Integer(integer) => shared::Value::Integer(*integer),
                        crate::settings::Value::Text(text) => shared::Value::Text(text.clone()),
                        crate::settings::Value::Texts(texts) => shared::Value::Texts(texts.clone()),
                    },
                })
                .collect()
        }

        fn problems_from(problems: Vec<shared::Problem>) -> Vec<crate::settings::SettingProblem> {
            let problem = |shared::Problem { setting, message }| crate::settings::SettingProblem { setting, message };
            problems.into_iter().map(problem).collect()
        }

        fn docs_from(docs: Vec<shared::SettingDoc>) -> Vec<crate::description::SettingDoc> {
            let doc =
                |shared::SettingDoc { name, default, about }| crate::description::SettingDoc { name, default, about };
            docs.into_iter().map(doc).collect()
        }
    };
}
pub(crate) use shared_types;
