//! A provider that does not compute the network.

use crate::network::error::NetworkError;
use crate::network::provider::Provider;
use crate::network::refusal_reason::RefusalReason;

/// A provider that was asked, and does not compute the network.
#[derive(Debug)]
pub struct ProviderRefusal {
    /// The provider.
    pub provider: Provider,
    /// Why it does not compute, and what to do.
    pub reason: RefusalReason,
}

impl From<ProviderRefusal> for NetworkError {
    fn from(ProviderRefusal { provider, reason }: ProviderRefusal) -> Self {
        Self::Provider { provider, reason }
    }
}

impl ProviderRefusal {
    /// The reason in one line, with its causes.
    #[must_use]
    pub fn explanation(&self) -> String {
        let mut text = self.reason.to_string();
        let mut cause = std::error::Error::source(&self.reason);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }
}
