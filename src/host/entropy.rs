//! The only source of randomness and ids.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ulid::Ulid;

use crate::model::audit_event::Mark;
use crate::oauth::UnixTime;

/// The machine's generator, or one that counts, so that tests see the same
/// ids each time.
#[derive(Clone, Debug)]
pub enum Entropy {
    System,
    Counting(Arc<AtomicU64>),
}

impl Entropy {
    pub fn counting() -> Self {
        Self::Counting(Arc::new(AtomicU64::new(0)))
    }

    /// # Panics
    /// When the machine has no randomness to give: nothing safe can follow.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Self::System => {
                #[expect(clippy::disallowed_methods, reason = "this is the source")]
                let filled = aws_lc_rs::rand::fill(&mut bytes);
                assert!(filled.is_ok(), "the machine has no randomness");
            }
            Self::Counting(count) => {
                let count = count.fetch_add(1, Ordering::Relaxed);
                let stream = digest::digest(&digest::SHA512, &count.to_be_bytes());
                for (byte, other) in bytes.iter_mut().zip(stream.as_ref().iter().cycle()) {
                    *byte = *other;
                }
            }
        }
        bytes
    }

    /// A ULID: 48 bits of time, 80 of chance.
    pub fn ulid(&self, now: UnixTime) -> String {
        let chance = u128::from_be_bytes(self.bytes::<16>());
        Ulid::from_parts(milliseconds(now), chance).to_string()
    }

    /// A ULID after a prefix that says what it names: `sec_01K…`.
    pub fn id(&self, prefix: &str, now: UnixTime) -> String {
        format!("{prefix}{}", self.ulid(now))
    }

    /// `m2m_` and 22 characters of `[A-Za-z0-9_-]`: the 128 bits of a ULID. Those that
    /// are made together lie together in every index that has them.
    pub fn client_id(&self, now: UnixTime) -> String {
        let chance = u128::from_be_bytes(self.bytes::<16>());
        let ulid = Ulid::from_parts(milliseconds(now), chance);
        format!("m2m_{}", URL_SAFE_NO_PAD.encode(ulid.to_bytes()))
    }

    /// The id and the salt of an audit event.
    pub fn mark(&self, now: UnixTime) -> Mark {
        let bytes = self.bytes::<32>();
        let (chance, rest) = bytes.split_at(16);
        let mut salt = [0; 16];
        salt.copy_from_slice(rest);
        let chance = chance.iter().fold(0_u128, |all, byte| (all << 8) | u128::from(*byte));
        Mark { id: Ulid::from_parts(milliseconds(now), chance).to_string(), salt }
    }
}

fn milliseconds(now: UnixTime) -> u64 {
    u64::try_from(now.milliseconds()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_ids_of_one_millisecond_lie_together_and_none_can_be_told_before() {
        let entropy = Entropy::counting();
        let at = |milliseconds: i64| entropy.client_id(UnixTime(milliseconds * 1_000 + 999));
        let (one, other, later) =
            (at(1_764_547_200_000), at(1_764_547_200_000), at(1_764_547_200_001));
        assert_eq!((one.len(), &one[..12]), (26, &other[..12]));
        assert_ne!(one[12..], other[12..]);
        assert_ne!(one[..12], later[..12]);
        assert_eq!(one[..11], later[..11]);
    }
}
