//! A promise that is broken on purpose is an error, never a distance of zero.

use pulp::Arch;

use super::super::axes::Projection;
use super::super::plain::{PlainScratch, PlainTile};
use super::super::pruned::{PrunedScratch, PrunedTile, Unfinished};
use super::super::tile::Found;
use super::super::{BoundingAxes, MemoryBank};
use super::noise;

const CHANNELS: usize = 8;

fn bank() -> MemoryBank {
    MemoryBank::new(noise(40, CHANNELS, 1)).unwrap()
}

/// Two descriptors, one of them cut short, with the norms of `norms` descriptors.
fn plain(values: usize, norms: usize) -> Result<(), crate::BrokenInvariant> {
    let (mut distances, mut numbers) = ([f32::NAN; 2], [0; 2]);
    let rows = vec![1.0; values];
    Arch::new().dispatch(PlainTile {
        bank: &bank(),
        rows: &rows,
        squared_norms: &vec![8.0; norms],
        found: Found::new(1, &mut distances, &mut numbers),
        scratch: &mut PlainScratch::default(),
    })
}

#[test]
fn a_tile_of_incomplete_descriptors_is_an_error_of_the_full_product() {
    assert!(plain(2 * CHANNELS, 2).is_ok());
    assert!(plain(2 * CHANNELS - 1, 2).is_err());
    assert!(plain(2 * CHANNELS, 1).is_err());
}

#[test]
fn a_tile_of_incomplete_descriptors_is_an_error_of_the_bounds() {
    let counts = BoundingAxes {
        first: 1,
        second: 2,
    };
    let projection = Projection {
        origin: vec![0.0; CHANNELS],
        axes: noise(2, CHANNELS, 2),
    };
    let bank = bank().with_projection(counts, projection).unwrap();
    let pruned = |values: usize| {
        let (mut distances, mut numbers) = ([f32::NAN; 2], [0; 2]);
        let rows = vec![1.0; values];
        let mut scratch = PrunedScratch::default();
        let tile = PrunedTile {
            bank: &bank,
            axes: bank.axes.as_ref().unwrap(),
            rows: &rows,
            found: Found::new(1, &mut distances, &mut numbers),
            budget: usize::MAX,
            scratch: &mut scratch,
        };
        Arch::new().dispatch(tile)
    };
    assert!(pruned(2 * CHANNELS).is_ok());
    let broken = pruned(2 * CHANNELS - 1);
    assert!(matches!(broken, Err(Unfinished::Broken(_))), "{broken:?}");
}
