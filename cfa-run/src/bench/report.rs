//! What was measured, as text or JSON. Keys and their order are fixed.

use std::io::{self, Write, stdout};

use cfa_runtime::inspector::StageTimes;
use serde::Serialize;

use super::percentiles::Percentiles;

#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) model: String,
    pub(super) backbone: String,
    pub(super) provider: &'static str,
    pub(super) head: &'static str,
    pub(super) batch: usize,
    pub(super) threads: usize,
    pub(super) pictures: usize,
    /// Whether the pictures are the bundle's own.
    pub(super) recorded: bool,
    pub(super) rounds: usize,
    pub(super) opening_ms: OpeningTimes,
    pub(super) milliseconds: Milliseconds,
    pub(super) pictures_per_second: PicturesPerSecond,
    pub(super) peak_memory_bytes: PeakMemory,
}

#[derive(Debug, Serialize)]
pub(super) struct OpeningTimes {
    /// Loading ONNX Runtime.
    pub(super) library: f64,
    /// Reading and checking the bundle.
    pub(super) model: f64,
    pub(super) network: f64,
    pub(super) total: f64,
}

/// The times of each stage of one inspection and of the whole inspection, named as in `predict --json`.
#[derive(Debug, Serialize)]
pub(super) struct Milliseconds {
    decode: Percentiles,
    preprocess: Percentiles,
    network: Percentiles,
    neighbors: Percentiles,
    map: Percentiles,
    total: Percentiles,
}

#[derive(Debug, Serialize)]
pub(super) struct PicturesPerSecond {
    pub(super) one_by_one: f64,
    /// The throughput of `predict` with a folder.
    pub(super) overlapped: f64,
}

/// The peak memory of the whole process, until the end of each part; `None` where the system does not
/// tell.
#[derive(Debug, Serialize)]
pub(super) struct PeakMemory {
    pub(super) one_by_one: Option<u64>,
    pub(super) overlapped: Option<u64>,
}

pub(super) fn milliseconds(times: &[StageTimes]) -> Milliseconds {
    let of =
        |stage: fn(&StageTimes) -> f64| Percentiles::measured(times.iter().map(stage).collect());
    Milliseconds {
        decode: of(|times| times.decode_ms),
        preprocess: of(|times| times.preprocess_ms),
        network: of(|times| times.network_ms),
        neighbors: of(|times| times.neighbors_ms),
        map: of(|times| times.map_ms),
        total: of(StageTimes::total_ms),
    }
}

impl Report {
    pub(super) fn print(&self, json: bool) -> io::Result<()> {
        let mut out = stdout().lock();
        if json {
            writeln!(out, "{}", serde_json::to_string(self)?)
        } else {
            self.facts(&mut out)?;
            self.stages(&mut out)
        }
    }

    fn facts(&self, out: &mut impl Write) -> io::Result<()> {
        let (opening, speed) = (&self.opening_ms, &self.pictures_per_second);
        let facts = [
            ("model", format!("{} ({})", self.model, self.backbone)),
            (
                "computed by",
                format!(
                    "{}, {} threads; the head: {}",
                    self.provider, self.threads, self.head
                ),
            ),
            ("pictures", self.pictures_text()),
            (
                "opening",
                format!(
                    "{:.0} ms: library {:.0}, bundle {:.0}, network {:.0}",
                    opening.total, opening.library, opening.model, opening.network
                ),
            ),
            (
                "pictures/s",
                format!(
                    "{:.1} one by one, {:.1} overlapped as in predict, in batches of {}",
                    speed.one_by_one, speed.overlapped, self.batch
                ),
            ),
            ("peak memory", self.peak_memory_bytes.text()),
        ];
        facts
            .iter()
            .try_for_each(|(name, value)| writeln!(out, "{name:<13}{value}"))
    }

    fn pictures_text(&self) -> String {
        let (pictures, rounds) = (self.pictures, self.rounds);
        let whose = if self.recorded { " of the bundle" } else { "" };
        let inspections = pictures * rounds;
        format!("{pictures}{whose}, {rounds} rounds: {inspections} inspections one by one")
    }

    fn stages(&self, out: &mut impl Write) -> io::Result<()> {
        let times = &self.milliseconds;
        writeln!(
            out,
            "\n{:<13}{:>9}{:>9}{:>9}",
            "milliseconds", "p50", "p95", "p99"
        )?;
        let rows = [
            ("decode", times.decode),
            ("preprocess", times.preprocess),
            ("network", times.network),
            ("neighbours", times.neighbors),
            ("map", times.map),
            ("whole", times.total),
        ];
        rows.iter()
            .try_for_each(|(name, Percentiles { p50, p95, p99 })| {
                writeln!(out, "{name:<13}{p50:>9.2}{p95:>9.2}{p99:>9.2}")
            })
    }
}

impl PeakMemory {
    fn text(&self) -> String {
        let (Some(one_by_one), Some(overlapped)) = (self.one_by_one, self.overlapped) else {
            return "unknown: this system does not tell".to_owned();
        };
        let megabytes = |bytes| bytes as f64 / 1e6;
        format!(
            "{:.0} MB, {:.0} MB overlapped",
            megabytes(one_by_one),
            megabytes(overlapped)
        )
    }
}
