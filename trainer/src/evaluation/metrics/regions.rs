//! Connected regions of defective pixels.

use ndarray::{Array2, ArrayRef2};

/// The connected regions of a mask: pixels that touch with an edge or a corner
/// (8-connectivity) belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regions {
    /// For each pixel the number of its region, from 1 in reading order of the first
    /// pixel; 0 outside.
    pub labels: Array2<u32>,
    /// Pixels of each region; number 1 stands first.
    pub sizes: Vec<u32>,
}

impl Regions {
    /// Finds the regions of a mask of at most 2³² − 1 pixels; true is defective.
    #[must_use]
    pub fn find(mask: &ArrayRef2<bool>) -> Self {
        let mut regions = Self {
            labels: Array2::zeros(mask.dim()),
            sizes: Vec::new(),
        };
        for (place, &defective) in mask.indexed_iter() {
            if defective && regions.labels[place] == 0 {
                let size = regions.fill(mask, place);
                regions.sizes.push(size);
            }
        }
        regions
    }

    /// Gives all pixels that are connected with `start` the next number, and counts them.
    fn fill(&mut self, mask: &ArrayRef2<bool>, start: (usize, usize)) -> u32 {
        let label = self.sizes.len() as u32 + 1;
        let mut size = 0;
        let mut due = vec![start];
        self.labels[start] = label;
        while let Some((row, column)) = due.pop() {
            size += 1;
            let neighbours =
                around(row).flat_map(|row| around(column).map(move |column| (row, column)));
            for place in neighbours {
                if mask.get(place) == Some(&true) && self.labels[place] == 0 {
                    self.labels[place] = label;
                    due.push(place);
                }
            }
        }
        size
    }
}

fn around(index: usize) -> impl Iterator<Item = usize> + Clone {
    index.saturating_sub(1)..=index + 1
}
