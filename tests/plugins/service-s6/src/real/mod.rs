//! Plans carried out by the SDK's executor against a real s6. Without s6 these
//! tests say that they are skipped.

mod asking;
mod life;
mod machine;
mod rollback;
