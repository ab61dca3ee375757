//! How exactly libtorch computes.

use tch::{Cuda, Device};

/// Leaves cuDNN out when `device` is a GPU, for the whole process. libtorch lets cuDNN
/// round the factors of convolutions to TF32 and offers no switch for that here; without
/// it they become products of matrices (im2col and cuBLAS), where TF32 is off by default.
/// Maps must agree with those of the runtime, which computes in f32. Features are computed
/// once, so the time hardly matters.
pub(crate) fn compute_in_f32(device: Device) {
    if device.is_cuda() {
        Cuda::set_user_enabled_cudnn(false);
    }
}
