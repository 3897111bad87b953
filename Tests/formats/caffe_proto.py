"""Caffe's messages for the protobuf package, declared here with the fields the tests use."""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto
_TYPES = {
    "int32": _FIELD.TYPE_INT32, "int64": _FIELD.TYPE_INT64, "uint32": _FIELD.TYPE_UINT32, "float": _FIELD.TYPE_FLOAT,
    "double": _FIELD.TYPE_DOUBLE, "string": _FIELD.TYPE_STRING,
}
#: message: field: (number, type, repeated, packed)
_MESSAGES = {
    "BlobShape": {"dim": (1, "int64", True, True)},
    "BlobProto": {
        "num": (1, "int32", False, False), "channels": (2, "int32", False, False), "height": (3, "int32", False, False),
        "width": (4, "int32", False, False), "data": (5, "float", True, True), "diff": (6, "float", True, True),
        "shape": (7, "BlobShape", False, False), "double_data": (8, "double", True, True),
    },
    "UnpackedBlobProto": {"data": (5, "float", True, False), "shape": (7, "BlobShape", False, False)},
    "V1LayerParameter": {
        "bottom": (2, "string", True, False), "top": (3, "string", True, False), "name": (4, "string", False, False),
        "type": (5, "int32", False, False), "blobs": (6, "BlobProto", True, False),
    },
    "LayerParameter": {
        "name": (1, "string", False, False), "type": (2, "string", False, False), "bottom": (3, "string", True, False),
        "top": (4, "string", True, False), "blobs": (7, "BlobProto", True, False),
    },
    "UnpackedLayer": {"name": (1, "string", False, False), "blobs": (7, "UnpackedBlobProto", True, False)},
    "NetParameter": {
        "name": (1, "string", False, False), "layers": (2, "V1LayerParameter", True, False),
        "input": (3, "string", True, False), "input_dim": (4, "int32", True, False),
        "layer": (100, "LayerParameter", True, False),
    },
    "UnpackedNet": {"layer": (100, "UnpackedLayer", True, False)},
}


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="caffe_test.proto", package="caffe_test", syntax="proto2")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind, repeated, packed) in fields.items():
            entry = message.field.add(
                name=field, number=number, label=_FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL)
            if kind in _TYPES:
                entry.type = _TYPES[kind]
                entry.options.packed = packed
            else:
                entry.type, entry.type_name = _FIELD.TYPE_MESSAGE, f".caffe_test.{kind}"
    return file


_pool = descriptor_pool.DescriptorPool()
_pool.Add(_file())


def message(name: str):
    """A message class."""
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"caffe_test.{name}"))


def arrays(path) -> dict[str, "object"]:
    """All blobs of a caffemodel by "LAYER blob N", read by the protobuf package."""
    import numpy as np

    net = message("NetParameter")()
    with open(path, "rb") as file:
        net.ParseFromString(file.read())
    result = {}
    for layer in list(net.layers) + list(net.layer):
        for number, blob in enumerate(layer.blobs):
            shape = tuple(blob.shape.dim) if blob.HasField("shape") else (blob.num, blob.channels, blob.height, blob.width)
            values = np.array(blob.double_data, np.float64) if len(blob.double_data) else np.array(blob.data, np.float32)
            result.setdefault(f"{layer.name} blob {number}", values.reshape(shape))
    return result
