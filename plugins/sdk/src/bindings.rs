//! The bindings that wit-bindgen generates for the two worlds, and for what a plugin may import.

/// The world of policies.
#[doc(hidden)]
#[allow(unsafe_code, missing_docs, reason = "generated")]
#[allow(clippy::all, clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "generated")]
#[allow(
    clippy::needless_pass_by_value,
    clippy::use_self,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]
#[allow(unused_qualifications, unreachable_pub, reason = "generated")]
pub mod policy_v0_2 {
    wit_bindgen::generate!({
        path: "../../wit/policy/v0.2",
        world: "policy-plugin",
        pub_export_macro: true,
        export_macro_name: "export_policy_v0_2",
        default_bindings_module: "dogwatch_sdk::__private::policy_v0_2",
        additional_derives: [PartialEq],
        generate_unused_types: true,
    });
}

/// The world of channels.
#[doc(hidden)]
#[allow(unsafe_code, missing_docs, reason = "generated")]
#[allow(clippy::all, clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "generated")]
#[allow(
    clippy::needless_pass_by_value,
    clippy::use_self,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]
#[allow(unused_qualifications, unreachable_pub, reason = "generated")]
pub mod channel_v0_1 {
    wit_bindgen::generate!({
        path: "../../wit/channel/v0.1",
        world: "channel-plugin",
        pub_export_macro: true,
        export_macro_name: "export_channel_v0_1",
        default_bindings_module: "dogwatch_sdk::__private::channel_v0_1",
        additional_derives: [PartialEq],
        generate_unused_types: true,
    });
}

/// What a policy may export beside its own interface.
#[doc(hidden)]
#[allow(unsafe_code, missing_docs, reason = "generated")]
#[allow(clippy::all, clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "generated")]
#[allow(clippy::allow_attributes_without_reason, unused_qualifications, unreachable_pub, reason = "generated")]
pub mod migration_v0_1 {
    wit_bindgen::generate!({
        path: "../../wit/migration/v0.1",
        world: "migration-plugin",
        pub_export_macro: true,
        export_macro_name: "export_migration_v0_1",
        default_bindings_module: "dogwatch_sdk::__private::migration_v0_1",
    });
}

/// What a plugin may tell of its failures.
#[cfg(target_family = "wasm")]
#[allow(unsafe_code, missing_docs, reason = "generated")]
#[allow(clippy::all, clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "generated")]
#[allow(unused_qualifications, unreachable_pub, reason = "generated")]
pub(crate) mod diagnostics_v0_1 {
    wit_bindgen::generate!({ path: "../../wit/diagnostics/v0.1", world: "diagnostics" });
}
