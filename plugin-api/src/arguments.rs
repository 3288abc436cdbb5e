//! Typed arguments: the conversion of the JSON of an invocation.

use crate::{Args, Error, Invocation};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

/// The arguments of one command, as `build::generate_args` generates them.
#[cfg_attr(
    not(feature = "build"),
    doc = "",
    doc = "It needs the feature `build`."
)]
pub trait CommandArgs: Sized {
    /// The path of the command.
    const PATH: &'static [&'static str];

    /// Reads the arguments of an invocation of the command.
    ///
    /// # Errors
    /// Class `internal` if the invocation does not match the manifest.
    fn read(args: &Args) -> Result<Self, Error>;
}

/// One value of an argument.
pub trait ArgValue: Sized {
    /// Converts a value; `None` if it has another type.
    fn from_value(value: &Value) -> Option<Self>;
}

/// An argument: a value, an optional value, several values, or a switch.
pub trait FromArg: Sized {
    /// Converts the value of an argument, which is absent if the user did not set it.
    fn from_arg(value: Option<&Value>) -> Option<Self>;
}

impl ArgValue for String {
    fn from_value(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl ArgValue for i64 {
    fn from_value(value: &Value) -> Option<Self> {
        value.as_i64()
    }
}

impl ArgValue for PathBuf {
    fn from_value(value: &Value) -> Option<Self> {
        value.as_str().map(Self::from)
    }
}

impl ArgValue for Duration {
    fn from_value(value: &Value) -> Option<Self> {
        value.as_u64().map(Self::from_millis)
    }
}

impl<T: ArgValue> FromArg for T {
    fn from_arg(value: Option<&Value>) -> Option<Self> {
        T::from_value(value?)
    }
}

impl FromArg for bool {
    fn from_arg(value: Option<&Value>) -> Option<Self> {
        value.map_or(Some(false), Value::as_bool)
    }
}

impl<T: ArgValue> FromArg for Option<T> {
    fn from_arg(value: Option<&Value>) -> Option<Self> {
        match value {
            None | Some(Value::Null) => Some(None),
            Some(value) => T::from_value(value).map(Some),
        }
    }
}

impl<T: ArgValue> FromArg for Vec<T> {
    fn from_arg(value: Option<&Value>) -> Option<Self> {
        match value {
            None | Some(Value::Null) => Some(Self::new()),
            Some(Value::Array(items)) => items.iter().map(T::from_value).collect(),
            Some(one) => T::from_value(one).map(|one| vec![one]),
        }
    }
}

impl Args {
    /// Returns the argument `name` with the type that the manifest declares.
    ///
    /// # Errors
    /// Class `internal` if it is missing, or has another type.
    pub fn get<T: FromArg>(&self, name: &str) -> Result<T, Error> {
        T::from_arg(self.0.get(name)).ok_or_else(|| {
            let message = format!("the argument `{name}` is missing or has another type");
            Error::internal(message)
        })
    }
}

impl Invocation {
    /// Returns the arguments of the command.
    ///
    /// # Errors
    /// Class `internal` if the invocation does not match the manifest.
    pub fn arguments<T: CommandArgs>(&self) -> Result<T, Error> {
        T::read(&self.args)
    }
}

/// Includes the structs that `build::generate_args` generated.
#[cfg_attr(
    not(feature = "build"),
    doc = "",
    doc = "It needs the feature `build`."
)]
#[macro_export]
macro_rules! include_args {
    () => {
        include!(concat!(env!("OUT_DIR"), "/args.rs"));
    };
}

#[cfg(test)]
mod tests {
    use crate::Args;
    use serde_json::{Value, json};
    use std::time::Duration;

    fn args(value: Value) -> Args {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn values_are_typed_and_absent_ones_have_a_meaning() {
        let args = args(json!({ "a": "x", "n": 3, "d": 1500, "on": true, "many": ["x", "y"] }));
        assert_eq!(args.get::<String>("a").unwrap(), "x");
        assert_eq!(args.get::<Option<i64>>("n").unwrap(), Some(3));
        assert_eq!(
            args.get::<Duration>("d").unwrap(),
            Duration::from_millis(1500)
        );
        assert!(args.get::<bool>("on").unwrap() && !args.get::<bool>("off").unwrap());
        assert_eq!(args.get::<Vec<String>>("many").unwrap(), ["x", "y"]);
        assert!(args.get::<Vec<String>>("none").unwrap().is_empty());
        assert_eq!(args.get::<Option<String>>("none").unwrap(), None);
    }

    #[test]
    fn a_missing_or_other_value_is_an_error() {
        let args = args(json!({ "n": 3, "many": ["x", 1] }));
        assert!(args.get::<String>("n").is_err());
        assert!(args.get::<String>("none").is_err());
        assert!(args.get::<bool>("n").is_err());
        assert!(args.get::<Vec<String>>("many").is_err());
    }
}
