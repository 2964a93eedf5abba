#!/usr/bin/env python3
"""Verifies evidence of a Countersign audit log without Countersign.

    verify_audit.py proof ROW.proof --key KEY
    verify_audit.py checkpoint CHECKPOINT --key KEY
    verify_audit.py consistency OLD NEW PROOF.json --key KEY
    verify_audit.py tree URL --key KEY
    verify_audit.py pack FOLDER --key KEY

KEY is a verifier key (name+id+base64) or a file of them. PROOF.json is what
`countersign audit consistency OLD NEW --json` prints; URL is .../audit/tlog of a
server whose log is public: every entry is read and the tree is built anew. FOLDER
is what `countersign audit export --with-proofs` wrote: every row of it is hashed.

Nothing but the standard library. Formats: RFC 6962, RFC 8032, C2SP signed-note,
tlog-checkpoint, tlog-cosignature, tlog-proof, tlog-tiles. Exit code 0: it
holds; 1: it does not, with the reason.
"""
import argparse
import base64
import hashlib
import json
import os
import struct
import sys
import urllib.request


class Wrong(Exception):
    """What was given does not hold."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_hash(entry):
    return sha256(b"\x00", entry)


def node_hash(left, right):
    return sha256(b"\x01", left, right)


# RFC 8032, section 5.1: verification only, so nothing here is secret.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def point_add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_mul(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def point_equal(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def recover_x(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


def decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BASE_Y, 0), BASE_Y, 1, recover_x(BASE_Y, 0) * BASE_Y % P)


def ed25519_verify(public, message, signature):
    if len(signature) != 64:
        return False
    a, r = decompress(public), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return point_equal(point_mul(s, BASE), point_add(r, point_mul(h, a)))


class Key:
    """A verifier key: name+id+base64(kind || public key)."""

    def __init__(self, text):
        self.name, number, encoded = text.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        self.kind, self.public = raw[0], raw[1:]
        if len(self.public) != 32 or self.kind not in (1, 4):
            raise Wrong(f"{text}: not an Ed25519 key")
        if key_id(self.name, self.kind, self.public).hex() != number:
            raise Wrong(f"{text}: its parts do not belong together")


def key_id(name, kind, public):
    return sha256(name.encode(), b"\n", bytes([kind]), public)[:4]


class Checkpoint:
    def __init__(self, text):
        body, _, lines = text.rpartition("\n\n")
        self.body = body + "\n"
        self.origin, size, root = self.body.split("\n")[:3]
        self.size, self.root = int(size), base64.b64decode(root, validate=True)
        self.signatures = []
        for line in lines.splitlines():
            dash, name, encoded = line.split(" ")
            if dash != "\u2014":
                raise Wrong("a line below the checkpoint is no signature")
            raw = base64.b64decode(encoded, validate=True)
            self.signatures.append((name, raw[:4], raw[4:]))

    def verify(self, keys):
        """The time that the log signed, or None; raises when it did not sign."""
        signed, time = False, None
        for key in keys:
            for name, number, raw in self.signatures:
                if name != key.name:
                    continue
                if number == key_id(name, 1, key.public) and key.kind == 1:
                    if not ed25519_verify(key.public, self.body.encode(), raw):
                        raise Wrong("the log's signature is wrong")
                    signed = signed or name == self.origin
                if number == key_id(name, 4, key.public):
                    (seconds,) = struct.unpack(">Q", raw[:8])
                    message = f"cosignature/v1\ntime {seconds}\n{self.body}".encode()
                    if not ed25519_verify(key.public, message, raw[8:]):
                        raise Wrong(f"the timed signature of {name} is wrong")
                    print(f"signed by {name} at {seconds}")
                    if name == self.origin:
                        time = seconds
        if not signed:
            raise Wrong("none of the keys given signed the checkpoint")
        return time


def included(path, index, leaf, size, root):
    """RFC 9162, section 2.1.3.2."""
    if index >= size:
        return False
    at, last, value = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            value = node_hash(sibling, value)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and value == root


def extends(path, old_size, old_root, new_size, new_root):
    """RFC 9162, section 2.1.4.2."""
    if old_size > new_size:
        return False
    if old_size in (0, new_size):
        expected = sha256() if old_size == 0 else new_root
        return not path and old_root == expected
    path = list(path)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for value in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(value, old), node_hash(value, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, value)
        at, last = at >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


def read_record(record):
    """A batch: chain, number, first position, rows, first and last time, root."""
    prefix = b"countersign batch v1\0"
    if not record.startswith(prefix):
        raise Wrong("the entry is no record of a batch")
    rest = record[len(prefix):]
    (length,) = struct.unpack(">I", rest[:4])
    chain, rest = rest[4:4 + length].decode(), rest[4 + length:]
    number, position, rows, _, _ = struct.unpack(">5q", rest[:40])
    if len(rest) != 40 + 64:
        raise Wrong("the record of the batch has another length")
    return {"chain": chain, "batch": number, "position": position, "rows": rows, "root": rest[40:72]}


def check_proof(text, keys):
    upper, lower = text.split("\nc2sp.org/tlog-proof@v1\n", 1)
    head, body, salt, record, row, *path = upper.rstrip("\n").split("\n")
    if head != "countersign/row-proof@v1":
        raise Wrong("this is no proof of a row")
    body = after(body, "body ")
    record = base64.b64decode(after(record, "batch "), validate=True)
    row = int(after(row, "row "))
    batch = read_record(record)
    leaf = leaf_hash(base64.b64decode(after(salt, "salt ")) + body.encode())
    path = [base64.b64decode(line) for line in path]
    if not included(path, row, leaf, batch["rows"], batch["root"]):
        raise Wrong("the row does not belong to the batch")
    head, checkpoint = lower.split("\n\n", 1)
    index, *path = head.split("\n")
    path = [base64.b64decode(line) for line in path]
    checkpoint = Checkpoint(checkpoint)
    index = int(after(index, "index "))
    if not included(path, index, leaf_hash(record), checkpoint.size, checkpoint.root):
        raise Wrong("the batch does not belong to the tree")
    checkpoint.verify(keys)
    print(f"row {batch['position'] + row} of chain {batch['chain']} is in {checkpoint.origin}:")
    print(json.dumps(json.loads(body), indent=2, ensure_ascii=False))


def after(line, name):
    if not line.startswith(name):
        raise Wrong(f"a line beginning with {name!r} is missing")
    return line[len(name):]


def fetch(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()


def tile_path(number):
    groups = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03}")
    return "/".join(groups)


def check_tree(url, keys):
    checkpoint = Checkpoint(fetch(f"{url}/checkpoint").decode())
    checkpoint.verify(keys)
    peaks, count, last = [], 0, {}
    for number in range((checkpoint.size + 255) // 256):
        width = min(256, checkpoint.size - number * 256)
        path = tile_path(number) + ("" if width == 256 else f".p/{width}")
        bundle = fetch(f"{url}/tile/entries/{path}")
        while bundle:
            (length,) = struct.unpack(">H", bundle[:2])
            record, bundle = bundle[2:2 + length], bundle[2 + length:]
            batch = read_record(record)
            number_before, hash_before = last.get(batch["chain"], (0, bytes(32)))
            if batch["batch"] != number_before + 1 or record[-32:] != hash_before:
                raise Wrong(f"chain {batch['chain']} is broken at batch {batch['batch']}")
            last[batch["chain"]] = (batch["batch"], sha256(record))
            value, below = leaf_hash(record), count
            while below & 1:
                value, below = node_hash(peaks.pop(), value), below >> 1
            peaks.append(value)
            count += 1
    root = peaks.pop() if peaks else sha256()
    while peaks:
        root = node_hash(peaks.pop(), root)
    if count != checkpoint.size or root != checkpoint.root:
        raise Wrong("the entries are not those that were signed")
    print(f"{count} batches of {len(last)} chains are what {checkpoint.origin} signed")


PACKED = ["README.md", "batches.txt", "checkpoint.txt", "events.jsonl", "keys.txt",
          "tree-proof.txt", "verify_audit.py"]


def check_pack(folder, keys):
    manifest = json.loads(read(os.path.join(folder, "manifest.json")))
    if manifest["format"] != "countersign/evidence-pack@v1":
        raise Wrong("this is no evidence pack")
    if sorted(manifest["files"]) != PACKED or sorted(os.listdir(folder)) != sorted(PACKED + ["manifest.json"]):
        raise Wrong("a file is missing, or there is one more")
    for name, digest in manifest["files"].items():
        if file_hash(os.path.join(folder, name)) != digest:
            raise Wrong(f"{name} is not what the manifest says")
    lines = [line for line in read(os.path.join(folder, "keys.txt")).splitlines() if line[:1] != "#"]
    for line in lines:
        Key(line)
    checkpoint = Checkpoint(read(os.path.join(folder, "checkpoint.txt")))
    checkpoint.verify(keys)
    records = [base64.b64decode(line, validate=True)
               for line in read(os.path.join(folder, "batches.txt")).splitlines()]
    beside = [base64.b64decode(line, validate=True)
              for line in read(os.path.join(folder, "tree-proof.txt")).splitlines()]
    first = manifest["first_entry"]
    said = (manifest["log"], manifest["tree_size"], manifest["entries"])
    if said != (checkpoint.origin, checkpoint.size, len(records)) or not records:
        raise Wrong("the manifest says otherwise")
    if range_root([leaf_hash(record) for record in records], first, beside, checkpoint.size) != checkpoint.root:
        raise Wrong("the batches are not those that were signed, in that order")
    rows, last = check_rows(os.path.join(folder, "events.jsonl"), records), {}
    if rows != manifest["rows"]:
        raise Wrong("the manifest says another number of rows")
    for record in records:
        batch = read_record(record)
        number, digest = last.get(batch["chain"], (batch["batch"] - 1, record[-32:]))
        if batch["batch"] != number + 1 or record[-32:] != digest:
            raise Wrong(f"chain {batch['chain']} is broken at batch {batch['batch']}")
        last[batch["chain"]] = (batch["batch"], sha256(record))
    print(f"{rows} rows of {len(records)} batches, entries {first} to {first + len(records) - 1}: "
          f"all there, unchanged and in order, as {checkpoint.origin} signed")


def check_rows(path, records):
    """Hashes the rows of all batches, which stand in the order of the batches."""
    count, redacted = 0, 0
    with open(path, encoding="utf-8", newline="\n") as file:
        for record in records:
            batch, leaves = read_record(record), []
            for position in range(batch["position"], batch["position"] + batch["rows"]):
                row = json.loads(file.readline() or "null")
                place = f"row {position} of chain {batch['chain']}"
                if row is None:
                    raise Wrong(f"{place} is missing")
                if (row["chain"], row["position"], row["batch"]) != (batch["chain"], position, batch["batch"]):
                    raise Wrong(f"{place} is missing, or not in its place")
                count += 1
                if "leaf" in row:
                    # Its text was taken away; what the batch has of it was not.
                    if "body" in row or (row["event"] or {}).get("actor") != {"kind": "redacted"}:
                        raise Wrong(f"{place} is neither redacted nor whole")
                    leaves.append(bytes.fromhex(row["leaf"]))
                    redacted += 1
                    continue
                if json.loads(row["body"]) != row["event"]:
                    raise Wrong(f"{place} does not say what was hashed")
                leaves.append(leaf_hash(bytes.fromhex(row["salt"]) + row["body"].encode()))
            if tree_hash(leaves) != batch["root"]:
                raise Wrong(f"a row of batch {batch['batch']} of chain {batch['chain']} was changed")
        if file.readline():
            raise Wrong("there are more rows than batches have")
    if redacted:
        print(f"redacted ({redacted}): their hashes are here, their texts are not")
    return count


def tree_hash(leaves):
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(tree_hash(leaves[:half]), tree_hash(leaves[half:]))


def range_root(leaves, first, beside, size):
    """The root of a tree of `size`, of which only the leaves from `first` on are
    at hand, and the roots of what lies beside them, from left to right."""
    end, beside = first + len(leaves), list(beside)

    def root(low, high):
        if high <= first or low >= end:
            return beside.pop(0)
        if high - low == 1:
            return leaves[low - first]
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        return node_hash(root(low, middle), root(middle, high))

    found = root(0, size)
    if beside or first < 0 or end > size:
        raise Wrong("the proof has another length")
    return found


def file_hash(path):
    with open(path, "rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=["proof", "checkpoint", "consistency", "tree", "pack"])
    parser.add_argument("given", nargs="+")
    parser.add_argument("--key", required=True)
    asked = parser.parse_args()
    text = read(asked.key) if os.path.isfile(asked.key) else asked.key
    lines = [line.strip() for line in text.splitlines()]
    try:
        keys = [Key(line) for line in lines if line and not line.startswith("#")]
        if asked.what == "proof":
            check_proof(read(asked.given[0]), keys)
        elif asked.what == "checkpoint":
            checkpoint = Checkpoint(read(asked.given[0]))
            checkpoint.verify(keys)
            print(f"{checkpoint.origin}: {checkpoint.size} batches")
        elif asked.what == "consistency":
            old, new = (Checkpoint(read(path)) for path in asked.given[:2])
            old.verify(keys)
            new.verify(keys)
            path = [base64.b64decode(line) for line in json.loads(read(asked.given[2]))["proof"]]
            if not extends(path, old.size, old.root, new.size, new.root):
                raise Wrong("the newer tree does not go on from the older")
            print(f"{new.size} batches go on from {old.size}")
        elif asked.what == "pack":
            check_pack(asked.given[0], keys)
        else:
            check_tree(asked.given[0].rstrip("/"), keys)
    except (Wrong, ValueError, LookupError, TypeError, OSError, struct.error) as error:
        sys.exit(f"does not hold: {error}")


if __name__ == "__main__":
    main()
