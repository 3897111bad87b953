"""ncnn, all in float32, with Winograd and packed layouts as it chooses them."""

import ncnn
import numpy as np

from peers.procedure import Procedure


class Ncnn(Procedure):
    version = ncnn.__version__

    def __init__(self, images, threads, formulation=""):
        super().__init__(images, threads, formulation)
        self.trunk_graph, self.label_graph = (self.load(name) for name in ("ncnn_trunk", "ncnn_label_pass"))

    def load(self, name):
        net = ncnn.Net()
        net.opt.num_threads = self.threads
        net.opt.use_vulkan_compute = False
        for option in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage"):
            setattr(net.opt, option, False)
        path = self.images.folder / name
        if net.load_param(f"{path}.param") or net.load_model(f"{path}.bin"):
            raise RuntimeError(f"ncnn cannot load {path}")
        return net

    def run_trunk(self, number):
        extractor = self.trunk_graph.create_extractor()
        extractor.input("image", ncnn.Mat(self.images["input", number][0]))
        # Number 0 of a split blob is read by no layer.
        names = {"score_map": "score_map", "fc6": "fc6_split0", "fc7": "fc7_split0"}
        names["pool"] = f"pool{self.images.stages}_split0"
        values = {name: np.array(extractor.extract(blob)[1]) for name, blob in names.items()}
        inputs = {"pool": values["pool"]} | {
            name: (values[layer] > 0).astype(np.float32) for name, layer in (("mask6", "fc6"), ("mask7", "fc7"))}
        inputs |= {f"mask_of_pool{s}": mask for s, mask in enumerate(self.images.masks(number), 1)}
        return {"inputs": {name: ncnn.Mat(array).clone() for name, array in inputs.items()}, "score_map": values["score_map"]}

    def run_label_pass(self, state, seeds):
        extractor = self.label_graph.create_extractor()
        for name, values in state["inputs"].items():
            extractor.input(name, values)
        extractor.input("seeds", ncnn.Mat(seeds).clone())
        status, probabilities = extractor.extract("probabilities")
        if status:
            raise RuntimeError(f"ncnn gives status {status}")
        return np.array(probabilities)
