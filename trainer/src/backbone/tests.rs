#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cfa_runtime::Preprocessing;

use super::*;
use crate::network::Conv;

#[test]
fn graphs_end_in_the_listed_taps() {
    for backbone in Backbone::ALL {
        for activation in [TapActivation::Relu, TapActivation::LeakyRelu] {
            let graph = backbone.graph(activation);
            let sizes = graph.sizes(224, 256).unwrap();
            let found = graph.outputs().iter().map(|&n| {
                let (h, w) = sizes[n.index()];
                (graph.channels(n), 224 / h, 256 / w)
            });
            let listed = backbone.taps().map(|t| (t.channels, t.stride, t.stride));
            assert_eq!(found.collect::<Vec<_>>(), listed, "{backbone}");
        }
        assert_eq!(backbone.name().parse::<Backbone>().unwrap(), backbone);
    }
}

/// Up to the last tap: parameters of torchvision 0.29.2's modules
/// (`efficientnet_lite0`: efficientnet-lite-pytorch 0.1.0), and weight × output
/// positions of their convolutions, counted by hooks at 224×224.
#[test]
fn graphs_have_the_publishers_size_and_work() {
    let published = [
        (Backbone::WideResnet50, 24_862_528, 9_186_623_488),
        (Backbone::Resnet18, 2_782_784, 1_402_519_552),
        (Backbone::Resnet34, 8_170_304, 3_020_996_608),
        (Backbone::Resnet50, 8_543_296, 3_277_897_728),
        (Backbone::MobilenetV2, 542_528, 209_861_120),
        (Backbone::MobilenetV3Large, 792_488, 152_106_144),
        (Backbone::EfficientnetLite0, 700_768, 243_268_928),
        (Backbone::EfficientnetB0, 851_808, 243_416_128),
        (Backbone::EfficientnetB5, 5_377_912, 1_408_126_272),
        (Backbone::Vgg19Bn, 20_035_392, 19_508_428_800),
    ];
    assert_eq!(published.map(|(backbone, ..)| backbone), Backbone::ALL);
    for (backbone, values, work) in published {
        let graph = backbone.graph(TapActivation::Relu);
        assert_eq!(graph.learned_values(), values, "{backbone}");
        assert_eq!(graph.multiply_adds(224, 224), Some(work), "{backbone}");
    }
}

#[test]
fn work_is_counted_per_output_value() {
    let mut graph = Graph::new();
    let picture = graph.input(3);
    let conv = graph.conv(picture, Conv::new("conv1", 3, 64, 7).stride(2));
    let depthwise = graph.conv(conv, Conv::new("depthwise", 64, 64, 3).depthwise());
    graph.output(depthwise);
    let expected = 112 * 112 * 64 * (3 * 49 + 9);
    assert_eq!(graph.multiply_adds(224, 224), Some(expected));
    assert_eq!(graph.multiply_adds(0, 0), None);
}

/// No node of a graph is there for nothing.
#[test]
fn every_node_is_read() {
    for backbone in Backbone::ALL {
        for activation in [TapActivation::Relu, TapActivation::LeakyRelu] {
            let graph = backbone.pooled_graph(activation);
            let read: Vec<_> = graph.nodes().iter().flat_map(|n| &n.inputs).collect();
            for index in 0..graph.nodes().len() {
                let id = crate::network::NodeId(index);
                let used = read.contains(&&id) || graph.outputs().contains(&id);
                assert!(used, "{backbone} {activation}: node {index}");
            }
        }
    }
}

#[test]
fn every_naming_tells_the_same_network() {
    for backbone in Backbone::ALL {
        let own = backbone.graph(TapActivation::Relu);
        let shapes = |graph: &Graph| -> Vec<_> {
            let parameters = graph.nodes().iter().flat_map(|n| n.op.parameters());
            parameters.map(|p| p.shape).collect()
        };
        let stored = Naming::ALL.map(|naming| backbone.stored_graph(naming));
        assert!(stored.contains(&Some(own.clone())), "{backbone}");
        for graph in stored.iter().flatten() {
            assert_eq!(shapes(graph), shapes(&own), "{backbone}");
        }
    }
}

/// METHOD.md, section 4: D = floor(2·568/γd), and pooled maps divided by 200, 192, 176.
#[test]
fn efficientnet_b5_is_treated_as_in_the_official_code() {
    let outputs = |b: Backbone, gamma_d| b.descriptor_shape(gamma_d).map(|s| s.outputs);
    assert_eq!(outputs(Backbone::EfficientnetB5, 1), Some(1136));
    assert_eq!(outputs(Backbone::EfficientnetB5, 3), Some(378));
    assert_eq!(outputs(Backbone::EfficientnetB5, 1137), None);
    assert_eq!(outputs(Backbone::Resnet18, 3), Some(149));
    let graph = Backbone::EfficientnetB5.pooled_graph(TapActivation::Relu);
    let factors = graph.outputs().iter().map(|n| &graph.nodes()[n.index()].op);
    let expected = [200.0, 192.0, 176.0].map(|c| Op::Scale(1.0 / c));
    assert!(factors.eq(&expected));
}

#[test]
fn only_the_lite_network_is_normalised_in_another_way() {
    let size = Size {
        height: 256,
        width: 256,
    };
    for backbone in Backbone::ALL {
        let recipe = backbone.preprocessing(size, None);
        let imagenet = recipe == PreprocessingParts::imagenet(size, None);
        assert_eq!(imagenet, backbone != Backbone::EfficientnetLite0);
        Preprocessing::new(recipe).unwrap();
    }
    let lite = Backbone::EfficientnetLite0.preprocessing(size, None);
    let value = |byte: f32| (byte / 255.0 - lite.mean[0]) / lite.std[0];
    assert!((value(255.0) - 1.0).abs() < 1e-6 && (value(0.0) + 127.0 / 128.0).abs() < 1e-6);
}

#[test]
fn an_unknown_name_lists_the_known_ones() {
    let message = "resnet9000".parse::<Backbone>().unwrap_err().to_string();
    assert!(message.contains("resnet9000") && message.contains("mobilenet_v2"));
    assert!("elu".parse::<TapActivation>().is_err());
    for activation in [TapActivation::Relu, TapActivation::LeakyRelu] {
        assert_eq!(activation.to_string().parse(), Ok(activation));
        let json = serde_json::to_value(activation).unwrap();
        assert_eq!(json, activation.to_string());
    }
}
