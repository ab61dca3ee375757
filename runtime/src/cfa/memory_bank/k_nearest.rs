//! The K nearest of those that were looked at.

/// The K nearest so far, in place: ascending by distance, then by number.
#[derive(Debug)]
pub(super) struct Nearest<'a> {
    distances: &'a mut [f32],
    numbers: &'a mut [u32],
    pub(super) count: usize,
}

impl<'a> Nearest<'a> {
    pub(super) fn new((distances, numbers): (&'a mut [f32], &'a mut [u32])) -> Self {
        Self {
            distances,
            numbers,
            count: 0,
        }
    }

    /// No centroid that is farther than this can be among the nearest, where computed
    /// distances are off by `sum` of themselves at most.
    pub(super) fn limit(&self, sum: f32) -> f32 {
        if self.count < self.distances.len() {
            return f32::INFINITY;
        }
        self.distances
            .last()
            .map_or(f32::INFINITY, |last| last * (1.0 + 2.0 * sum))
    }

    pub(super) fn insert(&mut self, distance: f32, number: u32) {
        let mut place = self.count.min(self.distances.len() - 1);
        if self.count == self.distances.len() {
            let last = (self.distances[place], self.numbers[place]);
            if (distance, number) >= last {
                return;
            }
        } else {
            self.count += 1;
        }
        while place > 0 && (distance, number) < (self.distances[place - 1], self.numbers[place - 1])
        {
            self.distances[place] = self.distances[place - 1];
            self.numbers[place] = self.numbers[place - 1];
            place -= 1;
        }
        self.distances[place] = distance;
        self.numbers[place] = number;
    }
}
