//! What Linux tells of a process.
use anyhow::Context as _;

/// The unit of `/proc/PID/stat`: fixed at 100 per second towards programs.
const MICROSECONDS_PER_TICK: u64 = 10_000;

/// User and system time that `pid` has used, in microseconds.
pub fn cpu(pid: &str) -> anyhow::Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field is a name, in parentheses, and may hold anything.
    let (_, fields) = stat.rsplit_once(')').context("/proc/PID/stat has no name")?;
    let mut ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    let (user, system) = (ticks.next().context("utime")??, ticks.next().context("stime")??);
    Ok((user + system) * MICROSECONDS_PER_TICK)
}

/// Resident memory of `pid` in KiB.
pub fn resident(pid: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
