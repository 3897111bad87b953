"""Makes small data sets in foreign layouts, with the masks that their own tools make of them.

pip install numpy scipy pycocotools pillow opencv-python-headless; python3 make_datasets.py [NAME...]
"""

import json
import pathlib
import shutil
import sys

import cv2
import numpy as np
import scipy.io
import scipy.sparse
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(11)
VOC_PALETTE = [
    sum(((i >> (3 * b + c)) & 1) << (7 - b) for b in range(3)) for i in range(256) for c in range(3)
]


def fresh(name):
    folder = here / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def save_labels(path, labels):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(labels.astype(np.uint8), "L")
    image.putpalette(VOC_PALETTE)
    image.save(path, optimize=True)


def save_photo(path, height, width):
    path.parent.mkdir(parents=True, exist_ok=True)
    small = rng.integers(0, 255, (4, 5, 3), dtype=np.uint8)
    Image.fromarray(small).resize((width, height), Image.BILINEAR).save(path, quality=60)


def polygon(height, width):
    """Corners around a random middle, some of them outside of the image, some on whole numbers."""
    count = int(rng.integers(3, 9))
    angles = np.sort(rng.uniform(0, 2 * np.pi, count))
    radius = rng.uniform(1, 0.7 * max(height, width), count)
    x = rng.uniform(0, width) + radius * np.cos(angles)
    y = rng.uniform(0, height) + radius * np.sin(angles)
    digits = int(rng.integers(0, 3))
    return [round(float(v), digits) for pair in zip(x, y) for v in pair]


def runs(binary):
    flat = binary.flatten(order="F")
    changes = np.flatnonzero(np.diff(np.concatenate([[0], flat]))) if flat.size else []
    edges = np.concatenate([[0], changes, [flat.size]])
    return [int(v) for v in np.diff(edges)]


def blob(height, width):
    y, x = np.mgrid[:height, :width]
    cy, cx, r = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(3, 12)
    return (((y - cy) ** 2 + (x - cx) ** 2) < r * r).astype(np.uint8)


def coco():
    folder = fresh("coco")
    categories = [{"id": 3, "name": "cat"}, {"id": 17, "name": "dog"}, {"id": 9, "name": "bird"}]
    images, annotations = [], []
    for number in range(5):
        height, width = int(rng.integers(20, 40)), int(rng.integers(20, 50))
        name = f"{number:04}.jpg"
        save_photo(folder / "small" / name, height, width)
        images.append({"id": 100 + number, "file_name": name, "height": height, "width": width})
        for _ in range(4):
            form = int(rng.integers(0, 4))
            if form == 0:
                segmentation = {"size": [height, width], "counts": runs(blob(height, width))}
            elif form == 1:
                encoded = coco_mask.encode(np.asfortranarray(blob(height, width)))
                segmentation = {"size": [height, width], "counts": encoded["counts"].decode()}
            else:
                segmentation = [polygon(height, width) for _ in range(int(rng.integers(1, 3)))]
            annotations.append({
                "id": len(annotations) + 1, "image_id": 100 + number, "iscrowd": int(form == 0),
                "category_id": categories[int(rng.integers(0, 3))]["id"], "segmentation": segmentation,
                "area": 1.0, "bbox": [0, 0, 1, 1],
            })
    images.append({"id": 200, "file_name": "empty.jpg", "height": 12, "width": 16})
    save_photo(folder / "small" / "empty.jpg", 12, 16)
    path = folder / "annotations" / "instances_small.json"
    path.parent.mkdir()
    path.write_text(json.dumps(
        {"info": {"note": "a \"quoted\" } text]"}, "images": images, "annotations": annotations,
         "categories": categories}))

    tool = COCO(str(path))
    ids = {c: i + 1 for i, c in enumerate(sorted(tool.getCatIds()))}
    for image in images:
        later = np.zeros((image["height"], image["width"]), np.uint8)
        covered = np.zeros(later.shape, int)
        anything = later.copy()
        crowd = np.zeros(later.shape, bool)
        for annotation in (a for a in annotations if a["image_id"] == image["id"]):
            inside = tool.annToMask(annotation) > 0
            anything[inside] = ids[annotation["category_id"]]
            if annotation["iscrowd"]:
                crowd |= inside
                continue
            later[inside] = ids[annotation["category_id"]]
            covered += inside
        void = np.where(covered > 1, 255, later)
        stem = image["file_name"][:-4]
        for kind, labels in ("later", later), ("void", void):
            save_labels(folder / "expected" / f"{stem}-{kind}.png", np.where(crowd & (labels == 0), 255, labels))
        save_labels(folder / "expected" / f"{stem}-object.png", anything)


def polygons():
    """Many polygons, one an image, and all of their masks below each other."""
    folder = fresh("polygons")
    height, width, count = 29, 37, 250
    images, annotations, masks = [], [], []
    special = [
        [0, 0, width, 0, width, height, 0, height], [5, 5, 5, 5, 20, 5, 20, 5, 20, 20], [-9, -9, 60, -9, 60, 60, -9, 60],
        [3.5, 3.5, 8.5, 3.5, 8.5, 8.5, 3.5, 8.5], [10, 10, 20, 20, 10, 20, 20, 10], [0, 28.6, 36.9, 28.6, 18, 29.5],
    ]
    for number in range(count):
        corners = special[number] if number < len(special) else polygon(height, width)
        images.append({"id": number, "file_name": f"{number}.jpg", "height": height, "width": width})
        annotations.append({"id": number + 1, "image_id": number, "category_id": 1, "segmentation": [corners]})
        masks.append(coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects([corners], height, width))))
    (folder / "annotations").mkdir()
    (folder / "photos").mkdir()
    (folder / "images").mkdir()
    (folder / "images" / "keep").write_text("")
    (folder / "annotations" / "instances_many.json").write_text(json.dumps(
        {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "shape"}]}))
    shutil.rmtree(folder / "photos")
    Image.fromarray(np.concatenate(masks)).save(folder / "expected.png", optimize=True)


def panoptic():
    folder = fresh("panoptic")
    categories = [{"id": 1, "name": "person", "isthing": 1}, {"id": 184, "name": "tree-merged", "isthing": 0},
                  {"id": 200, "name": "rug-merged", "isthing": 0}]
    images, annotations = [], []
    for number in range(2):
        height, width = 18, 24
        name = f"p{number}.jpg"
        save_photo(folder / "images" / name, height, width)
        images.append({"id": number + 1, "file_name": name, "height": height, "width": width})
        segment_ids = [int(v) for v in rng.integers(1, 1 << 24, 4)]
        choice = rng.integers(0, 5, (3, 4)).repeat(6, 0).repeat(6, 1)
        segments = np.array(segment_ids + [0])[choice]
        colours = np.stack([segments & 255, segments >> 8 & 255, segments >> 16], -1).astype(np.uint8)
        target = folder / "annotations" / "panoptic_tiny" / f"p{number}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(colours).save(target)
        kinds = [categories[int(v)]["id"] for v in rng.integers(0, 3, 4)]
        annotations.append({
            "image_id": number + 1, "file_name": f"p{number}.png",
            "segments_info": [{"id": s, "category_id": k, "iscrowd": 0} for s, k in zip(segment_ids, kinds)]})
        ids = {c["id"]: i + 1 for i, c in enumerate(categories)}
        save_labels(folder / "expected" / f"p{number}.png", np.array([ids[k] for k in kinds] + [255])[choice])
    (folder / "annotations" / "panoptic_tiny.json").write_text(json.dumps(
        {"images": images, "annotations": annotations, "categories": categories}))


def sbd():
    folder = fresh("sbd")
    names = ["2008_000001", "2008_000002", "2009_000003"]
    for number, name in enumerate(names):
        height, width = 13 + number, 17 - number
        labels = np.zeros((height, width), np.uint8)
        labels[2:7, 3:9] = 15
        labels[5:11, 8:12] = 1 + number
        boundaries = np.empty((20, 1), object)
        for c in range(20):
            boundaries[c, 0] = scipy.sparse.csc_matrix(labels == c + 1)
        present = np.unique(labels)[1:].astype(np.float64)[:, None]
        (folder / "cls").mkdir(exist_ok=True)
        scipy.io.savemat(
            folder / "cls" / f"{name}.mat",
            {"GTcls": {"Boundaries": boundaries, "Segmentation": labels, "CategoriesPresent": present}},
            do_compression=number != 1)
        read = scipy.io.loadmat(folder / "cls" / f"{name}.mat", simplify_cells=True)["GTcls"]["Segmentation"]
        save_labels(folder / "expected" / f"{name}.png", read)
        save_photo(folder / "img" / f"{name}.jpg", height, width)
    (folder / "train.txt").write_text(f"{names[0]}\n{names[1]}\n")
    (folder / "val.txt").write_text(f"{names[2]}\n")


def matlab():
    """The labels of SBD in every type of number, compressed and not, between other variables and fields."""
    folder = fresh("matlab")
    labels = rng.integers(0, 21, (7, 9)).astype(np.uint8)
    boundaries = np.empty((2, 1), object)
    for c in range(2):
        boundaries[c, 0] = scipy.sparse.csc_matrix(labels == c + 1)
    for name in "uint8 int8 uint16 int16 uint32 int32 uint64 int64 single double".split():
        for packed in True, False:
            path = folder / f"{name}-{'packed' if packed else 'plain'}.mat"
            scipy.io.savemat(
                path, {"before": "a text", "GTcls": {"Boundaries": boundaries, "Segmentation": labels.astype(name),
                       "CategoriesPresent": np.unique(labels).astype(float)[:, None]}, "after": np.eye(2, dtype=bool)},
                do_compression=packed)
            read = scipy.io.loadmat(path, simplify_cells=True)["GTcls"]["Segmentation"]
            assert read.dtype == name and (read == labels).all()
    save_labels(folder / "expected.png", labels)


def ade20k():
    folder = fresh("ade20k")
    for number in range(2):
        labels = rng.integers(0, 4, (5, 7)).repeat(4, 0).repeat(4, 1).astype(np.uint8)
        name = f"ADE_train_{number:08}"
        save_photo(folder / "images" / "training" / f"{name}.jpg", *labels.shape)
        target = folder / "annotations" / "training" / f"{name}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(labels).save(target)
        # As the usual training programs do it: 0 to 255, then all one less.
        reduced = labels.copy()
        reduced[reduced == 0] = 255
        reduced -= 1
        reduced[reduced == 254] = 255
        save_labels(folder / "expected" / f"{name}.png", reduced)
    (folder / "objectInfo150.txt").write_text(
        "Idx\tRatio\tTrain\tVal\tName\n1\t0.16\t11664\t1172\twall\n2\t0.11\t6046\t612\tbuilding, edifice\n"
        "3\t0.08\t8265\t796\tsky\n")


def labelme():
    folder = fresh("labelme")
    height, width = 30, 40
    save_photo(folder / "one.jpg", height, width)
    save_photo(folder / "two.jpg", height, width)
    corners = [[3.2, 4.1], [20.5, 6.0], [18.0, 25.3], [5.0, 22.0]]
    small = np.zeros((6, 8), np.uint8)
    small[1:5, 2:7] = 255
    import base64
    import io
    stream = io.BytesIO()
    Image.fromarray(small > 0).save(stream, "PNG")
    shapes = [
        {"label": "leaf", "points": corners, "shape_type": "polygon"},
        {"label": "stone", "points": [[22, 3], [35, 12]], "shape_type": "rectangle"},
        {"label": "leaf", "points": [[30, 20], [30, 26]], "shape_type": "circle"},
        {"label": "__ignore__", "points": [[0, 24], [10, 24], [10, 30], [0, 30]], "shape_type": "polygon"},
        {"label": "stone", "points": [[12, 1], [20, 7]], "shape_type": "mask",
         "mask": base64.b64encode(stream.getvalue()).decode()},
        {"label": "leaf", "points": [[1, 1], [2, 2]], "shape_type": "line"},
    ]
    (folder / "one.json").write_text(json.dumps(
        {"version": "5.4.1", "flags": {}, "shapes": shapes, "imagePath": "one.jpg", "imageData": None,
         "imageHeight": height, "imageWidth": width}))

    def filled(points):
        flat = [float(v) for p in points for v in p]
        return coco_mask.decode(coco_mask.frPyObjects([flat], height, width))[:, :, 0] > 0

    labels = np.zeros((height, width), np.uint8)
    labels[filled(corners)] = 1
    labels[filled([[22, 3], [35, 3], [35, 12], [22, 12]])] = 2
    y, x = np.mgrid[:height, :width] + 0.5
    labels[(x - 30) ** 2 + (y - 20) ** 2 <= 36] = 1
    labels[filled(shapes[3]["points"])] = 255
    labels[1:7, 12:20][small > 0] = 2
    save_labels(folder / "expected" / "one.png", labels)


def data_layer():
    """The steps of the released layer in OpenCV: pad, cut, resize, crop, mirror, select."""
    folder = fresh("datalayer")
    height, width, resize_to, size = 44, 60, 35, 32
    rgb = cv2.resize(rng.integers(0, 256, (11, 15, 3), dtype=np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    mask = rng.choice(np.array([0, 1, 2, 3, 20, 21, 255], np.uint8), (11, 15)).repeat(4, 0).repeat(4, 1)
    Image.fromarray(rgb).save(folder / "photo.png")
    save_labels(folder / "mask.png", mask)
    windows = [(0, 0, 59, 43), (10, 5, 44, 39), (-8, -3, 30, 50), (50, 30, 90, 70), (20, 20, 25, 23), (3, 7, 3, 7),
               (-100, 0, 200, 43), (5, 2, 58, 41)]
    entries, images, labels = [], [], []
    far = 256
    padded = cv2.copyMakeBorder(rgb, far, far, far, far, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    padded_mask = cv2.copyMakeBorder(mask, far, far, far, far, cv2.BORDER_CONSTANT, value=255)
    for number, (x1, y1, x2, y2) in enumerate(windows):
        part = np.s_[y1 + far:y2 + far + 1, x1 + far:x2 + far + 1]
        image = cv2.resize(padded[part], (resize_to, resize_to), interpolation=cv2.INTER_LINEAR)
        label = cv2.resize(padded_mask[part], (resize_to, resize_to), interpolation=cv2.INTER_NEAREST)
        left, top = (int(v) for v in rng.integers(0, resize_to - size + 1, 2))
        image, label = image[top:top + size, left:left + size], label[top:top + size, left:left + size]
        mirrored = number % 2 == 1
        if mirrored:
            image, label = image[:, ::-1], label[:, ::-1]
        subset = sorted({int(v) for v in rng.choice([1, 2, 3, 20], 2)})
        present = sorted(int(v) for v in np.unique(label) if v not in (0, 255))
        binary = np.where(label == 255, 255, np.isin(label, subset)).astype(np.uint8)
        entries.append({"window": [x1, y1, x2, y2], "left": left, "top": top, "mirrored": mirrored, "subset": subset,
                        "present": present})
        images.append(image)
        labels.append(binary)
    Image.fromarray(np.concatenate(images)).save(folder / "expected-images.png")
    Image.fromarray(np.concatenate(labels)).save(folder / "expected-labels.png")
    (folder / "windows.json").write_text(json.dumps(entries))


for make in coco, polygons, panoptic, sbd, ade20k, labelme, data_layer, matlab:
    if not sys.argv[1:] or make.__name__ in sys.argv[1:]:
        make()
