"""OpenCV's DNN module."""

import cv2
import numpy as np

from peers.procedure import Procedure


class OpenCV(Procedure):
    #: its engines; releases before 5 have the classic one only
    FORMULATIONS = ("classic", "new") if hasattr(cv2.dnn, "ENGINE_CLASSIC") else ("classic",)
    version = cv2.__version__

    def __init__(self, images, threads, formulation=""):
        super().__init__(images, threads, formulation)
        cv2.setNumThreads(threads)
        kind = {}
        if len(self.FORMULATIONS) > 1:
            kind = {"engine": cv2.dnn.ENGINE_CLASSIC if self.formulation == "classic" else cv2.dnn.ENGINE_NEW}
        self.trunk_graph, self.label_graph = (
            cv2.dnn.readNetFromONNX(str(images.folder / f"{name}.onnx"), **kind) for name in ("trunk", "label_pass"))
        for graph in (self.trunk_graph, self.label_graph):
            graph.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
            graph.enableWinograd(True)

    def run_trunk(self, number):
        self.trunk_graph.setInput(self.images["input", number], "image")
        pool, fc6, fc7, score_map = self.trunk_graph.forward(
            [f"pool{self.images.stages}", "fc6", "fc7", "score_map"])
        state = {
            "pool": pool, "mask6": (fc6 > 0).astype(np.float32), "mask7": (fc7 > 0).astype(np.float32)}
        state |= {f"mask_of_pool{s}": mask[None] for s, mask in enumerate(self.images.masks(number), 1)}
        return {"inputs": state, "score_map": score_map[0]}

    def run_label_pass(self, state, seeds):
        for name, values in state["inputs"].items():
            self.label_graph.setInput(values, name)
        self.label_graph.setInput(seeds[None], "seeds")
        return self.label_graph.forward("probabilities")[0]
