"""The network as plain layers in the formulation that inference engines run best, for the exporters.

Batch normalisation is folded into the convolutions beside it, transposed 3x3 convolutions are convolutions with flipped
kernels, 1x1 transposed ones convolutions with transposed matrices.
"""

from dataclasses import dataclass

import numpy as np


@dataclass
class Layer:
    """kind: conv, transposed, relu_mask, multiply, concat, pool, unpool, softmax."""

    kind: str
    name: str
    inputs: list
    weight: np.ndarray = None
    bias: np.ndarray = None
    pad: int = 0
    relu: bool = False
    #: pools and un-pools: from 1, finest first
    stage: int = 0


def array(tensor):
    return tensor.detach().numpy()


def scale_and_shift(normalization):
    scale = array(normalization.weight).astype(np.float64) / np.sqrt(
        array(normalization.running_var).astype(np.float64) + normalization.eps)
    return scale, array(normalization.bias) - array(normalization.running_mean) * scale


def folded(convolution, normalization, transposed):
    """Weight and bias with the normalisation behind the convolution folded in."""
    scale, shift = scale_and_shift(normalization)
    weight = array(convolution.weight) * (scale[None, :, None, None] if transposed else scale[:, None, None, None])
    return weight.astype(np.float32), (array(convolution.bias) * scale + shift).astype(np.float32)


def trunk(net):
    """"image" -> "pool", "fc6", "fc7", "score_map"; the pools are named "pool1"..."""
    layers, last = [], "image"
    for stage, names in enumerate(net.encoder, 1):
        for name in names:
            module = getattr(net, name)
            layers.append(Layer("conv", name, [last], array(module.weight), array(module.bias), pad=1, relu=True))
            last = name
        layers.append(Layer("pool", f"pool{stage}", [last], stage=stage))
        last = f"pool{stage}"
    for name, relu in (("fc6", True), ("fc7", True), ("score_map", False)):
        module = net.cls_score if name == "score_map" else getattr(net, name)
        layers.append(Layer("conv", name, [last], array(module.weight), array(module.bias), relu=relu))
        last = name
    return layers


def label_pass(net):
    """"seeds" [1,L,n,n], "pool", "mask6", "mask7" and what the un-pools need -> "probabilities" [1,2,S,S]."""
    def matrix(module):
        return np.ascontiguousarray(array(module.weight).transpose(1, 0, 2, 3))

    layers = [
        Layer("conv", "cls_score_bp", ["seeds"], matrix(net.cls_score)),
        Layer("multiply", "fc7_masked", ["cls_score_bp", "mask7"]),
        Layer("conv", "fc7_bp", ["fc7_masked"], matrix(net.fc7)),
        Layer("multiply", "fc6_masked", ["fc7_bp", "mask6"]),
        Layer("transposed", "pool_bp", ["fc6_masked"], array(net.fc6.weight)),
        Layer("concat", "joined", ["pool", "pool_bp"]),
    ]
    # No padding: the normalisations of both inputs can be folded into fc6-seg, too.
    weight, bias = folded(net.fc6_seg, net.bnfc6_seg, transposed=False)
    scales, shifts = zip(*(scale_and_shift(getattr(net, name)) for name in (net.pool_bn_name, net.bp_bn_name)))
    bias = bias + np.einsum("oikl,i->o", weight.astype(np.float64), np.concatenate(shifts))
    weight = (weight * np.concatenate(scales)[None, :, None, None]).astype(np.float32)
    layers.append(Layer("conv", "fc6_seg", ["joined"], weight, bias.astype(np.float32), relu=True))
    layers.append(Layer("conv", "fc7_seg", ["fc6_seg"], *folded(net.fc7_seg, net.bnfc7_seg, False), relu=True))
    layers.append(
        Layer("transposed", "fc6_deconv", ["fc7_seg"], *folded(net.fc6_deconv, net.fc6_deconv_bn, True), relu=True))
    last = "fc6_deconv"
    for stage, pairs in net.decoder:
        layers.append(Layer("unpool", f"unpool{stage}", [last], stage=stage))
        last = f"unpool{stage}"
        for name, normalization in pairs:
            weight, bias = folded(getattr(net, name), getattr(net, normalization), transposed=True)
            flipped = np.ascontiguousarray(weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3))
            layers.append(Layer("conv", name, [last], flipped, bias, pad=1, relu=True))
            last = name
    layers.append(Layer("conv", "seg_score", [last], array(net.seg_score.weight), array(net.seg_score.bias)))
    layers.append(Layer("softmax", "probabilities", ["seg_score"]))
    return layers
