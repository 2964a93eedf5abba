//! Percentiles, and how long this disk takes to keep its word.
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;

/// How many writes [`probe`] takes its percentiles of.
const WRITES: u64 = 300;
const PAGE: usize = 4_096;

/// Latencies in microseconds.
#[derive(Default)]
pub struct Latencies(Vec<u32>);

impl Latencies {
    pub fn note(&mut self, since: Instant) {
        self.0.push(u32::try_from(since.elapsed().as_micros()).unwrap_or(u32::MAX));
    }

    pub fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The latencies that this many of 1,000 do not exceed.
    pub fn permille<const N: usize>(mut self, ranks: [usize; N]) -> [u32; N] {
        self.0.sort_unstable();
        ranks.map(|rank| {
            let at = (self.0.len() * rank).div_ceil(1_000).saturating_sub(1);
            self.0.get(at).copied().unwrap_or_default()
        })
    }
}

/// Overwrites pages of a file, each followed by `fdatasync`: the least that a
/// durable commit can take.
pub fn probe(folder: &Path) -> anyhow::Result<String> {
    let path = folder.join("probe");
    let file = File::create(&path).with_context(|| path.display().to_string())?;
    let page = [7; PAGE];
    let mut latencies = Latencies::default();
    for first in [true, false] {
        for i in 0..WRITES {
            let started = Instant::now();
            file.write_all_at(&page, i * PAGE as u64)?;
            if first {
                continue;
            }
            file.sync_data()?;
            latencies.note(started);
        }
        file.sync_all()?;
    }
    std::fs::remove_file(&path)?;
    let [median, p99] = latencies.permille([500, 990]);
    Ok(format!("{median}\t{p99}"))
}
