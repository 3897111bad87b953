"""OpenVINO on its processor plugin, from the ONNX files without indices of the pools."""

import numpy as np
import openvino

from peers.procedure import Procedure


class OpenVINO(Procedure):
    version = openvino.__version__.split("-")[0]

    def __init__(self, images, threads, formulation=""):
        super().__init__(images, threads, formulation)
        core = openvino.Core()
        settings = {
            "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1, "ENABLE_CPU_PINNING": False,
        }
        self.trunk_graph, self.label_graph = (
            core.compile_model(str(images.folder / f"{name}.onnx"), "CPU", settings).create_infer_request()
            for name in ("trunk", "label_pass"))

    def run_trunk(self, number):
        results = self.trunk_graph.infer({"image": self.images["input", number]}, share_inputs=True, share_outputs=True)
        values = {name: array for key, array in results.items() for name in key.get_names()}
        state = {
            "pool": values[f"pool{self.images.stages}"].copy(),
            "mask6": (values["fc6"] > 0).astype(np.float32), "mask7": (values["fc7"] > 0).astype(np.float32)}
        state |= {f"mask_of_pool{s}": mask[None] for s, mask in enumerate(self.images.masks(number), 1)}
        return {"inputs": state, "score_map": values["score_map"][0].copy()}

    def run_label_pass(self, state, seeds):
        results = self.label_graph.infer(
            state["inputs"] | {"seeds": seeds[None]}, share_inputs=True, share_outputs=True)
        return results[0][0].copy()
