"""ONNX files of the network, for ONNX Runtime, OpenVINO and OpenCV."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import folded


class Graph:
    def __init__(self):
        self.nodes, self.constants, self.inputs, self.outputs = [], [], [], []

    def constant(self, name, values):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, operator, inputs, outputs, **attributes):
        self.nodes.append(helper.make_node(operator, inputs, outputs, name=outputs[0], **attributes))

    def input(self, name, shape, kind=TensorProto.FLOAT):
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))

    def output(self, name, shape, kind=TensorProto.FLOAT):
        self.outputs.append(helper.make_tensor_value_info(name, kind, shape))

    def save(self, path):
        graph = helper.make_graph(self.nodes, "decouplednet", self.inputs, self.outputs, self.constants)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)


def convolution(graph, layer):
    weight = graph.constant(layer.name + ".weight", layer.weight)
    inputs = [*layer.inputs, weight]
    if layer.bias is not None:
        inputs.append(graph.constant(layer.name + ".bias", layer.bias))
    direct = layer.name + "_sums" if layer.relu else layer.name
    graph.add(
        "Conv" if layer.kind == "conv" else "ConvTranspose", inputs, [direct], kernel_shape=list(layer.weight.shape[2:]),
        pads=[layer.pad] * 4)
    if layer.relu:
        graph.add("Relu", [direct], [layer.name])


def unpooling(graph, layer, channels, size, by_indices):
    """By MaxUnpool, or as nearest neighbours times a mask, which gives the same values."""
    if by_indices:
        shape = graph.constant(layer.name + ".shape", np.array([1, channels, size, size], np.int64))
        graph.input(f"indices{layer.stage}", [1, channels, size // 2, size // 2], TensorProto.INT64)
        graph.add(
            "MaxUnpool", [*layer.inputs, f"indices{layer.stage}", shape], [layer.name], kernel_shape=[2, 2], strides=[2, 2])
        return
    scales = graph.constant(layer.name + ".scales", np.array([1, 1, 2, 2], np.float32))
    graph.input(f"mask_of_pool{layer.stage}", [1, channels, size, size])
    graph.add(
        "Resize", [*layer.inputs, "", scales], [layer.name + "_nearest"], mode="nearest",
        coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    graph.add("Mul", [layer.name + "_nearest", f"mask_of_pool{layer.stage}"], [layer.name])


def trunk(net, path, indices):
    graph, size = Graph(), net.size
    channels = net.description["stage_channels"]
    graph.input("image", [1, 3, size, size])
    for layer in folded.trunk(net):
        if layer.kind == "conv":
            convolution(graph, layer)
            continue
        outputs = [layer.name]
        if indices:
            outputs.append(f"indices{layer.stage}")
            side = size >> layer.stage
            graph.output(outputs[1], [1, channels[layer.stage - 1], side, side], TensorProto.INT64)
        graph.add("MaxPool", layer.inputs, outputs, kernel_shape=[2, 2], strides=[2, 2])
    side, n = size >> net.stages, net.score_size
    graph.output(f"pool{net.stages}", [1, channels[-1], side, side])
    for name, width in (("fc6", net.fc6.out_channels), ("fc7", net.fc7.out_channels), ("score_map", net.classes)):
        graph.output(name, [1, width, n, n])
    graph.save(path)


def label_pass(net, path, by_indices):
    graph, size = Graph(), net.size
    last, n, side = net.description["stage_channels"][-1], net.score_size, net.size >> net.stages
    graph.input("seeds", [1, net.classes, n, n])
    graph.input("pool", [1, last, side, side])
    graph.input("mask6", [1, net.fc6.out_channels, n, n])
    graph.input("mask7", [1, net.fc7.out_channels, n, n])
    for layer in folded.label_pass(net):
        if layer.kind in ("conv", "transposed"):
            convolution(graph, layer)
        elif layer.kind == "unpool":
            unpooling(
                graph, layer, net.description["stage_channels"][layer.stage - 1], size >> (layer.stage - 1), by_indices)
        else:
            operator = {"multiply": "Mul", "concat": "Concat", "softmax": "Softmax"}[layer.kind]
            axis = {} if operator == "Mul" else {"axis": 1}
            graph.add(operator, layer.inputs, [layer.name], **axis)
    graph.output("probabilities", [1, 2, size, size])
    graph.save(path)
