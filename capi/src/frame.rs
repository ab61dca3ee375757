//! A picture in the caller's memory, checked before it is read.

use cfa_runtime::Picture;
use cfa_runtime::picture::{PixelFormat, PixelView};

use crate::fault::Fault;
use crate::status::CFA_E_INTERNAL;
use crate::types::{
    CFA_PIXEL_BGR8, CFA_PIXEL_BGRA8, CFA_PIXEL_GRAY8, CFA_PIXEL_GRAY16, CFA_PIXEL_RGB8,
    CFA_PIXEL_RGBA8, cfa_image, cfa_pixel_format,
};

/// A checked view of the region of interest, and where it lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    view: PixelView<'a>,
    /// Size of the whole picture.
    pub(crate) picture: (u32, u32),
    /// First column and row of the region.
    pub(crate) offset: (u32, u32),
}

impl<'a> Frame<'a> {
    /// `data` are the bytes that `image.data` and `image.data_len` name.
    pub(crate) fn new(image: &cfa_image, data: &'a [u8]) -> Result<Self, Fault> {
        let whole = PixelView {
            format: pixel_format(image.format)?,
            width_px: image.width_px,
            height_px: image.height_px,
            stride_bytes: image.stride_bytes,
            data,
        };
        if whole.width_px == 0 || whole.height_px == 0 {
            return Err(Fault::argument(format!(
                "the picture is {}x{} px; each side must be at least 1",
                whole.width_px, whole.height_px
            )));
        }
        // Otherwise a region inside a picture with wrong rows would pass every later check.
        whole.check()?;
        let roi = Region::inside(image)?;
        let first =
            roi.y as usize * image.stride_bytes + roi.x as usize * whole.format.bytes_per_pixel();
        let view = PixelView {
            width_px: roi.width,
            height_px: roi.height,
            data: data.get(first..).ok_or_else(|| {
                Fault::new(CFA_E_INTERNAL, "a checked picture does not hold its region")
            })?,
            ..whole
        };
        Ok(Self {
            view,
            picture: (image.width_px, image.height_px),
            offset: (roi.x, roi.y),
        })
    }

    /// Columns and rows that are inspected.
    pub(crate) fn inspected_size(&self) -> (u32, u32) {
        (self.view.width_px, self.view.height_px)
    }

    /// A copy of the region's pixels.
    pub(crate) fn picture(&self) -> Result<Picture, Fault> {
        Ok(Picture::from_raw(&self.view)?)
    }
}

#[derive(Debug, Clone, Copy)]
struct Region {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

impl Region {
    fn inside(image: &cfa_image) -> Result<Self, Fault> {
        let (x, y) = (image.roi_x_px, image.roi_y_px);
        let (width, height) = (image.roi_width_px, image.roi_height_px);
        if (x, y, width, height) == (0, 0, 0, 0) {
            return Ok(Self {
                x,
                y,
                width: image.width_px,
                height: image.height_px,
            });
        }
        let fits = |first: u32, length: u32, all: u32| {
            length > 0 && u64::from(first) + u64::from(length) <= u64::from(all)
        };
        if fits(x, width, image.width_px) && fits(y, height, image.height_px) {
            return Ok(Self {
                x,
                y,
                width,
                height,
            });
        }
        Err(Fault::argument(format!(
            "the region of interest, {width}x{height} px at ({x}, {y}), does not lie in the \
             picture of {}x{} px; set all four fields to 0 for the whole picture",
            image.width_px, image.height_px
        )))
    }
}

fn pixel_format(format: cfa_pixel_format) -> Result<PixelFormat, Fault> {
    Ok(match format {
        CFA_PIXEL_GRAY8 => PixelFormat::Gray8,
        CFA_PIXEL_RGB8 => PixelFormat::Rgb8,
        CFA_PIXEL_BGR8 => PixelFormat::Bgr8,
        CFA_PIXEL_RGBA8 => PixelFormat::Rgba8,
        CFA_PIXEL_BGRA8 => PixelFormat::Bgra8,
        CFA_PIXEL_GRAY16 => PixelFormat::Gray16,
        _ => {
            return Err(Fault::argument(format!(
                "there is no pixel format {format}; use one of CFA_PIXEL_..., 1 to 6"
            )));
        }
    })
}
