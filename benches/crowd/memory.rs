//! What Linux tells of a process's memory.
use anyhow::Context as _;

/// A line of `/proc/PID/status` in MiB: `VmRSS` now, `VmHWM` at its peak.
pub fn mib(pid: u32, line: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let found = status.lines().find_map(|found| found.strip_prefix(line)).context("status")?;
    let kib: u64 = found.trim_start_matches(':').trim().trim_end_matches(" kB").parse()?;
    Ok(kib.div_ceil(1_024))
}

/// Percentiles of microseconds, in milliseconds.
pub fn permille<const N: usize>(latencies: &mut [u32], ranks: [usize; N]) -> [f64; N] {
    latencies.sort_unstable();
    ranks.map(|rank| {
        let at = (latencies.len() * rank).div_ceil(1_000).saturating_sub(1);
        f64::from(latencies.get(at).copied().unwrap_or_default()) / 1e3
    })
}
