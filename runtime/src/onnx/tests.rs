#![allow(clippy::unwrap_used, reason = "for tests only")]
