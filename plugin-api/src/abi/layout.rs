//! The layout description that a plugin built with the feature `layout` exports.
//!
//! The host checks it once per file, not on every load: the check takes half a
//! millisecond. It rejects the additive growth that the size prefixes allow, so
//! the host applies it to plugins of its own minor version only.

use super::{KtCallOptions, KtCommandV1, KtContext, KtHost, KtInterfaceV1, KtPlugin, KtProvider};
use abi_stable::StableAbi;
use abi_stable::abi_stability::check_layout_compatibility;
use abi_stable::library::AbiHeader;
use abi_stable::type_layout::TypeLayout;

/// The optional symbol of [`LayoutExport`].
pub const LAYOUT_SYMBOL: &str = "kt_plugin_v1_layout";

/// Contains every boundary struct, so that one description covers them all.
#[repr(C)]
#[derive(StableAbi)]
pub struct KtAbi {
    plugin: KtPlugin,
    host: KtHost,
    context: KtContext,
    provider: KtProvider,
    options: KtCallOptions,
    command: KtCommandV1,
    interface: KtInterfaceV1,
}

/// What [`LAYOUT_SYMBOL`] points to.
#[repr(C)]
pub struct LayoutExport {
    /// Identifies the version of `abi_stable` that created the description.
    pub header: AbiHeader,
    /// Returns the description.
    pub layout: extern "C" fn() -> &'static TypeLayout,
}

impl LayoutExport {
    /// The description of this build.
    pub const VALUE: Self = Self {
        header: AbiHeader::VALUE,
        layout: own_layout,
    };

    /// Compares the description of a plugin with that of this build.
    ///
    /// # Errors
    /// The differences between the layouts, or a message that this version of
    /// `abi_stable` cannot read the description.
    pub fn check(&'static self) -> Result<(), String> {
        if !self.header.is_valid() {
            return Err(
                "the layout description was created by another version of abi_stable".to_owned(),
            );
        }
        check_layout_compatibility(own_layout(), (self.layout)())
            .into_result()
            .map_err(|e| e.to_string())
    }
}

extern "C" fn own_layout() -> &'static TypeLayout {
    <KtAbi as StableAbi>::LAYOUT
}
