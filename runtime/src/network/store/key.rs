//! The name of an entry.

use std::fmt;

use crate::bundle::sha256_hex;

/// 128 bits tell entries apart.
const DIGITS: usize = 32;

/// Hexadecimal digits of a digest of everything that an entry depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::network) struct StoreKey(String);

impl StoreKey {
    pub(in crate::network) fn from_parts(parts: &[impl AsRef<str>]) -> Self {
        let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
        let mut digits = sha256_hex(parts.join("\n").as_bytes());
        digits.truncate(DIGITS);
        Self(digits)
    }
}

impl fmt::Display for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Other names would leave everything that was kept before behind. The digits are those of
    /// `printf 'a\nb' | sha256sum`.
    #[test]
    fn names_are_the_first_digits_of_sha_256() {
        let key = StoreKey::from_parts(&["a", "b"]).to_string();
        assert_eq!(key, "7e18f737311b2dc3b2f269dd78396b03");
    }
}
