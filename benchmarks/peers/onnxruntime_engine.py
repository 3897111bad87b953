"""ONNX Runtime on its processor kernels."""

import numpy as np
import onnxruntime

from peers.procedure import Procedure


class OnnxRuntime(Procedure):
    FORMULATIONS = ("mask", "indices")
    version = onnxruntime.__version__

    def __init__(self, images, threads, formulation=""):
        super().__init__(images, threads, formulation)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        suffix = "_indices" if self.formulation == "indices" else ""
        self.trunk_graph, self.label_graph = (
            onnxruntime.InferenceSession(
                str(images.folder / f"{name}{suffix}.onnx"), options, providers=["CPUExecutionProvider"])
            for name in ("trunk", "label_pass"))
        self.names = [output.name for output in self.trunk_graph.get_outputs()]

    def run_trunk(self, number):
        values = dict(zip(self.names, self.trunk_graph.run(None, {"image": self.images["input", number]})))
        state = {
            "pool": values[f"pool{self.images.stages}"],
            "mask6": (values["fc6"] > 0).astype(np.float32), "mask7": (values["fc7"] > 0).astype(np.float32)}
        if self.formulation == "indices":
            state |= {name: values[name] for name in self.names if name.startswith("indices")}
        else:
            state |= {f"mask_of_pool{s}": mask[None] for s, mask in enumerate(self.images.masks(number), 1)}
        return {"inputs": state, "score_map": values["score_map"][0]}

    def run_label_pass(self, state, seeds):
        return self.label_graph.run(["probabilities"], state["inputs"] | {"seeds": seeds[None]})[0][0]
