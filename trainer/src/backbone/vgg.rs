//! VGG-19 with batch normalisation (arXiv 1409.1556), all convolutional layers.

use crate::network::{Conv, Graph, NodeId, Op};

/// Channels and number of 3×3 convolutions before each 2×2 maximum pooling.
const STAGES: [(usize, usize); 5] = [(64, 2), (128, 2), (256, 4), (512, 4), (512, 4)];

/// Taps: the last ReLU of the third and of the fourth stage (features 25 and
/// 38), and the last pooling (features 52).
pub(super) fn vgg19_bn(graph: &mut Graph, picture: NodeId) -> [NodeId; 3] {
    let mut x = picture;
    let mut before_pool = Vec::with_capacity(STAGES.len());
    let mut index = 0;
    for (channels, depth) in STAGES {
        for _ in 0..depth {
            let name = format!("features.{index}");
            let conv =
                Conv::new(&name, graph.channels(x), channels, 3).bias(format!("{name}.bias"));
            x = graph.conv(x, conv);
            x = graph.batch_norm(x, &format!("features.{}", index + 1));
            x = graph.apply(Op::Relu, &[x]);
            index += 3;
        }
        before_pool.push(x);
        let pool = Op::MaxPool {
            kernel: 2,
            stride: 2,
            padding: 0,
        };
        x = graph.apply(pool, &[x]);
        index += 1;
    }
    [before_pool[2], before_pool[3], x]
}
