//! The links between the batches of the audit log.
//!
//! A leaf is a row, a batch has the Merkle root of its rows (RFC 6962 §2.1),
//! and each batch names the hash of the one before it in its chain. To prove
//! one row takes its batch's other hashes and not the other rows.
use aws_lc_rs::digest::{Context, SHA256};

use super::audit_event::Event;

pub type Hash = [u8; 32];

/// What the first batch of a chain names as the one before it.
pub const GENESIS: Hash = [0; 32];

/// What a record begins with.
const PREFIX: &[u8] = b"countersign batch v1\0";

/// An event as it is written: with its text, and the hash of its row.
#[derive(Clone, Debug)]
pub struct Leaf {
    pub event: Event,
    pub body: String,
    pub hash: Hash,
}

impl From<Event> for Leaf {
    fn from(event: Event) -> Self {
        let body = event.body();
        let hash = leaf(&event.salt, &body);
        Self { event, body, hash }
    }
}

/// One commit's worth of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub chain: String,
    /// From 1, without gaps.
    pub number: i64,
    /// The position of its first row; positions of a chain have no gaps.
    pub first_position: i64,
    pub events: i64,
    /// The least and the greatest time in it, microseconds.
    pub first_at: i64,
    pub last_at: i64,
    pub root: Hash,
    pub previous: Hash,
}

impl Batch {
    /// Every field, each after its length or with a fixed one, so that no two
    /// batches share a text. It is what the tree over all batches has as its
    /// entry.
    pub fn record(&self) -> Vec<u8> {
        let mut record = PREFIX.to_vec();
        record.extend(u32::try_from(self.chain.len()).unwrap_or(u32::MAX).to_be_bytes());
        record.extend(self.chain.as_bytes());
        let numbers = [self.number, self.first_position, self.events, self.first_at, self.last_at];
        for number in numbers {
            record.extend(number.to_be_bytes());
        }
        record.extend(self.root);
        record.extend(self.previous);
        record
    }

    /// [`Batch::record`] read back.
    pub fn from_record(record: &[u8]) -> Option<Self> {
        let rest = record.strip_prefix(PREFIX)?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (chain, mut rest) = rest.split_at_checked(length)?;
        let mut numbers = [0; 5];
        for number in &mut numbers {
            let (bytes, after) = rest.split_first_chunk::<8>()?;
            (*number, rest) = (i64::from_be_bytes(*bytes), after);
        }
        let (root, rest) = rest.split_first_chunk::<32>()?;
        let [number, first_position, events, first_at, last_at] = numbers;
        Some(Self {
            chain: String::from_utf8(chain.to_vec()).ok()?,
            number,
            first_position,
            events,
            first_at,
            last_at,
            root: *root,
            previous: rest.try_into().ok()?,
        })
    }

    /// The hash that the next batch names: of the whole record.
    pub fn hash(&self) -> Hash {
        let mut context = Context::new(&SHA256);
        context.update(&self.record());
        finish(context)
    }
}

/// The hash of one row: `SHA-256(0x00 ‖ salt ‖ body)`.
pub fn leaf(salt: &[u8; 16], body: &str) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(&[0]);
    context.update(salt);
    context.update(body.as_bytes());
    finish(context)
}

/// The Merkle tree hash of `leaves`, RFC 6962 §2.1. Of none, the hash of
/// nothing.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => finish(Context::new(&SHA256)),
        [only] => *only,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            let mut context = Context::new(&SHA256);
            context.update(&[1]);
            context.update(&root(left));
            context.update(&root(right));
            finish(context)
        }
    }
}

pub(super) fn finish(context: Context) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(hash: Hash) -> String {
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The roots of certificate-transparency's reference test data.
    #[test]
    fn the_root_is_that_of_rfc_6962() {
        let inputs: [&[u8]; 8] = [
            b"",
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[
                0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
                0x6e, 0x6f,
            ],
        ];
        let leaves: Vec<Hash> = inputs
            .iter()
            .map(|input| {
                let mut context = Context::new(&SHA256);
                context.update(&[0]);
                context.update(input);
                finish(context)
            })
            .collect();
        let expected = [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
            (5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
            (6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
            (7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ];
        for (size, root_hex) in expected {
            assert_eq!(hex(root(&leaves[..size])), root_hex, "{size} leaves");
        }
    }

    #[test]
    fn changing_any_field_of_a_batch_changes_its_hash() {
        let batch = Batch {
            chain: "a".into(),
            number: 1,
            first_position: 1,
            events: 2,
            first_at: 3,
            last_at: 4,
            root: [5; 32],
            previous: GENESIS,
        };
        let changed = [
            Batch { chain: "b".into(), ..batch.clone() },
            Batch { number: 2, ..batch.clone() },
            Batch { first_position: 2, ..batch.clone() },
            Batch { events: 3, ..batch.clone() },
            Batch { first_at: 4, ..batch.clone() },
            Batch { last_at: 5, ..batch.clone() },
            Batch { root: [6; 32], ..batch.clone() },
            Batch { previous: [1; 32], ..batch.clone() },
        ];
        for other in changed {
            assert_ne!(other.hash(), batch.hash(), "{other:?}");
            assert_eq!(Batch::from_record(&other.record()), Some(other));
        }
    }

    #[test]
    fn the_salt_is_part_of_a_leaf() {
        assert_ne!(leaf(&[0; 16], "x"), leaf(&[1; 16], "x"));
    }
}
