//! The layout description that a plugin built with the feature `layout` exports.
//!
//! It is looked at once per file, never on the load path: the check costs half
//! a millisecond, and it refuses the additive growth that the size prefixes
//! allow, so the host applies it to plugins of its own minor version only.

use super::{KtCommandV1, KtContext, KtHost, KtInterfaceV1, KtPlugin, KtProvider};
use abi_stable::StableAbi;
use abi_stable::abi_stability::check_layout_compatibility;
use abi_stable::library::AbiHeader;
use abi_stable::type_layout::TypeLayout;

/// The optional symbol of [`LayoutExport`].
pub const LAYOUT_SYMBOL: &str = "kt_plugin_v1_layout";

/// Every boundary struct, as one type whose description covers them all.
#[repr(C)]
#[derive(StableAbi)]
pub struct KtAbi {
    plugin: KtPlugin,
    host: KtHost,
    context: KtContext,
    provider: KtProvider,
    command: KtCommandV1,
    interface: KtInterfaceV1,
}

/// What [`LAYOUT_SYMBOL`] points to.
#[repr(C)]
pub struct LayoutExport {
    /// Says which `abi_stable` wrote the description.
    pub header: AbiHeader,
    /// Returns the description.
    pub layout: extern "C" fn() -> &'static TypeLayout,
}

impl LayoutExport {
    /// This build's description.
    pub const VALUE: Self = Self {
        header: AbiHeader::VALUE,
        layout: own_layout,
    };

    /// Compares a plugin's description with this build's.
    ///
    /// # Errors
    /// The differences, when the layouts are not the same, or a line that says
    /// that the description cannot be read by this `abi_stable`.
    pub fn check(&'static self) -> Result<(), String> {
        if !self.header.is_valid() {
            return Err("the layout description was written by another abi_stable".to_owned());
        }
        check_layout_compatibility(own_layout(), (self.layout)())
            .into_result()
            .map_err(|e| e.to_string())
    }
}

extern "C" fn own_layout() -> &'static TypeLayout {
    <KtAbi as StableAbi>::LAYOUT
}
