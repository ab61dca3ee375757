//! Opening a network under the first provider that takes all of it.

use super::attempt::Attempt;
use super::refusal::ProviderRefusal;
use super::request::{Opened, Request};
use crate::network::error::NetworkError;
use crate::network::opening::OpeningWatch;
use crate::network::provider::Provider;
use crate::network::provider_options::ProviderChoice;

impl Request<'_> {
    pub(in crate::network) fn open(
        &self,
        mut watch: Option<&mut OpeningWatch<'_>>,
    ) -> Result<Opened, NetworkError> {
        self.check_device()?;
        let mut refusals = Vec::new();
        for provider in self.candidates() {
            let attempt = Attempt::new(self, provider);
            match attempt.open(watch.as_deref_mut())? {
                Ok(session) => return Ok(attempt.opened(session, refusals)),
                Err(reason) => refusals.push(ProviderRefusal { provider, reason }),
            }
        }
        Err(refusals.pop().map_or(NetworkError::NoProvider, Into::into))
    }

    fn candidates(&self) -> Vec<Provider> {
        let mut candidates = self.provider.choice.candidates();
        let fallback = Provider::default();
        if self.provider.allow_fallback && !candidates.contains(&fallback) {
            candidates.push(fallback);
        }
        candidates
    }

    /// The processor has no devices to choose from, and `auto` chooses itself.
    fn check_device(&self) -> Result<(), NetworkError> {
        let has_devices = match self.provider.choice {
            ProviderChoice::Auto => false,
            ProviderChoice::Only(provider) => provider.entry().plugin().is_some(),
        };
        match &self.provider.device {
            Some(device) if !has_devices => Err(NetworkError::Device {
                device: device.clone(),
            }),
            _ => Ok(()),
        }
    }
}
