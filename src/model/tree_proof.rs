//! Proofs in the tree: made of leaves at hand, and checked from the proof alone.
use super::audit_chain::{Hash, root};
use super::audit_tree::node;

/// The way from leaf `index` to the root of `leaves`, when they are all at
/// hand: siblings from the leaf up.
pub fn path(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    leaves.get(index)?;
    let (mut rest, mut at, mut path) = (leaves, index, Vec::new());
    while rest.len() > 1 {
        let (left, right) = rest.split_at(rest.len().next_power_of_two() / 2);
        if at < left.len() {
            path.push(root(right));
            rest = left;
        } else {
            path.push(root(left));
            at -= left.len();
            rest = right;
        }
    }
    path.reverse();
    Some(path)
}

/// Whether `path` leads from a leaf at `index` to `root` of a tree of `size`:
/// RFC 9162 §2.1.3.2.
pub fn includes(path: &[Hash], index: u64, leaf: &Hash, (size, root): (u64, &Hash)) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether `path` shows that a tree of `old` is the beginning of one of `new`,
/// each given as its size and root: RFC 9162 §2.1.4.2.
pub fn extends(path: &[Hash], old: (u64, &Hash), new: (u64, &Hash)) -> bool {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size > new_size {
        return false;
    }
    if old_size == 0 || old_size == new_size {
        let roots = if old_size == 0 { *old_root == root(&[]) } else { old_root == new_root };
        return path.is_empty() && roots;
    }
    let mut path = path.iter();
    // An old tree that is one whole subtree is its own first hash.
    let start = if old_size.is_power_of_two() { Some(old_root) } else { path.next() };
    let Some(start) = start else { return false };
    let (mut at, mut last) = (old_size - 1, new_size - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut of_old, mut of_new) = (*start, *start);
    for hash in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            of_old = node(hash, &of_old);
            of_new = node(hash, &of_new);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            of_new = node(&of_new, hash);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && of_old == *old_root && of_new == *new_root
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::audit_tree::entry_leaf;
    use super::super::audit_tree::tests::{leaves, tree};
    use super::*;

    /// The definitions of RFC 6962 §2.1.1 and §2.1.2, to the letter.
    fn path_by_definition(index: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() <= 1 {
            return Vec::new();
        }
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        let (mut path, other) = if index < left.len() {
            (path_by_definition(index, left), root(right))
        } else {
            (path_by_definition(index - left.len(), right), root(left))
        };
        path.push(other);
        path
    }

    fn subproof_by_definition(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
        if old == leaves.len() {
            return if whole { Vec::new() } else { vec![root(leaves)] };
        }
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        let (mut proof, other) = if old <= left.len() {
            (subproof_by_definition(old, left, whole), root(right))
        } else {
            (subproof_by_definition(old - left.len(), right, false), root(left))
        };
        proof.push(other);
        proof
    }

    const A: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
    const B: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
    const C: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
    const D: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
    const E: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
    const F: &str = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
    const G: &str = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
    const H: &str = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
    const I: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
    const J: &str = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f";

    /// Certificate Transparency's reference test data, as every implementation of
    /// RFC 6962 has it.
    #[test]
    fn paths_and_proofs_are_those_of_rfc_6962() {
        let bytes = |text: &str| -> Vec<u8> {
            let digit = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
            (0..text.len()).step_by(2).map(digit).collect()
        };
        let entries = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let all: Vec<Hash> = entries.iter().map(|entry| entry_leaf(&bytes(entry))).collect();
        let hash = |text: &&str| -> Hash { bytes(text).try_into().unwrap() };
        let mut tree = tree(&all);
        let paths: [(u64, u64, &[&str]); 5] =
            [(0, 1, &[]), (0, 8, &[A, B, C]), (5, 8, &[D, E, F]), (2, 3, &[G]), (1, 5, &[H, B, D])];
        for (index, size, expected) in paths {
            let expected: Vec<Hash> = expected.iter().map(hash).collect();
            let of = &all[..usize::try_from(size).unwrap()];
            assert_eq!(tree.inclusion(index, size).unwrap(), expected, "{index} in {size}");
            assert_eq!(path(of, usize::try_from(index).unwrap()).unwrap(), expected);
            let leaf = of[usize::try_from(index).unwrap()];
            assert!(includes(&expected, index, &leaf, (size, &root(of))));
        }
        let proofs: [(u64, u64, &[&str]); 5] = [
            (1, 1, &[]),
            (1, 8, &[A, B, C]),
            (6, 8, &[I, E, F]),
            (2, 5, &[B, D]),
            (6, 7, &[I, J, F]),
        ];
        for (old, new, expected) in proofs {
            let expected: Vec<Hash> = expected.iter().map(hash).collect();
            assert_eq!(tree.consistency(old, new).unwrap(), expected, "{old} to {new}");
            let root = |size: u64| root(&all[..usize::try_from(size).unwrap()]);
            assert!(extends(&expected, (old, &root(old)), (new, &root(new))));
        }
    }

    #[test]
    fn every_tree_up_to_200_has_the_roots_and_proofs_of_the_definitions() {
        let all = leaves(200);
        let mut tree = tree(&all);
        for size in 1..=200_usize {
            let (new, size_u64) = (&all[..size], size as u64);
            let new_root = root(new);
            assert_eq!(tree.root_at(size_u64).unwrap(), new_root);
            for index in 0..size {
                let path = tree.inclusion(index as u64, size_u64).unwrap();
                assert_eq!(path, path_by_definition(index, new), "{index} in {size}");
                assert_eq!(super::path(new, index).unwrap(), path);
                assert!(includes(&path, index as u64, &all[index], (size_u64, &new_root)));
                let other = all[(index + 1) % 200];
                assert!(!includes(&path, index as u64, &other, (size_u64, &new_root)));
            }
            for old in 0..=size {
                let proof = tree.consistency(old as u64, size_u64).unwrap();
                let expected =
                    if old == 0 { Vec::new() } else { subproof_by_definition(old, new, true) };
                assert_eq!(proof, expected, "{old} to {size}");
                let old_root = root(&all[..old]);
                assert!(extends(&proof, (old as u64, &old_root), (size_u64, &new_root)));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn large_trees_prove_from_tiles_and_nothing_else_is_proved(
            size in 1_u64..70_000, index in any::<u64>(), old in any::<u64>(),
            flip in any::<(usize, usize, u8)>(),
        ) {
            let all = leaves(size);
            let (index, old) = (index % size, 1 + old % size);
            let mut tree = tree(&all);
            let (new_root, old_root) = (tree.root_at(size).unwrap(), tree.root_at(old).unwrap());
            prop_assert_eq!(new_root, root(&all));
            let leaf = all[usize::try_from(index).unwrap()];
            let mut path = tree.inclusion(index, size).unwrap();
            prop_assert!(includes(&path, index, &leaf, (size, &new_root)));
            prop_assert!(index + 1 == size || !includes(&path, index + 1, &leaf, (size, &new_root)));
            let mut proof = tree.consistency(old, size).unwrap();
            prop_assert!(extends(&proof, (old, &old_root), (size, &new_root)));
            prop_assert!(old == size || !extends(&proof, (old, &new_root), (size, &new_root)));
            for hashes in [&mut path, &mut proof] {
                if hashes.is_empty() { continue; }
                let place = flip.0 % hashes.len();
                hashes[place][flip.1 % 32] ^= flip.2.max(1);
            }
            prop_assert!(path.is_empty() || !includes(&path, index, &leaf, (size, &new_root)));
            prop_assert!(proof.is_empty() || !extends(&proof, (old, &old_root), (size, &new_root)));
            path.pop();
            prop_assert!(size == 1 || !includes(&path, index, &leaf, (size, &new_root)));
        }
    }
}
