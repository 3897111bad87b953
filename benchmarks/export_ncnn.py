"""The network in ncnn's own files: a list of layers as text, and their weights."""

import numpy as np

import folded

#: what opens each file
MAGIC = 7767517


class Writer:
    """Lines of layers. ncnn gives each blob one reader: a value that several layers read goes through a Split."""

    def __init__(self):
        self.rows, self.weights = [], []

    def add(self, kind, name, inputs, outputs, **settings):
        self.rows.append((kind, name, list(inputs), list(outputs), settings))

    def weight(self, values):
        # A flag of 0 says that float32 follows.
        self.weights += [np.zeros(1, np.uint32).tobytes(), np.ascontiguousarray(values, np.float32).tobytes()]

    def bias(self, values):
        self.weights.append(np.ascontiguousarray(values, np.float32).tobytes())

    def save(self, path, kept):
        """`kept`: values that the caller reads although layers read them too."""
        readers = {}
        for row in self.rows:
            for name in row[2]:
                readers[name] = readers.get(name, 0) + 1
        rows, given = [], {}
        for kind, name, inputs, outputs, settings in self.rows:
            taken = []
            for blob in inputs:
                copies = readers[blob] + (blob in kept)
                if copies > 1:
                    given[blob] = given.get(blob, 0) + 1
                    taken.append(f"{blob}_split{given[blob]}")
                else:
                    taken.append(blob)
            rows.append((kind, name, taken, outputs, settings))
            for blob in outputs:
                copies = readers.get(blob, 0) + (blob in kept)
                if copies > 1:
                    rows.append(("Split", f"split_{blob}", [blob], [f"{blob}_split{i}" for i in range(copies)], {}))
        blobs = {blob for row in rows for blob in row[3]}
        lines = [str(MAGIC), f"{len(rows)} {len(blobs)}"]
        for kind, name, inputs, outputs, settings in rows:
            fields = [kind, name, str(len(inputs)), str(len(outputs)), *inputs, *outputs]
            lines.append(" ".join(fields + [f"{key[1:]}={value}" for key, value in settings.items()]))
        path.with_suffix(".param").write_text("\n".join(lines) + "\n")
        with open(path.with_suffix(".bin"), "wb") as file:
            for part in self.weights:
                file.write(part)

    def convolution(self, layer):
        kernel, relu = layer.weight.shape[2], int(layer.relu)
        transposed = layer.kind == "transposed"
        # [out,in,k,k] for both kinds, as many rows as outputs.
        weight = layer.weight.transpose(1, 0, 2, 3) if transposed else layer.weight
        self.add(
            "Deconvolution" if transposed else "Convolution", layer.name, layer.inputs, [layer.name], _0=weight.shape[0],
            _1=kernel, _4=layer.pad, _5=int(layer.bias is not None), _6=weight.size, _9=relu)
        self.weight(weight)
        if layer.bias is not None:
            self.bias(layer.bias)


def trunk(net, path):
    writer = Writer()
    writer.add("Input", "image", [], ["image"])
    for layer in folded.trunk(net):
        if layer.kind == "conv":
            writer.convolution(layer)
        else:
            writer.add("Pooling", layer.name, layer.inputs, [layer.name], _0=0, _1=2, _2=2)
    # The caller reads the copies, whose number 0 no layer takes.
    writer.save(path, {f"pool{net.stages}", "fc6", "fc7"})


def label_pass(net, path):
    writer = Writer()
    inputs = ["seeds", "pool", "mask6", "mask7"] + [f"mask_of_pool{stage}" for stage in range(1, net.stages + 1)]
    for name in inputs:
        writer.add("Input", name, [], [name])
    for layer in folded.label_pass(net):
        if layer.kind in ("conv", "transposed"):
            writer.convolution(layer)
        elif layer.kind == "multiply":
            writer.add("BinaryOp", layer.name, layer.inputs, [layer.name], _0=2)
        elif layer.kind == "concat":
            writer.add("Concat", layer.name, layer.inputs, [layer.name], _0=0)
        elif layer.kind == "unpool":
            nearest = layer.name + "_nearest"
            writer.add("Interp", nearest, layer.inputs, [nearest], _0=1, _1="2.000000e+00", _2="2.000000e+00")
            writer.add("BinaryOp", layer.name, [nearest, f"mask_of_pool{layer.stage}"], [layer.name], _0=2)
        else:
            writer.add("Softmax", layer.name, layer.inputs, [layer.name], _0=0, _1=1)
    writer.save(path, set())
