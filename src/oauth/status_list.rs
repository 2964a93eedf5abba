//! Token Status List, draft-ietf-oauth-status-list-21: one status for each
//! index, packed, compressed and signed.
use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};

/// The `typ` of its header, §5.1.
pub const TYPE: &str = "statuslist+jwt";

/// The media type of a status list token, §8.2.
pub const MEDIA_TYPE: &str = "application/statuslist+jwt";

/// The statuses that mean something here, §7.1. A reader takes whatever else
/// it finds for a refusal.
pub const VALID: u8 = 0x00;
pub const INVALID: u8 = 0x01;

/// The claims of a status list token, §5.1.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Claims {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The `uri` that its tokens name, to the letter.
    pub sub: String,
    pub iat: i64,
    /// Not to be relied upon afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// Seconds from when it was fetched until a fresh one should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<i64>,
    pub status_list: Encoded,
}

/// A status list in JSON, §4.2.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Encoded {
    pub bits: u8,
    /// ZLIB in base64url.
    pub lst: String,
}

/// A status for each index, of 1, 2, 4 or 8 bits, §4.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusList {
    bits: u8,
    bytes: Vec<u8>,
}

/// Why a list cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("bits is not 1, 2, 4 or 8")]
    Bits,
    #[error("lst is not base64url")]
    Base64,
    #[error("lst is not a ZLIB stream")]
    Zlib,
    /// Whoever signed it may be wrong, or wish us ill: what unpacks to more
    /// than the reader allows is not unpacked.
    #[error("the list unpacks to more than is allowed")]
    TooLarge,
}

impl StatusList {
    /// At least `size` statuses of one bit, all [`VALID`].
    pub fn new(size: u32) -> Self {
        Self { bits: 1, bytes: vec![0; bytes_for(size)] }
    }

    /// At least `size` statuses of one bit, all [`INVALID`].
    pub fn all_invalid(size: u32) -> Self {
        Self { bits: 1, bytes: vec![0xff; bytes_for(size)] }
    }

    /// The status at `index`; `None` beyond the end, and then the token is to
    /// be rejected, §8.3.
    pub fn get(&self, index: u32) -> Option<u8> {
        let (byte, shift) = self.place(index)?;
        Some((self.bytes.get(byte)? >> shift) & self.mask())
    }

    /// Whether `index` is within the list.
    pub fn set(&mut self, index: u32, status: u8) -> bool {
        let mask = self.mask();
        let place = self.place(index);
        let Some((byte, shift)) = place else { return false };
        let Some(byte) = self.bytes.get_mut(byte) else { return false };
        *byte = (*byte & !(mask << shift)) | ((status & mask) << shift);
        true
    }

    /// Compressed as far as it goes, as §4.1 recommends.
    pub fn encode(&self) -> Encoded {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
        // Writing to a Vec cannot fail.
        let packed = zlib.write_all(&self.bytes).and_then(|()| zlib.finish()).unwrap_or_default();
        Encoded { bits: self.bits, lst: URL_SAFE_NO_PAD.encode(packed) }
    }

    /// # Errors
    /// `TooLarge`: it unpacks to more than `most` bytes. Never holds more than
    /// that.
    pub fn decode(encoded: &Encoded, most: usize) -> Result<Self, Malformed> {
        if ![1, 2, 4, 8].contains(&encoded.bits) {
            return Err(Malformed::Bits);
        }
        let packed = URL_SAFE_NO_PAD.decode(&encoded.lst).map_err(|_| Malformed::Base64)?;
        let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        let mut bytes = Vec::new();
        let mut zlib = ZlibDecoder::new(packed.as_slice()).take(limit);
        zlib.read_to_end(&mut bytes).map_err(|_| Malformed::Zlib)?;
        if bytes.len() > most {
            return Err(Malformed::TooLarge);
        }
        Ok(Self { bits: encoded.bits, bytes })
    }

    /// The byte of `index` and how far its lowest bit is from the byte's.
    fn place(&self, index: u32) -> Option<(usize, u32)> {
        let bit = u64::from(index) * u64::from(self.bits);
        Some((usize::try_from(bit / 8).ok()?, u32::try_from(bit % 8).ok()?))
    }

    const fn mask(&self) -> u8 {
        match self.bits {
            1 => 0b1,
            2 => 0b11,
            4 => 0b1111,
            _ => 0xff,
        }
    }
}

fn bytes_for(size: u32) -> usize {
    usize::try_from(size.div_ceil(8)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MIB: usize = 1 << 20;

    fn decode(bits: u8, lst: &str) -> StatusList {
        StatusList::decode(&Encoded { bits, lst: lst.to_owned() }, MIB).unwrap()
    }

    /// §4.1 and §4.2, the examples of 16 and of 12 tokens.
    #[test]
    fn the_small_examples_of_the_draft_are_read_and_written_to_the_letter() {
        let one = decode(1, "eNrbuRgAAhcBXQ");
        assert_eq!(one.bytes, [0xb9, 0xa3]);
        let statuses: Vec<_> = (0..17).map(|i| one.get(i)).collect();
        let expected = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1].map(Some);
        assert_eq!((&statuses[..16], statuses[16]), (&expected[..], None));

        let mut written = StatusList::new(16);
        for index in [0, 3, 4, 5, 7, 8, 9, 13, 15] {
            assert!(written.set(index, INVALID));
        }
        assert!(!written.set(16, INVALID));
        assert_eq!(written.encode(), Encoded { bits: 1, lst: "eNrbuRgAAhcBXQ".into() });

        let two = decode(2, "eNo76fITAAPfAgc");
        assert_eq!(two.bytes, [0xc9, 0x44, 0xf9]);
        let statuses: Vec<_> = (0..12).filter_map(|i| two.get(i)).collect();
        assert_eq!(statuses, [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]);
    }

    #[derive(Deserialize)]
    struct Vector {
        bits: u8,
        lst: String,
        statuses: Vec<(u32, u8)>,
    }

    /// Appendix "Test vectors for Status List encoding": 2^20 entries each, and
    /// 0 what is not named.
    #[test]
    fn the_test_vectors_of_the_draft_are_read() {
        let text = include_str!("../../tests/vectors/status_list.json");
        let vectors: Vec<Vector> = serde_json::from_str(text).unwrap();
        assert_eq!(vectors.iter().map(|vector| vector.bits).collect::<Vec<_>>(), [1, 2, 4, 8]);
        for Vector { bits, lst, statuses } in vectors {
            let list = decode(bits, &lst);
            assert_eq!(list.bytes.len(), (MIB / 8) * usize::from(bits), "{bits}");
            let mut expected = StatusList { bits, bytes: vec![0; list.bytes.len()] };
            for (index, status) in statuses {
                assert_eq!(list.get(index), Some(status), "{bits}: {index}");
                assert!(expected.set(index, status));
            }
            assert!(list == expected, "{bits}: everything else is 0");
            assert!(decode(bits, &expected.encode().lst) == expected, "{bits}");
            assert_eq!(list.get(1 << 20), None);
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_apart_and_a_bomb_is_not_unpacked() {
        let read = |bits, lst: &str, most| {
            StatusList::decode(&Encoded { bits, lst: lst.to_owned() }, most).unwrap_err()
        };
        assert_eq!(read(3, "eNrbuRgAAhcBXQ", 2), Malformed::Bits);
        assert_eq!(read(1, "eNrbuRgAAhcBXQ==", 2), Malformed::Base64);
        assert_eq!(read(1, "AAAA", 2), Malformed::Zlib);
        assert_eq!(read(1, "eNrbuRgAAhcB", 2), Malformed::Zlib, "cut short");
        assert_eq!(read(1, "eNrbuRgAAhcBXQ", 1), Malformed::TooLarge);
        let bomb = StatusList::new(u32::MAX / 64).encode();
        assert_eq!(StatusList::decode(&bomb, MIB), Err(Malformed::TooLarge));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(indexes in prop::collection::btree_set(0_u32..4_096, 0..200)) {
            let mut list = StatusList::new(4_096);
            for index in &indexes {
                list.set(*index, INVALID);
            }
            let read = decode(1, &list.encode().lst);
            for index in 0..4_096 {
                prop_assert_eq!(read.get(index), Some(u8::from(indexes.contains(&index))));
            }
        }
    }
}
