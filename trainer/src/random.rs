//! Random numbers that depend on nothing but a seed and their purpose.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// A random stream of its own for each purpose, so that one more draw for one purpose does
/// not change the draws for the others.
pub(crate) fn random_stream(seed: u64, purpose: &str) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(purpose.as_bytes());
    ChaCha8Rng::from_seed(hash.finalize().into())
}
