//! `secrets`: credentials, in requests and responses.
//!
//! What is found has a form of its own: the prefix that its issuer gives it ([`formats`]), the
//! two parts of a JSON Web Token, the first line of a private key, a password in an address, or
//! a value behind the name of a secret. A random text alone is no secret: prompts are full of
//! hashes and encoded data.

mod allowed;
mod assignment;
mod detector;
mod format;
mod formats;
mod jwt;
mod policy;
mod private_key;
mod settings;
#[cfg(test)]
mod tests;
mod url;
mod value;

pub(crate) use settings::Secrets;
