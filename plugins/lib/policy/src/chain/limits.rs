//! [`Limits`].

/// What a gateway allows, whatever a document asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Most memory, in bytes, for the automata of a document's own patterns
    /// and terms together. The built-in detectors are not counted.
    pub automaton_bytes: usize,
    /// Ports an upstream may use; `None` means any. A document can narrow it
    /// further with `gateway.outbound.allowed_ports`, never widen it.
    pub allowed_ports: Option<Vec<u16>>,
    /// Whether a text goes on unjudged by the document's own patterns once it
    /// has cost more steps than a text may. Otherwise it is refused.
    pub fail_open: bool,
}

impl Default for Limits {
    /// 4 MiB of automata (some hundred ordinary patterns; a pattern that
    /// repeats a Unicode class hundreds of times does not fit), any port, and a
    /// text that costs too much is refused.
    fn default() -> Self {
        Self {
            automaton_bytes: 4 << 20,
            allowed_ports: None,
            fail_open: false,
        }
    }
}
