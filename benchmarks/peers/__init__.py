"""One engine a file. `open_peer` makes one by name."""

import importlib

#: name -> module, class, version and formulation to make it with
PEERS = {
    "decoupled": ("decoupled_library", "DecoupledLibrary"),
    "ncnn": ("ncnn_engine", "Ncnn"),
    "opencv": ("opencv_engine", "OpenCV"),
    "onnxruntime": ("onnxruntime_engine", "OnnxRuntime"),
    "openvino": ("openvino_engine", "OpenVINO"),
    "eager": ("torch_engine", "Eager"),
    "compiled": ("torch_engine", "Compiled"),
}

TITLES = {
    "decoupled": "decoupled", "ncnn": "ncnn", "opencv": "OpenCV DNN", "onnxruntime": "ONNX Runtime",
    "openvino": "OpenVINO", "eager": "PyTorch eager", "compiled": "torch.compile",
}


def peer_class(name):
    module, kind = PEERS[name]
    return getattr(importlib.import_module(f"peers.{module}"), kind)
