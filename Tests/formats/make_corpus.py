"""Makes the small files that fuzzing starts from: `python make_corpus.py` (needs torch) writes ../fuzz/corpus."""

import json
import struct
from pathlib import Path

import torch

import caffe_proto
from caffemodel import Net

corpus = Path(__file__).parent.parent / "fuzz" / "corpus"
Net(4096, 1).write(corpus / "caffemodel" / "released.caffemodel")
net = caffe_proto.message("NetParameter")(name="new")
for kind, field in (("Convolution", "data"), ("InnerProduct", "double_data")):
    layer = net.layer.add(name=kind, type=kind, bottom=["a"], top=["b"])
    blob = layer.blobs.add()
    blob.shape.dim.extend([2, 1])
    getattr(blob, field).extend([1.0, 2.0])
(corpus / "caffemodel" / "new.caffemodel").write_bytes(net.SerializeToString())
unpacked = caffe_proto.message("UnpackedNet")()
unpacked.layer.add(name="a").blobs.add(data=[1, 2, 3])
(corpus / "caffemodel" / "unpacked.caffemodel").write_bytes(unpacked.SerializeToString())
mean = caffe_proto.message("BlobProto")(num=1, channels=3, height=1, width=2, data=[1, 2, 3, 4, 5, 6])
(corpus / "binaryproto" / "mean.binaryproto").write_bytes(mean.SerializeToString())
state = {"features.0.weight": torch.arange(4.0).reshape(2, 2).t(), "b": torch.zeros(1, dtype=torch.float16)}
torch.save(state, corpus / "torch" / "zip.pth")
torch.save({"state_dict": state}, corpus / "torch" / "legacy.pth", _use_new_zipfile_serialization=False)
header = json.dumps({
    "__metadata__": {"format": "pt"}, "a": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]},
    "b": {"dtype": "BF16", "shape": [1], "data_offsets": [8, 10]}}).encode()
(corpus / "safetensors" / "two.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(10))
(corpus / "prototxt" / "deploy.prototxt").write_text('''# a net
name: "net" input: 'data' input_dim: 1 input_dim: 3 input_dim: 64 input_dim: 64
layers { name: "conv1_1" type: CONVOLUTION blobs_lr: 0 blobs_lr: 0 convolution_param { num_output:4 pad: 1; kernel_size: 3, } }
layer: < name: 'fc6' 'b' type: "Convolution" top: "fc6" convolution_param { num_output: 8 kernel_size: [3, 3] } >
layers { name: "fc6" type: CONVOLUTION convolution_param { num_output: 8 kernel_size: 3 } }
layers { name: "cls-score-voc" top: "s\\n\\101" type: CONVOLUTION convolution_param { num_output: 2 kernel_size: 1 } }
layers { name: "avg-pool" bottom: "sA" type: POOLING pooling_param { pool: AVE kernel_size: 2 } }
layers { name: "bn" type: BN bn_param { bn_mode: INFERENCE } transform_param { mean_value: 1.5 scale: 0.1 } }
''')
