#!/usr/bin/env python3
"""Object proposals beside OpenCV's, and how many objects they find (docs/proposals.md).

    proposals_agreement.py boxes DATA [--forest FILE]       the same edges in both programs: boxes, scores
    proposals_agreement.py forest DATA --forest MODEL.yml.gz    edges of one forest in both programs
    proposals_agreement.py recall DATA [--forest FILE]      share of the objects that a box overlaps
    proposals_agreement.py time DATA [--forest FILE]        seconds at 500x375 on one core, photo by photo in turns

Needs the package decoupled, numpy and opencv-contrib-python-headless. DATA is in the VOC layout.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

import decoupled

LEAST_OBJECT, LEAST_WINDOW = 500, 1000


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["boxes", "forest", "recall", "time"])
    parser.add_argument("data", type=Path)
    parser.add_argument("--forest", help="structured forest; gradient edges without one")
    parser.add_argument("--set", default="val")
    parser.add_argument("--photos", type=int, help="only the first so many")
    parser.add_argument("--seconds", type=float, default=50, help="time: measures no longer")
    return parser.parse_args()


def photos(arguments):
    """Items and images, RGB."""
    for item in decoupled.Dataset(arguments.data, set=arguments.set).items[:arguments.photos]:
        yield item, item.load_image()


def overlaps(box, boxes):
    """IoU of one x, y, width, height with many."""
    corner = np.maximum(box[:2], boxes[:, :2])
    other = np.minimum(box[:2] + box[2:], boxes[:, :2] + boxes[:, 2:])
    both = np.clip(other - corner, 0, None).prod(1)
    return both / (box[2:].prod() + boxes[:, 2:].prod(1) - both)


def opencv_boxes(magnitude, orientation):
    # A detector that has seen another photo proposes other boxes.
    boxes, scores = cv2.ximgproc.createEdgeBoxes().getBoundingBoxes(magnitude, orientation)
    # OpenCV counts columns and rows from 1.
    return np.asarray(boxes).reshape(-1, 4) - [1, 1, 0, 0], np.asarray(scores).ravel()


def compare_boxes(arguments):
    proposer = decoupled.Proposer(arguments.forest)
    identical, matched, largest = [], [], []
    for _, image in photos(arguments):
        edges = proposer.edges(image, thinned=True)
        (boxes, scores), (others, other_scores) = proposer.boxes_of_edges(*edges), opencv_boxes(*edges)
        mine = set(map(tuple, boxes.tolist()))
        left = [box for box in others.tolist() if tuple(box) not in mine]
        identical.append(1 - len(left) / max(len(others), 1))
        found = sum(bool(overlaps(np.array(box), boxes).max() >= 0.95) for box in left)
        matched.append(identical[-1] + found / max(len(others), 1))
        count = min(50, len(scores), len(other_scores))
        largest.append(np.abs(scores[:count] - other_scores[:count]).max(initial=0))
    print(f"{proposer.detector}: {len(identical)} photos, identical boxes {np.median(identical):.2%} on the median photo, "
          f"{min(identical):.2%} on the worst; matched at IoU 0.95 {min(matched):.2%} on the worst; scores of the best 50 within 1e-4 on "
          f"{np.mean(np.array(largest) <= 1e-4):.1%} of the photos, at most {max(largest):.1e} apart")


def compare_forest(arguments):
    proposer, detector = decoupled.Proposer(arguments.forest), cv2.ximgproc.createStructuredEdgeDetection(arguments.forest)
    means, largest = [], []
    for _, image in photos(arguments):
        off = np.abs(proposer.edges(image)[0] - detector.detectEdges(image.astype(np.float32) / 255))
        means.append(off.mean())
        largest.append(off.max())
    print(f"{len(means)} photos: mean absolute difference of edges {np.mean(means):.1e}, worst photo {max(means):.1e}, "
          f"largest {max(largest):.1e}")


def objects(mask):
    """Boxes of the connected regions of one class."""
    for label in np.unique(mask):
        if label not in (0, 255):
            _, _, regions, _ = cv2.connectedComponentsWithStats((mask == label).astype(np.uint8))
            yield from (region[:4].astype(float) for region in regions[1:] if region[4] >= LEAST_OBJECT)


def random_windows(random, width, height, count):
    windows = []
    while len(windows) < count:
        x1, x2 = np.sort(random.integers(0, width, 2))
        y1, y2 = np.sort(random.integers(0, height, 2))
        if (x2 - x1 + 1) * (y2 - y1 + 1) >= LEAST_WINDOW:
            windows.append((x1, y1, x2 - x1 + 1, y2 - y1 + 1))
    return np.array(windows, float)


def recall(arguments):
    proposer, random = decoupled.Proposer(arguments.forest), np.random.default_rng(1)
    best = {proposer.detector: [], "random windows": []}
    for item, image in photos(arguments):
        boxes = proposer(image)[0].astype(float)
        windows = random_windows(random, image.shape[1], image.shape[0], 1000)
        for box in objects(item.load_mask()):
            for kind, candidates in (proposer.detector, boxes), ("random windows", windows):
                best[kind].append([overlaps(box, candidates[:count]).max(initial=0) for count in (200, 1000)])
    for kind, values in best.items():
        few, many = np.array(values).T
        print(f"{kind}: {len(values)} objects; 200 boxes {np.mean(few >= 0.5):.3f} at IoU 0.5, {np.mean(few >= 0.7):.3f} at 0.7; "
              f"1000 boxes {np.mean(many >= 0.5):.3f}, {np.mean(many >= 0.7):.3f}")


def measure(arguments):
    cv2.setNumThreads(1)
    proposer = decoupled.Proposer(arguments.forest)
    edges_of, mine, others = [], [], []
    end = time.monotonic() + arguments.seconds
    for _, image in photos(arguments):
        size = (500, 375) if image.shape[1] >= image.shape[0] else (375, 500)
        image = np.ascontiguousarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC))
        clock = [time.perf_counter()]
        edges = proposer.edges(image, thinned=True)
        clock.append(time.perf_counter())
        proposer.boxes_of_edges(*edges)
        clock.append(time.perf_counter())
        opencv_boxes(*edges)
        clock.append(time.perf_counter())
        for kept, seconds in zip((edges_of, mine, others), np.diff(clock)):
            kept.append(seconds)
        if time.monotonic() > end:
            break
    ratios = np.array(mine) / np.array(others)
    print(f"{proposer.detector}, {len(mine)} photos: edges {np.median(edges_of):.3f} s; boxes {np.median(mine):.3f} s (largest {max(mine):.3f}), "
          f"OpenCV's {np.median(others):.3f} s (largest {max(others):.3f}), ours / OpenCV's {np.median(ratios):.2f}")


if __name__ == "__main__":
    given = parse()
    {"boxes": compare_boxes, "forest": compare_forest, "recall": recall, "time": measure}[given.action](given)
