//! Enums that are written as strings.

/// An enum with one string per variant.
pub(crate) trait StringEnum: Copy + 'static {
    /// The string and the value of every variant.
    const VARIANTS: &'static [(&'static str, Self)];
}

/// Declares an enum with one string per variant.
macro_rules! string_enum {
    ($(#[$meta:meta])* $visibility:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $string:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        $visibility enum $name {
            $($(#[$vmeta])* #[serde(rename = $string)] $variant,)+
        }

        impl $name {
            /// Returns the string that the file contains.
            #[must_use]
            $visibility fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $string,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl crate::decode::StringEnum for $name {
            const VARIANTS: &'static [(&'static str, Self)] = &[$(($string, Self::$variant),)+];
        }
    };
}

pub(crate) use string_enum;
