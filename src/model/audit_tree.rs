//! The Merkle tree over the sealed batches: RFC 6962 §2.1, kept in tiles of 256
//! hashes (C2SP tlog-tiles).
//!
//! Nodes that will never change are read through [`Tiles`], eight levels of
//! the tree at a time; everything else is worked out from them.
use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA256};

use super::audit_chain::{Hash, finish, root};

/// How many levels of the tree lie between a tile and the one above it.
pub const TILE_HEIGHT: u8 = 8;
/// How many hashes a full tile has.
pub const TILE_WIDTH: u64 = 1 << TILE_HEIGHT;

/// The hash of an entry: `SHA-256(0x00 ‖ entry)`.
pub fn entry_leaf(entry: &[u8]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(&[0]);
    context.update(entry);
    finish(context)
}

/// The hash of two subtrees: `SHA-256(0x01 ‖ left ‖ right)`.
pub fn node(left: &Hash, right: &Hash) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(&[1]);
    context.update(left);
    context.update(right);
    finish(context)
}

/// Which hashes are asked for: of tile `number` at `level`, the first `width`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    pub level: u8,
    pub number: u64,
    /// 1 to 256.
    pub width: u64,
}

impl Tile {
    /// The tile of this place in a tree of `size` entries, as wide as it is by
    /// then; `None` when nothing of it is there yet.
    pub fn within(size: u64, level: u8, number: u64) -> Option<Self> {
        let nodes = size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT)).unwrap_or(0);
        let width = nodes.saturating_sub(number.checked_mul(TILE_WIDTH)?).min(TILE_WIDTH);
        (width > 0).then_some(Self { level, number, width })
    }
}

/// A tree of `size` entries, whose tiles are read when they are needed.
pub struct Tree<R> {
    size: u64,
    read: R,
    known: BTreeMap<(u8, u64), Vec<Hash>>,
}

/// Why there is no proof or root.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Fault<E> {
    /// The tiles do not have what a tree of this size has.
    #[error("the tree lacks hashes that it must have")]
    Incomplete,
    /// What was asked for lies outside the tree.
    #[error("the tree has no such part")]
    Outside,
    #[error(transparent)]
    Read(#[from] E),
}

impl<R, E> Tree<R>
where
    R: FnMut(Tile) -> Result<Vec<Hash>, E>,
{
    pub const fn new(size: u64, read: R) -> Self {
        Self { size, read, known: BTreeMap::new() }
    }

    /// The root of the first `size` entries.
    pub fn root_at(&mut self, size: u64) -> Result<Hash, Fault<E>> {
        if size > self.size {
            return Err(Fault::Outside);
        }
        if size == 0 {
            return Ok(root(&[]));
        }
        self.range(0, size)
    }

    /// The way from entry `index` to the root of the first `size`, RFC 6962
    /// §2.1.1: siblings from the leaf up.
    pub fn inclusion(&mut self, index: u64, size: u64) -> Result<Vec<Hash>, Fault<E>> {
        if index >= size || size > self.size {
            return Err(Fault::Outside);
        }
        let (mut low, mut high, mut path) = (0, size, Vec::new());
        while high - low > 1 {
            let middle = low + split(high - low);
            if index < middle {
                path.push(self.range(middle, high)?);
                high = middle;
            } else {
                path.push(self.range(low, middle)?);
                low = middle;
            }
        }
        path.reverse();
        Ok(path)
    }

    /// The roots of what lies beside the entries `first..end` in the tree of the
    /// first `size`: with the leaves of those entries they make its root. In
    /// the order in which one who goes down from the root, left first, meets
    /// them.
    pub fn beside(&mut self, first: u64, end: u64, size: u64) -> Result<Vec<Hash>, Fault<E>> {
        if first >= end || end > size || size > self.size {
            return Err(Fault::Outside);
        }
        let (mut ahead, mut roots) = (vec![(0, size)], Vec::new());
        while let Some((low, high)) = ahead.pop() {
            if high <= first || low >= end {
                roots.push(self.range(low, high)?);
            } else if low < first || high > end {
                let middle = low + split(high - low);
                ahead.extend([(middle, high), (low, middle)]);
            }
        }
        Ok(roots)
    }

    /// That the first `old` entries are the beginning of the first `new`, RFC
    /// 6962 §2.1.2. Empty when `old` is 0 or `new`.
    pub fn consistency(&mut self, old: u64, new: u64) -> Result<Vec<Hash>, Fault<E>> {
        if old > new || new > self.size {
            return Err(Fault::Outside);
        }
        let mut path = Vec::new();
        if old == 0 || old == new {
            return Ok(path);
        }
        let (mut low, mut high, mut whole) = (0, new, true);
        while old != high {
            let middle = low + split(high - low);
            if old <= middle {
                path.push(self.range(middle, high)?);
                high = middle;
            } else {
                path.push(self.range(low, middle)?);
                low = middle;
                whole = false;
            }
        }
        if !whole {
            path.push(self.range(low, high)?);
        }
        path.reverse();
        Ok(path)
    }

    /// The hash of a node that tiles above the lowest have: of 256 of the
    /// level below.
    pub fn full_node(&mut self, level: u8, position: u64) -> Result<Hash, Fault<E>> {
        let below = level.checked_sub(1).ok_or(Fault::Outside)?;
        self.slice(below, position * TILE_WIDTH, TILE_WIDTH)
    }

    /// The root of the entries `low..high`, which begin where a subtree of
    /// their size begins.
    fn range(&mut self, low: u64, high: u64) -> Result<Hash, Fault<E>> {
        let count = high - low;
        if !count.is_power_of_two() {
            let middle = low + split(count);
            let left = self.range(low, middle)?;
            return Ok(node(&left, &self.range(middle, high)?));
        }
        let height = u8::try_from(count.trailing_zeros()).unwrap_or(u8::MAX);
        let level = height / TILE_HEIGHT;
        let unit = u32::from(level) * u32::from(TILE_HEIGHT);
        self.slice(level, low >> unit, count >> unit)
    }

    /// The root of `count` hashes of a level, which lie in one tile.
    fn slice(&mut self, level: u8, first: u64, count: u64) -> Result<Hash, Fault<E>> {
        let number = first / TILE_WIDTH;
        if !self.known.contains_key(&(level, number)) {
            let tile = Tile::within(self.size, level, number).ok_or(Fault::Outside)?;
            let hashes = (self.read)(tile)?;
            self.known.insert((level, number), hashes);
        }
        let start = usize::try_from(first % TILE_WIDTH).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::try_from(count).unwrap_or(usize::MAX));
        let hashes = self.known.get(&(level, number)).and_then(|tile| tile.get(start..end));
        hashes.map(root).ok_or(Fault::Incomplete)
    }
}

/// The tree as it grows by one leaf after the other: what is needed to say its
/// root at any moment, and no more.
#[derive(Clone, Debug, Default)]
pub struct Growing {
    size: u64,
    /// Whole subtrees, largest first.
    peaks: Vec<Hash>,
}

impl Growing {
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf. Returns the nodes that stand in tiles above the lowest and
    /// are complete now: level, position, hash.
    pub fn push(&mut self, leaf: Hash) -> Vec<(u8, u64, Hash)> {
        let (mut nodes, mut hash, mut height) = (Vec::new(), leaf, 0_u8);
        let mut below = self.size;
        self.size += 1;
        while below & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            hash = node(&left, &hash);
            below >>= 1;
            height += 1;
            if height.is_multiple_of(TILE_HEIGHT) {
                nodes.push((height / TILE_HEIGHT, below, hash));
            }
        }
        self.peaks.push(hash);
        nodes
    }

    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return root(&[]) };
        peaks.fold(*last, |right, left| node(left, &right))
    }
}

/// The largest power of two below `count`, which is 2 at least.
const fn split(count: u64) -> u64 {
    count.next_power_of_two() / 2
}

/// The nodes above the lowest level that are complete in a tree of `new`
/// entries and were not in one of `old`: lower levels first.
pub fn new_nodes(old: u64, new: u64) -> impl Iterator<Item = (u8, u64)> {
    (1..8_u8).flat_map(move |level| {
        let shift = u32::from(level) * u32::from(TILE_HEIGHT);
        (old >> shift..new >> shift).map(move |position| (level, position))
    })
}

#[cfg(test)]
pub(super) mod tests {
    use std::convert::Infallible;

    use super::*;

    pub fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|number| entry_leaf(&number.to_be_bytes())).collect()
    }

    /// What the store keeps: leaves, and the nodes of the levels above.
    fn stored(leaves: &[Hash]) -> impl FnMut(Tile) -> Result<Vec<Hash>, Infallible> + use<> {
        let mut levels = vec![leaves.to_vec()];
        while let Some(above) = levels.last().filter(|level| level.len() >= 256) {
            let next = above.chunks_exact(256).map(root).collect();
            levels.push(next);
        }
        move |tile: Tile| {
            let level = levels.get(usize::from(tile.level)).cloned().unwrap_or_default();
            let first = usize::try_from(tile.number * TILE_WIDTH).unwrap();
            let width = usize::try_from(tile.width).unwrap();
            Ok(level.into_iter().skip(first).take(width).collect())
        }
    }

    pub fn tree(
        leaves: &[Hash],
    ) -> Tree<impl FnMut(Tile) -> Result<Vec<Hash>, Infallible> + use<>> {
        Tree::new(leaves.len() as u64, stored(leaves))
    }

    #[test]
    fn a_tree_that_grows_leaf_by_leaf_is_the_same_tree() {
        let all = leaves(66_000);
        let (mut growing, mut tree) = (Growing::default(), tree(&all));
        assert_eq!(growing.root(), root(&[]));
        let mut nodes = Vec::new();
        for (leaf, size) in all.iter().zip(1..) {
            for (level, position, hash) in growing.push(*leaf) {
                assert_eq!(tree.full_node(level, position), Ok(hash));
                nodes.push((level, position));
            }
            if size < 600 || size % 4_001 == 0 {
                assert_eq!(Ok(growing.root()), tree.root_at(size), "{size}");
            }
        }
        nodes.sort_unstable();
        assert_eq!(nodes, new_nodes(0, 66_000).collect::<Vec<_>>());
    }

    #[test]
    fn what_lies_outside_the_tree_is_not_proved() {
        let all = leaves(5);
        let mut tree = tree(&all);
        assert_eq!(tree.inclusion(5, 5), Err(Fault::Outside));
        assert_eq!(tree.inclusion(0, 6), Err(Fault::Outside));
        assert_eq!(tree.consistency(4, 3), Err(Fault::Outside));
        assert_eq!(tree.root_at(6), Err(Fault::Outside));
        let mut short = Tree::new(6, stored(&all));
        assert_eq!(short.root_at(6), Err(Fault::Incomplete));
    }

    #[test]
    fn a_tile_is_as_wide_as_the_tree_makes_it() {
        assert_eq!(Tile::within(0, 0, 0), None);
        assert_eq!(Tile::within(70_000, 0, 273).unwrap().width, 70_000 - 273 * 256);
        assert_eq!(Tile::within(70_000, 1, 0).unwrap().width, 256);
        assert_eq!(Tile::within(70_000, 1, 1).unwrap().width, 17);
        assert_eq!(Tile::within(70_000, 2, 0).unwrap().width, 1);
        assert_eq!(Tile::within(70_000, 3, 0), None);
        assert_eq!(Tile::within(u64::MAX, 9, u64::MAX), None);
    }
}
