//! Derives the state of gateways and instances from what they reported.

mod derive;
#[cfg(test)]
mod tests;
