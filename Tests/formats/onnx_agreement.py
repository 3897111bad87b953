"""How far the engine and ONNX Runtime are from the exported network computed in double precision by PyTorch, photo by photo, and why.

    python onnx_agreement.py run NAME FOLDER_OF_RESULTS FOLDER_OF_EXPORTS MODEL IMAGE...
    python onnx_agreement.py compare FOLDER_OF_RESULTS FOLDER_OF_EXPORTS NAME...

NAME says who computes: `double` or `single` (PyTorch), `runtime` (ONNX Runtime), `runtime-plain` (its graph optimisations off), or a backend
of the engine, to which anything may be added behind a dash (`cpu-precise`; DECOUPLED_CPU_PRECISE is the caller's to set).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.numpy_helper
import torch

import procedure

POOLS = range(1, 6)
Values = dict[str, torch.Tensor]


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


class Graph:
    """An exported graph, computed node by node in `dtype`."""

    def __init__(self, path: Path, dtype: torch.dtype) -> None:
        self.graph, self.dtype = onnx.load(path).graph, dtype
        self.constants = {w.name: self.cast(torch.from_numpy(onnx.numpy_helper.to_array(w).copy())) for w in self.graph.initializer}

    def cast(self, value: torch.Tensor) -> torch.Tensor:
        return value.to(self.dtype) if value.is_floating_point() else value

    def run(self, feed: Values) -> Values:
        values = self.constants | {name: self.cast(value) for name, value in feed.items()}
        for node in self.graph.node:
            inputs = [values[name] for name in node.input]
            results = self.node(node.op_type, attributes(node), inputs)
            values.update(zip(node.output, results if isinstance(results, tuple) else (results,)))
        return values

    def node(self, kind: str, given: dict[str, Any], x: list[torch.Tensor]) -> Any:
        functional = torch.nn.functional
        if kind in ("Conv", "ConvTranspose"):
            function = functional.conv2d if kind == "Conv" else functional.conv_transpose2d
            return function(*x, padding=given["pads"][:2], groups=given.get("group", 1))
        if kind == "MaxPool":
            pooled, switch = functional.max_pool2d(x[0], given["kernel_shape"], given["strides"], return_indices=True)
            planes = torch.arange(x[0].shape[1])[:, None, None] * x[0].shape[2] * x[0].shape[3]
            return pooled, switch + planes
        if kind == "MaxUnpool":
            result = torch.zeros(torch.Size(x[2].tolist()), dtype=self.dtype)
            result.view(-1)[x[1].reshape(-1)] = x[0].reshape(-1)
            return result
        if kind == "BatchNormalization":
            return functional.batch_norm(x[0], x[3], x[4], x[1], x[2], eps=given["epsilon"])
        if kind == "Cast":
            return x[0].to(self.dtype)
        if kind == "Reshape":
            return x[0].reshape(x[1].tolist())
        if kind == "Concat":
            return torch.cat(x, given["axis"])
        if kind == "Softmax":
            return x[0].softmax(given["axis"])
        if kind == "AveragePool":
            return functional.avg_pool2d(x[0], given["kernel_shape"], given["strides"])
        return {"Relu": lambda: x[0].relu(), "Greater": lambda: x[0] > x[1], "Sigmoid": lambda: x[0].sigmoid(),
                "Where": lambda: torch.where(*x), "Mul": lambda: x[0] * x[1], "Div": lambda: x[0] / x[1]}[kind]()


class Torch:
    """The plain procedure, one label pass after the other."""

    def __init__(self, exports: Path, dtype: torch.dtype) -> None:
        self.classification, self.label_pass = (Graph(exports / f"onnx-{name}.onnx", dtype) for name in ("classification", "label-pass"))
        self.pools = [n for n in self.classification.graph.node if n.op_type == "MaxPool"]

    def features(self, image: np.ndarray) -> Values:
        return self.classification.run({"image": torch.from_numpy(image)})

    def maps(self, features: Values, threshold: float) -> tuple[np.ndarray, np.ndarray]:
        """Which classes are identified, and the maps of background and those."""
        identified = (features["scores"][0] > threshold).numpy()
        needed = [i.name for i in self.label_pass.graph.input if i.name != "seeds"]
        feed = {name: features[name] for name in needed}
        count = len(identified)
        rows = [identified] + [np.arange(count) == i for i in np.flatnonzero(identified)]
        maps = []
        for number, row in enumerate(rows):
            seeds = torch.from_numpy(row.astype(float)).reshape(1, -1, 1, 1)
            maps.append(self.label_pass.run(feed | {"seeds": seeds})["probabilities"][0, min(number, 1)].numpy())
        return identified, shares(np.stack(maps))


def shares(maps: np.ndarray) -> np.ndarray:
    maps = maps + (maps.sum(0) <= 0)
    return maps / maps.sum(0)


def labels_of(maps: np.ndarray, identified: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The label map at the size of the photo."""
    large = procedure.imresize(maps.astype(float), max(shape), cubic=True)[:, : shape[0], : shape[1]]
    return np.concatenate(([0], np.flatnonzero(identified) + 1)).astype(np.uint8)[large.argmax(0)]


def torch_results(exports: Path, dtype: torch.dtype, notes: dict[str, str]) -> Any:
    network = Torch(exports, dtype)

    def results(image: np.ndarray, values: np.ndarray) -> dict[str, np.ndarray]:
        features = network.features(values)
        identified, maps = network.maps(features, float(notes["threshold"]))
        return {"identified": identified, "maps": maps, "labels": labels_of(maps, identified, image.shape[:2]),
                **{f"switch{n}": features[f"switch{n}"].numpy() for n in POOLS}}

    return results


def runtime_results(exports: Path, optimised: bool, notes: dict[str, str]) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    model = onnx.load(exports / "onnx.onnx")
    switches = [n.output[1] for n in model.graph.node if n.op_type == "MaxPool"]
    model.graph.output.extend(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.INT64, None) for name in switches)
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def results(image: np.ndarray, values: np.ndarray) -> dict[str, np.ndarray]:
        scores, maps, *found = session.run(["scores", "score_maps", *switches], {"image": values})
        identified = scores[0] > float(notes["threshold"])
        maps = maps[0][np.concatenate(([True], identified))]
        return {"identified": identified, "maps": maps, "labels": labels_of(maps, identified, image.shape[:2]),
                **{f"switch{n}": found[n - 1] for n in POOLS}}

    return results


def engine_results(model: str, backend: str, notes: dict[str, str]) -> Any:
    import decoupled
    from onnx_prediction import engine_maps

    opened = decoupled.Model.open(model)
    session = decoupled.Session(opened, backend=backend)
    inspector = decoupled.Inspector(opened, backend=backend)

    def results(image: np.ndarray, values: np.ndarray) -> dict[str, np.ndarray]:
        prediction = session.predict(image)
        maps = engine_maps(inspector, values, notes)
        switches = inspector.run([f"pool{n}.1" for n in POOLS])
        identified = np.isin(opened.classes, prediction.identified)
        result = {"identified": identified, "maps": maps[np.concatenate(([True], identified))], "labels": prediction.label_map}
        for n in POOLS:
            # The engine counts from the beginning of a plane, ONNX from that of the tensor.
            plane = switches[f"pool{n}.1"].astype(np.int64)
            _, channels, height, width = plane.shape
            result[f"switch{n}"] = plane + np.arange(channels)[:, None, None] * (4 * height * width)
        return result

    return results


def run(name: str, folder: Path, exports: Path, model: str, images: list[str]) -> None:
    import decoupled

    notes = {p.key: p.value for p in onnx.load(exports / "onnx.onnx", load_external_data=False).metadata_props}
    if notes["saliency_placement"] != "average" or notes["saliency_seed"] != "one":
        sys.exit("The seeds of this comparison are those of the setting 'paper'.")
    if name in ("double", "single"):
        results = torch_results(exports, torch.float64 if name == "double" else torch.float32, notes)
    elif name.startswith("runtime"):
        results = runtime_results(exports, name == "runtime", notes)
    else:
        results = engine_results(model, name.split("-")[0], notes)
    (folder / name).mkdir(parents=True, exist_ok=True)
    for path in images:
        image = decoupled.load_image(path)
        values = procedure.network_input(
            image, int(notes["input_size"]), notes["channel_order"], float(notes["scale"]), json.loads(notes["mean"]),
            json.loads(notes["deviation"]))[None].astype(np.float32)
        np.savez(folder / name / Path(path).stem, image=values, shape=image.shape[:2], **results(image, values))


def compare(folder: Path, exports: Path, names: list[str]) -> None:
    """Each against `double`, and the first against the others. With the switches of each computed in double precision again, what
    remains is not due to switches."""
    judge = Torch(exports, torch.float64)
    threshold = 0.5
    stems = sorted(path.stem for path in (folder / "double").glob("*.npz"))
    read = lambda name, stem: dict(np.load(folder / name / f"{stem}.npz"))  # noqa: E731
    candidates: dict[str, Values] = {}
    for against, others in [("double", names)] + [(name, names[i + 1:]) for i, name in enumerate(names)]:
        for name in others:
            rows = []
            for stem in stems:
                mine, other = read(name, stem), read(against, stem)
                assert (mine["identified"] == other["identified"]).all(), (name, against, stem)
                side = mine["maps"].shape[-1]
                height, width = (-(-int(s) * side // int(mine["shape"].max())) for s in mine["shape"])
                off = np.abs(mine["maps"].astype(float) - other["maps"])[:, :height, :width].max(0)
                wrong = mine["labels"] != other["labels"]
                large = procedure.imresize(other["maps"].astype(float), int(mine["shape"].max()), cubic=True)
                ordered = np.sort(large[:, : wrong.shape[0], : wrong.shape[1]], axis=0)
                lead = (ordered[-1] - ordered[-2])[wrong].max(initial=0) if len(ordered) > 1 else 0
                row = {"stem": stem, "off": off.max(), "above": int((off > 1e-4).sum()), "wrong": int(wrong.sum()), "lead": lead}
                if against == "double":
                    if stem not in candidates:
                        candidates.clear()
                    switches = {n: (mine[f"switch{n}"] != other[f"switch{n}"]) for n in POOLS}
                    row["switches"] = sum(int(s.sum()) for s in switches.values())
                    if row["above"] or row["wrong"]:
                        features = judge.features(mine["image"])
                        forced = features | {f"switch{n}": torch.from_numpy(mine[f"switch{n}"].astype(np.int64)) for n in POOLS}
                        _, maps = judge.maps(forced, threshold)
                        row["left"] = np.abs(mine["maps"] - maps)[:, :height, :width].max()
                        gaps = []
                        for n, pool in zip(POOLS, judge.pools):
                            flat = features[pool.input[0]].reshape(-1).numpy()
                            taken = flat[mine[f"switch{n}"].reshape(-1).astype(np.int64)]
                            best = flat[other[f"switch{n}"].reshape(-1)]
                            places = np.flatnonzero(switches[n].reshape(-1))
                            size = np.abs(flat).max()
                            _, channels, rows_, columns = mine[f"switch{n}"].shape
                            for at in places:
                                y, x = at % (rows_ * columns) // columns, at % columns
                                inside = y * side // rows_ < height and x * side // columns < width
                                gaps.append((n, int(at // (rows_ * columns)), int(y), int(x), inside, best[at], taken[at],
                                             (best[at] - taken[at]) / size))
                        row["gaps"] = gaps
                rows.append(row)
            wrong, above = [r for r in rows if r["wrong"]], [r for r in rows if r["above"]]
            print(f"{name} against {against}: labels differ on {len(wrong)} photos, {sum(r['wrong'] for r in rows)} pixels; score maps above "
                  f"1e-4 on {len(above)} photos, {sum(r['above'] for r in rows)} pixels, at most {max(r['off'] for r in rows):.1e}, median "
                  f"photo {np.median([r['off'] for r in rows]):.1e}"
                  + (f"; {sum(r['switches'] for r in rows)} switches differ" if against == "double" else ""))
            for r in rows:
                if r["above"] or r["wrong"]:
                    print(f"  {r['stem']}: {r['wrong']} labels (lead {r['lead']:.1e}), {r['above']} pixels above 1e-4, at most {r['off']:.1e}"
                          + (f"; with these switches in double {r['left']:.1e}" if "left" in r else ""))
                    inside = [g for g in r.get("gaps", []) if g[4]]
                    for n, c, y, x, _, best, taken, gap in inside[:6]:
                        print(f"    pool{n} channel {c} at {y},{x}: {best:.9g} and {taken:.9g}, {gap:.1e} of the layer's largest value")
                    if "gaps" in r:
                        worst = max((abs(g[7]) for g in r["gaps"]), default=0)
                        print(f"    {len(inside)} switches differ on the photo, {len(r['gaps']) - len(inside)} in the padding; candidates at most "
                              f"{worst:.1e} of the layer's largest value apart")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["run", "compare"])
    parser.add_argument("rest", nargs="+")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    if arguments.action == "run":
        name, folder, exports, model, *images = arguments.rest
        run(name, Path(folder), Path(exports), model, images)
    else:
        folder, exports, *names = arguments.rest
        compare(Path(folder), Path(exports), names)
