"""Records what scikit-learn, SciPy and NumPy make of small scores, maps and masks.

    pip install numpy scipy scikit-learn
    python metrics_reference.py > metrics_reference.json

Scores are drawn from few levels, so that there are many ties, and are exact in 32 bits.
The area under the per-region overlap curve is computed threshold by threshold, straight
from its definition.
"""

import json
import sys

import numpy as np
import scipy
import sklearn
from scipy import ndimage
from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_auc_score


def best_f1(labels, scores):
    """Largest F1 and the lowest threshold that reaches it."""
    precision, recall, thresholds = precision_recall_curve(labels, scores)
    precision, recall = precision[:-1], recall[:-1]
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
    near = np.flatnonzero(f1 >= f1.max() - 1e-12)
    return float(f1.max()), float(thresholds[near].min())


def image_case(rng, count, levels, shift):
    labels = np.arange(count) % 3 == 0
    rng.shuffle(labels)
    scores = (rng.integers(0, levels, count) + shift * labels) / 8 - 1
    value, threshold = best_f1(labels, scores)
    return {
        "scores": scores.tolist(),
        "labels": labels.tolist(),
        "auroc": roc_auc_score(labels, scores),
        "average_precision": average_precision_score(labels, scores),
        "f1_max": value,
        "f1_max_threshold": threshold,
    }


def overlap_curve(maps, masks):
    """False positive rate and mean overlap at each distinct score, from (0, 0) on."""
    good = maps[~masks]
    regions = []
    for map_, mask in zip(maps, masks):
        labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
        regions += [map_[labels == number] for number in range(1, count + 1)]
    points = [(0.0, 0.0)]
    for threshold in np.unique(maps)[::-1]:
        overlap = np.mean([np.mean(region >= threshold) for region in regions])
        points.append((np.mean(good >= threshold), overlap))
    return np.array(points).T, len(regions)


def area_up_to(curve, limit):
    """Trapezoids up to the limit, the last one cut there."""
    rates, overlaps = curve
    inside = rates <= limit
    rates_in, overlaps_in = rates[inside], overlaps[inside]
    if not inside.all():
        beyond = np.flatnonzero(~inside)[0]
        at_limit = np.interp(limit, rates[beyond - 1 : beyond + 1], overlaps[beyond - 1 : beyond + 1])
        rates_in, overlaps_in = np.append(rates_in, limit), np.append(overlaps_in, at_limit)
    return float(auc(rates_in, overlaps_in) / limit)


def pixel_case(rng, pictures, height, width, levels, shift):
    smooth = ndimage.gaussian_filter(rng.normal(size=(pictures, height, width)), (0, 1, 1))
    # Blobs, and specks that touch with a corner here and there.
    masks = (smooth > np.quantile(smooth, 0.88)) | (rng.random(smooth.shape) < 0.06)
    masks[0] = False
    scores = rng.integers(0, levels, masks.shape) + shift * masks
    maps = (scores / 16).astype(np.float64)
    value, threshold = best_f1(masks.ravel(), maps.ravel())
    curve, regions = overlap_curve(maps, masks)
    return {
        "shape": list(maps.shape),
        "maps": maps.ravel().tolist(),
        "masks": masks.ravel().astype(int).tolist(),
        "regions": regions,
        "auroc": roc_auc_score(masks.ravel(), maps.ravel()),
        "f1_max": value,
        "f1_max_threshold": threshold,
        "aupro": {str(limit): area_up_to(curve, limit) for limit in (0.3, 0.05, 1.0)},
    }


def main():
    rng = np.random.default_rng(20)
    json.dump(
        {
            "versions": {
                "numpy": np.__version__,
                "scipy": scipy.__version__,
                "scikit-learn": sklearn.__version__,
            },
            "images": [image_case(rng, *sizes) for sizes in ((12, 4, 1), (40, 9, 3), (60, 400, 90), (30, 6, 9))],
            "pixels": [
                pixel_case(rng, *sizes)
                for sizes in ((3, 9, 7, 5, 1), (4, 12, 10, 60, 30), (3, 8, 11, 4, 6))
            ],
        },
        sys.stdout,
    )
    print()


if __name__ == "__main__":
    main()
