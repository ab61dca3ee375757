//! Assembly of the picture from its strips or tiles.

use super::chunks::{Chunk, Grid};
use super::colour::Colour;
use super::description::Description;
use super::refusal::unsupported;
use super::source::{ChunkSamples, Source};
use crate::picture::{Picture, PictureProblem, Samples};

pub(super) fn picture(source: &Source<'_>, grid: &Grid) -> Result<Picture, PictureProblem> {
    let description = source.description;
    let samples = if description.bits <= 8 {
        let read = |chunk: &Chunk| source.shallow(chunk);
        Samples::Eight(match &description.colour {
            Colour::Table(table) => rgb(description, grid, read, |pixel: &[u8]| {
                table[usize::from(pixel[0])]
            })?,
            _ => rgb(description, grid, read, three)?,
        })
    } else {
        let read = |chunk: &Chunk| source.deep(chunk);
        Samples::Sixteen(match &description.colour {
            Colour::DeepGray => rgb(description, grid, read, |pixel: &[u16]| [pixel[0]; 3])?,
            _ => rgb(description, grid, read, three)?,
        })
    };
    Picture::new(description.width_px, description.height_px, samples)
}

fn three<T: Copy>(pixel: &[T]) -> [T; 3] {
    [pixel[0], pixel[1], pixel[2]]
}

/// All chunks, with `colour` of each pixel.
fn rgb<'a, T: Sample>(
    description: &Description,
    grid: &Grid,
    read: impl Fn(&Chunk) -> Result<ChunkSamples<'a, T>, PictureProblem>,
    colour: impl Fn(&[T]) -> [T; 3],
) -> Result<Vec<T>, PictureProblem> {
    let mut canvas = Canvas::new(description);
    let planes_are_channels = description.planar && description.colour.samples() == 3;
    for chunk in grid.chunks() {
        let is_alpha = description.premultiplied_by == Some(chunk.plane);
        let is_colour = chunk.plane < description.colour.samples();
        if !is_colour && !is_alpha {
            continue;
        }
        let samples = read(&chunk)?;
        canvas.check_opaque(&chunk, &samples)?;
        if is_colour && planes_are_channels {
            canvas.paint_channel(&chunk, &samples);
        } else if is_colour {
            canvas.paint(&chunk, &samples, &colour);
        }
    }
    Ok(canvas.rgb)
}

/// A sample of 8 or 16 bits.
trait Sample: Copy + Default + Ord + 'static {
    const LARGEST: Self;
}

impl Sample for u8 {
    const LARGEST: Self = u8::MAX;
}

impl Sample for u16 {
    const LARGEST: Self = u16::MAX;
}

struct Canvas<'d, T> {
    description: &'d Description,
    width_px: usize,
    height_px: usize,
    rgb: Vec<T>,
}

impl<'d, T: Sample> Canvas<'d, T> {
    fn new(description: &'d Description) -> Self {
        let (width_px, height_px) = (
            description.width_px as usize,
            description.height_px as usize,
        );
        Self {
            description,
            width_px,
            height_px,
            rgb: vec![T::default(); 3 * width_px * height_px],
        }
    }

    fn paint(
        &mut self,
        chunk: &Chunk,
        samples: &ChunkSamples<'_, T>,
        colour: impl Fn(&[T]) -> [T; 3],
    ) {
        for (row, target) in self.rows(chunk, samples) {
            let pixels = row.chunks_exact(samples.pixel_samples);
            for (pixel, target) in pixels.zip(target.as_chunks_mut::<3>().0) {
                *target = colour(pixel);
            }
        }
    }

    fn paint_channel(&mut self, chunk: &Chunk, samples: &ChunkSamples<'_, T>) {
        for (row, target) in self.rows(chunk, samples) {
            for (&sample, target) in row.iter().zip(target.as_chunks_mut::<3>().0) {
                target[chunk.plane] = sample;
            }
        }
    }

    /// The rows of a chunk that lie in the picture, each with its place there.
    fn rows<'s>(
        &'s mut self,
        chunk: &Chunk,
        samples: &'s ChunkSamples<'_, T>,
    ) -> impl Iterator<Item = (&'s [T], &'s mut [T])> {
        let visible = chunk.width_px.min(self.width_px - chunk.left_px);
        let left = 3 * chunk.left_px;
        let targets = self.rgb.chunks_exact_mut(3 * self.width_px);
        let visible_samples = visible * samples.pixel_samples;
        samples
            .rows(chunk)
            .map(move |row| &row[..visible_samples])
            .zip(
                targets
                    .skip(chunk.top_px)
                    .map(move |target| &mut target[left..left + 3 * visible]),
            )
    }

    /// Refuses colours that were multiplied by alpha: some readers divide by it again, and some
    /// do not.
    fn check_opaque(
        &self,
        chunk: &Chunk,
        samples: &ChunkSamples<'_, T>,
    ) -> Result<(), PictureProblem> {
        let alpha = match self.description.premultiplied_by {
            Some(plane) if self.description.planar && plane == chunk.plane => 0,
            Some(sample) if !self.description.planar => sample,
            _ => return Ok(()),
        };
        let visible = chunk.width_px.min(self.width_px - chunk.left_px);
        let opaque = |row: &[T]| {
            let pixels = row.chunks_exact(samples.pixel_samples).take(visible);
            pixels.into_iter().all(|pixel| pixel[alpha] == T::LARGEST)
        };
        let below = self.height_px - chunk.top_px;
        if samples.rows(chunk).take(below).all(opaque) {
            return Ok(());
        }
        Err(unsupported(
            "premultiplied (associated) alpha that is not opaque",
            "save without alpha",
        ))
    }
}
