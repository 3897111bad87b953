"""Makes the small files that fuzzing of forests, configurations and data sets starts from: `python make_corpus.py` (needs numpy,
scipy and Pillow) writes corpus. Those of weight files come from ../formats/make_corpus.py."""

import base64
import gzip
import io
import json
import struct
from pathlib import Path

import numpy as np
import scipy.io
import scipy.sparse
from PIL import Image

corpus = Path(__file__).parent / "corpus"


def keep(format: str, name: str, content: bytes | str | dict) -> None:
    folder = corpus / format
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(content, dict):
        content = json.dumps(content, separators=(",", ":"))
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


# A forest of one tree with a root and two leaves, on patches of 8 pixels of which 4 are described.
OPTIONS = {"numberOfTrees": 1, "numberOfTreesToEvaluate": 1, "selfsimilarityGridSize": 2, "stride": 2, "shrinkNumber": 2,
           "patchSize": 8, "patchInnerSize": 4, "numberOfGradientOrientations": 2}
yaml = "%YAML:1.0\n---\noptions:\n" + "".join(f"   {name}: {value}\n" for name, value in OPTIONS.items()) + (
    "childs:\n   - [ 2, 0, 0 ]\nfeatureIds:\n   - [ 7, 0, 0 ]\nthresholds:\n   - [ 0.05, 0., -1e-2 ]\n"
    "edgeBoundaries:\n   - [ 0, 0, 2, 5 ]\nedgeBins:\n   - [ 4, 5,\n       6, 7, 15 ]\n")
keep("opencv", "one.yml", yaml)
keep("gzip", "one.yml.gz", gzip.compress(yaml.encode(), mtime=0))


def forest(leaves: dict[str, tuple[str, list[int], bytes]]) -> bytes:
    card = {"format_version": 1, "trees": 1, "settings": {
        "features": "authors", "patchSize": 8, "innerSize": 4, "stride": 2, "shrink": 2, "orientations": 2, "normalisation": 4,
        "gradientSmoothing": 0, "channelSmoothing": 2, "similaritySmoothing": 8, "cells": 2, "treesEvaluated": 1}}
    tensors = {"features": ("I32", [3], struct.pack("<3i", 7, 0, 0)), "thresholds": ("F32", [3], struct.pack("<3f", 0.05, 0, 0)),
               "children": ("I32", [3], struct.pack("<3i", 1, 0, 0)), **leaves}
    header, data = {"__metadata__": {"decoupled_forest": json.dumps(card)}}, b""
    for name, (kind, shape, values) in tensors.items():
        header["trees.0." + name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


keep("forest", "segments", forest({"segments": ("U8", [2, 4, 4], bytes([0] * 16 + [0] * 8 + [1] * 8))}))
keep("forest", "edges", forest({"edge_ends": ("I32", [2], struct.pack("<2i", 0, 2)),
                                "edge_pixels": ("I32", [2], struct.pack("<2i", 4, 5))}))
keep("recipe", "small.yaml", "network: {preset: tiny, classes: [cat, dog]}\nsegmentation: &s\n  seed: 3\n  solver:\n    "
     "base_learning_rate: 1e-2\n    policy: {step: {size: 10, factor: 0.1}}\n  cropping: {maximum_subsets: 8}\n"
     "checkpoint_every: 5\n")
keep("recipe", "lists.yaml", "network:\n  input_size: 64\n  stage_channels: [8, 16]\nstart: {}\nclassification:\n  augmentation: "
     "{mirror: true}\n  solver: {multipliers: [{pattern: '*.bias', learning_rate: 2, weight_decay: 0}]}\n")

image = {"id": 1, "file_name": "a.png", "width": 8, "height": 6}
categories = [{"id": 1, "name": "cat"}, {"id": 7, "name": "dog"}]
outlines = [[[0, 0, 3.5, 0, 3, 4]], {"size": [6, 8], "counts": [5, 3, 40]}, {"size": [6, 8], "counts": "53X1"}]
keep("coco", "forms.json", {"images": [image], "categories": categories, "annotations": [
    {"image_id": 1, "category_id": 7 - 6 * (n % 2), "iscrowd": int(n == 1), "segmentation": outline}
    for n, outline in enumerate(outlines)]})
keep("panoptic", "two.json", {"images": [image], "categories": categories, "annotations": [
    {"image_id": 1, "file_name": "a.png", "segments_info": [{"id": 197121, "category_id": 1}, {"id": 2, "category_id": 7}]}]})


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


part = base64.b64encode(png(np.uint8([[0, 255]]))).decode()
keep("labelme", "shapes.json", {"imageWidth": 8, "imageHeight": 6, "shapes": [
    {"label": "cat", "points": [[0, 0], [4, 0], [4, 4.5]], "shape_type": "polygon"},
    {"label": "dog", "points": [[1, 1], [3, 3]], "shape_type": "rectangle"},
    {"label": "__ignore__", "points": [[4, 3], [4, 5]], "shape_type": "circle"},
    {"label": "cat", "points": [[1, 1], [2, 1]], "shape_type": "mask", "mask": part}]})
bits = " 1" + 19 * " 0"
keep("list", "bits.txt", f"/JPEGImages/a.png /masks/a.png -3 0 10 5{bits}\n/JPEGImages/a.png /masks/a.png 1 1 4 4{bits}\n")
keep("list", "windows.txt", "/JPEGImages/a.png /masks/a.png 0 0 7 5\r\n\n")
keep("list", "whole.txt", "JPEGImages/a.png masks/a.png\n")
keep("csv", "named.csv", 'image,labels\na.png,cat;dog\n"b ""2"".jpg",\n')
keep("csv", "columns.csv", "image,cat,dog\na,1,0\n")
keep("classes", "two.txt", "cat\ndog\n")
keep("set", "one.txt", "a\n")
keep("voc", "one.txt", "a 1\n")
keep("voc", "three.txt", "a  0\r\nb -1\n\nc 1\n")
keep("vocset", "ids.txt", "a\n")
keep("vocset", "paths.txt", "/JPEGImages/a.png /masks/a.png\n")
keep("objects", "three.txt", "Idx\tRatio\tTrain\tVal\tName\n1\t0.16\t11664\t1172\twall\n2\t0.11\t6046\t612\tbuilding, edifice\n")
labels = np.arange(48, dtype=np.uint8).reshape(6, 8) % 3
keep("ade", "grey.png", png(labels))
palette = Image.fromarray(labels)
palette.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
stream = io.BytesIO()
palette.save(stream, "PNG", bits=2)
keep("ade", "palette.png", stream.getvalue())
keep("segments", "two.png", png(np.where(labels[..., None] > 0, np.uint8([1, 2, 3]), np.uint8([0, 0, 0]))))

small = np.zeros((4, 5), np.uint8)
small[1:3, 2:4] = 7
boundaries = np.empty((2, 1), object)
boundaries[0, 0] = scipy.sparse.csc_matrix(small == 7)
boundaries[1, 0] = scipy.sparse.csc_matrix((4, 5), dtype=bool)
cls = {"GTcls": {"Boundaries": boundaries, "Segmentation": small, "CategoriesPresent": np.array([[7.0]])}}
for name, packed, values in (("plain.mat", False, cls), ("packed.mat", True, cls),
                             ("double.mat", False, {"note": "x", "GTcls": {"Segmentation": small.astype(float)}})):
    stream = io.BytesIO()
    scipy.io.savemat(stream, values, do_compression=packed)
    # The text at the beginning holds the date.
    content = b"MATLAB 5.0 MAT-file".ljust(116) + stream.getvalue()[116:]
    keep("sbd", name, content)
    if not packed:
        keep("sbdpacked", name.removesuffix(".mat"), content[128:])
