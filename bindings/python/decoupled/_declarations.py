"""decoupled.h for ctypes: the same names, in the same order. A test compares the two."""

from __future__ import annotations

from ctypes import (
    CFUNCTYPE, POINTER, Structure, c_char_p, c_double, c_float, c_int32, c_int64, c_uint8, c_uint32, c_uint64, c_void_p,
    sizeof,
)
from typing import Any, ClassVar

VERSION = (0, 1, 0)

# Enumerations.
DCN_STATUS_OK = 0
DCN_STATUS_INVALID_ARGUMENT = 1
DCN_STATUS_NOT_FOUND = 2
DCN_STATUS_IO = 3
DCN_STATUS_FORMAT = 4
DCN_STATUS_UNSUPPORTED = 5
DCN_STATUS_OUT_OF_MEMORY = 6
DCN_STATUS_CANCELLED = 7
DCN_STATUS_BACKEND = 8
DCN_STATUS_STATE = 9
DCN_STATUS_NUMERIC = 10
DCN_STATUS_INTERNAL = 11
DCN_LOG_LEVEL_DEBUG, DCN_LOG_LEVEL_INFO, DCN_LOG_LEVEL_WARNING, DCN_LOG_LEVEL_ERROR = 0, 1, 2, 3
DCN_FORMAT_RGB, DCN_FORMAT_BGR, DCN_FORMAT_RGBA, DCN_FORMAT_BGRA, DCN_FORMAT_GRAY8 = 0, 1, 2, 3, 4
DCN_PART_NONE, DCN_PART_CLASSIFICATION, DCN_PART_SEGMENTATION, DCN_PART_ALL = 0, 1, 2, 3
DCN_TYPE_FLOAT32, DCN_TYPE_FLOAT16, DCN_TYPE_FLOAT64, DCN_TYPE_INT32, DCN_TYPE_INT64 = 1, 2, 4, 7, 8
DCN_ROLE_INPUT, DCN_ROLE_PARAMETER, DCN_ROLE_RESULT = 0, 1, 2
DCN_FORM_PREDICTION, DCN_FORM_CLASSIFICATION_LOSS, DCN_FORM_SEGMENTATION_LOSS = 0, 1, 2
DCN_PHASE_CLASSIFICATION, DCN_PHASE_SEGMENTATION = 1, 2
DCN_RUN_REFUSE, DCN_RUN_RESUME, DCN_RUN_OVERWRITE = 0, 1, 2
DCN_STAGE_TRAINING, DCN_STAGE_CONVERSION = 0, 1
DCN_FEATURES_AUTHORS, DCN_FEATURES_OPENCV = 0, 1
DCN_EXPORT_ONNX_CLASSIFICATION, DCN_EXPORT_ONNX_LABEL_PASS, DCN_EXPORT_ONNX = 0, 1, 2
DCN_EXPORT_TORCHVISION, DCN_EXPORT_CAFFE = 3, 4


class Record(Structure):
    """A struct that begins with its own size. `initial()` is its DCN_..._INIT macro."""

    _initial_: ClassVar[dict[str, Any]] = {}

    @classmethod
    def initial(cls, **members: Any) -> Any:
        """The initialised struct with some members set; unknown names are an error."""
        record = cls(struct_size=sizeof(cls), **cls._initial_)
        for name, value in members.items():
            if name not in (field[0] for field in cls._fields_):
                raise AttributeError(f"{cls.__name__} has no member {name}")
            setattr(record, name, value)
        return record


class dcn_image(Record):
    _fields_ = [
        ("struct_size", c_uint32), ("format", c_int32), ("width", c_int32), ("height", c_int32), ("row_stride", c_int64),
        ("pixels", POINTER(c_uint8)),
    ]


class dcn_backend_info(Record):
    _fields_ = [
        ("struct_size", c_uint32), ("score", c_int32), ("name", c_char_p), ("variant", c_char_p), ("version", c_char_p),
        ("path", c_char_p),
    ]


class dcn_tensor_info(Record):
    _fields_ = [
        ("struct_size", c_uint32), ("element_type", c_int32), ("role", c_int32), ("present", c_int32), ("rank", c_int32),
        ("reserved", c_int32), ("dims", c_int64 * 8), ("element_count", c_int64), ("name", c_char_p),
    ]


class dcn_session_options(Record):
    _fields_ = [
        ("struct_size", c_uint32), ("threads", c_int32), ("backend", c_char_p), ("images_per_batch", c_int32),
        ("rows_per_chunk", c_int32), ("plain", c_int32), ("foreground_maps", c_int32), ("activation_maps", c_int32),
        ("threshold", c_float), ("trace", c_char_p), ("verify_rate", c_double), ("verify", c_int32),
        ("reserved", c_int32), ("refinements", c_char_p),
    ]
    _initial_ = {"threshold": 0.5}


class dcn_label_set(Record):
    _fields_ = [("struct_size", c_uint32), ("count", c_int32), ("classes", POINTER(c_int32))]
    _initial_ = {"count": -1}


class dcn_step_options(Record):
    _fields_ = [
        ("struct_size", c_uint32), ("threads", c_int32), ("backend", c_char_p), ("multipliers", c_char_p),
        ("momentum", c_double), ("weight_decay", c_double), ("dropout", c_int32), ("reserved", c_int32), ("seed", c_uint64),
    ]
    _initial_ = {"momentum": 0.9, "weight_decay": 5e-4, "seed": 1}


class dcn_dataset_options(Record):
    _fields_ = [
        ("struct_size", c_uint32), ("labels_from_masks", c_int32), ("set", c_char_p), ("strong", c_char_p),
        ("mask_folder", c_char_p), ("kind", c_char_p), ("list", c_char_p), ("extra_masks", c_char_p),
        ("ignored_ids", POINTER(c_uint8)), ("ignored_id_count", c_int32), ("reduce_zero", c_int32),
        ("overlap", c_char_p), ("crowd", c_char_p),
    ]


class dcn_item(Record):
    _fields_ = [
        ("struct_size", c_uint32), ("class_count", c_int32), ("identifier", c_char_p), ("image_path", c_char_p),
        ("mask_path", c_char_p), ("labels", POINTER(c_uint8)),
    ]


class dcn_box(Structure):
    _fields_ = [("x", c_int32), ("y", c_int32), ("width", c_int32), ("height", c_int32), ("score", c_float)]


class dcn_proposer_options(Record):
    _fields_ = [
        ("struct_size", c_uint32), ("sharpening", c_int32), ("forest", c_char_p), ("multiscale", c_int32),
        ("max_boxes", c_int32), ("alpha", c_double), ("beta", c_double), ("eta", c_double), ("min_score", c_double),
        ("edge_min_mag", c_double), ("edge_merge_thr", c_double), ("cluster_min_mag", c_double),
        ("max_aspect_ratio", c_double), ("min_box_area", c_double), ("gamma", c_double), ("kappa", c_double),
    ]
    _initial_ = {
        "sharpening": -1, "max_boxes": 10000, "alpha": 0.65, "beta": 0.75, "eta": 1, "min_score": 0.01,
        "edge_min_mag": 0.1, "edge_merge_thr": 0.5, "cluster_min_mag": 0.5, "max_aspect_ratio": 3, "min_box_area": 1000,
        "gamma": 2, "kappa": 1.5,
    }


class dcn_forest_options(Record):
    _fields_ = [
        ("struct_size", c_uint32), ("threads", c_int32), ("features", c_int32), ("trees", c_int32), ("samples", c_int32),
        ("existing_run", c_int32), ("seed", c_uint64),
    ]
    _initial_ = {"trees": 8, "samples": 40000, "seed": 1}


class dcn_trainer_options(Record):
    _fields_ = [
        ("struct_size", c_uint32), ("threads", c_int32), ("backend", c_char_p), ("settings", c_char_p),
        ("run_directory", c_char_p), ("existing_run", c_int32), ("checkpoint_every", c_int32), ("evaluate_every", c_int32),
        ("record_every", c_int32), ("whole_images", c_int32), ("reserved", c_int32), ("prediction", c_char_p),
    ]


class dcn_progress(Record):
    _fields_ = [
        ("struct_size", c_uint32), ("phase", c_int32), ("stage", c_int32), ("reserved", c_int32), ("iteration", c_int64),
        ("maximum_iterations", c_int64), ("loss", c_double), ("smoothed_loss", c_double), ("learning_rate", c_double),
        ("gradient_norm", c_double), ("images_per_second", c_double), ("remaining_seconds", c_double),
        ("validation_loss", c_double), ("mean_average_precision", c_double), ("pixel_accuracy", c_double),
        ("foreground_iou", c_double), ("mean_iou", c_double),
    ]


class dcn_import_options(Record):
    _fields_ = [
        ("struct_size", c_uint32), ("half", c_int32), ("description", c_char_p), ("class_names", POINTER(c_char_p)),
        ("class_count", c_int32), ("fill", c_int32), ("seed", c_uint64), ("preprocessing", c_char_p), ("mean", c_char_p),
        ("skip", c_char_p),
    ]
    _initial_ = {"seed": 1}


class dcn_backends(Structure):
    """Opaque."""


class dcn_model(Structure):
    """Opaque."""


class dcn_session(Structure):
    """Opaque."""


class dcn_result(Structure):
    """Opaque."""


class dcn_inspector(Structure):
    """Opaque."""


class dcn_step(Structure):
    """Opaque."""


class dcn_dataset(Structure):
    """Opaque."""


class dcn_report(Structure):
    """Opaque."""


class dcn_proposer(Structure):
    """Opaque."""


class dcn_evaluation(Structure):
    """Opaque."""


class dcn_trainer(Structure):
    """Opaque."""




dcn_log_callback = CFUNCTYPE(None, c_int32, c_char_p, c_void_p)
dcn_count_callback = CFUNCTYPE(c_int32, c_int64, c_int64, c_void_p)
dcn_progress_callback = CFUNCTYPE(c_int32, POINTER(dcn_progress), c_void_p)

_image, _info, _tensor = POINTER(dcn_image), POINTER(dcn_backend_info), POINTER(dcn_tensor_info)
_backends, _model, _session, _result = POINTER(dcn_backends), POINTER(dcn_model), POINTER(dcn_session), POINTER(dcn_result)
_inspector, _step, _dataset = POINTER(dcn_inspector), POINTER(dcn_step), POINTER(dcn_dataset)
_report, _trainer = POINTER(dcn_report), POINTER(dcn_trainer)
_proposer, _boxes = POINTER(dcn_proposer), POINTER(dcn_box)
_evaluation = POINTER(dcn_evaluation)
_bytes, _int, _names = POINTER(c_uint8), POINTER(c_int32), POINTER(c_char_p)
_floats, _doubles = POINTER(c_float), POINTER(c_double)

#: Name of each function: type of its result, types of its arguments.
FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "dcn_version": (c_int32, []),
    "dcn_version_string": (c_char_p, []),
    "dcn_status_name": (c_char_p, [c_int32]),
    "dcn_last_error": (c_char_p, []),
    "dcn_set_log_callback": (None, [dcn_log_callback, c_void_p]),
    "dcn_thread_count": (c_int32, [c_int32]),
    "dcn_image_load": (c_int32, [c_char_p, _image]),
    "dcn_label_map_load": (c_int32, [c_char_p, _image]),
    "dcn_image_free": (None, [_image]),
    "dcn_image_save": (c_int32, [_image, c_char_p]),
    "dcn_label_map_save": (c_int32, [_bytes, c_int32, c_int32, c_char_p]),
    "dcn_overlay_save": (c_int32, [_image, _bytes, c_double, c_char_p]),
    "dcn_label_color": (c_int32, [c_int32]),
    "dcn_backends_find": (c_int32, [POINTER(_backends)]),
    "dcn_backends_count": (c_int32, [_backends]),
    "dcn_backends_info": (c_int32, [_backends, c_int32, _info]),
    "dcn_backends_failure_count": (c_int32, [_backends]),
    "dcn_backends_failure_path": (c_char_p, [_backends, c_int32]),
    "dcn_backends_failure_message": (c_char_p, [_backends, c_int32]),
    "dcn_backends_free": (None, [_backends]),
    "dcn_model_open": (c_int32, [c_char_p, POINTER(_model)]),
    "dcn_model_create": (c_int32, [c_char_p, _names, c_int32, c_int32, c_uint64, POINTER(_model)]),
    "dcn_model_import": (c_int32, [_model, c_char_p, c_char_p, POINTER(_model)]),
    "dcn_model_extend": (c_int32, [_model, _names, c_int32, c_uint64, POINTER(_model)]),
    "dcn_model_save": (c_int32, [_model, c_char_p]),
    "dcn_model_free": (None, [_model]),
    "dcn_model_class_count": (c_int32, [_model]),
    "dcn_model_class_name": (c_char_p, [_model, c_int32]),
    "dcn_model_class_index": (c_int32, [_model, c_char_p]),
    "dcn_model_input_size": (c_int32, [_model]),
    "dcn_model_parts": (c_int32, [_model]),
    "dcn_model_description": (c_char_p, [_model]),
    "dcn_model_family": (c_char_p, [_model]),
    "dcn_model_phase_count": (c_int32, [_model]),
    "dcn_model_phase_name": (c_char_p, [_model, c_int32]),
    "dcn_model_parameter_count": (c_int32, [_model]),
    "dcn_model_parameter_info": (c_int32, [_model, c_int32, _tensor]),
    "dcn_model_parameter_find": (c_int32, [_model, c_char_p, _tensor]),
    "dcn_model_copy_parameter": (c_int32, [_model, c_char_p, _floats, c_int64]),
    "dcn_model_set_parameter": (c_int32, [_model, c_char_p, _floats, c_int64]),
    "dcn_session_create": (c_int32, [_model, POINTER(dcn_session_options), POINTER(_session)]),
    "dcn_session_backend": (c_int32, [_session, _info]),
    "dcn_session_predict": (c_int32, [_session, _image, POINTER(_result)]),
    "dcn_session_predict_batch": (c_int32, [_session, _image, c_int32, POINTER(dcn_label_set), POINTER(_result)]),
    "dcn_session_classify": (c_int32, [_session, _image, c_int32, _floats, c_int64]),
    "dcn_session_cancel": (c_int32, [_session]),
    "dcn_session_free": (None, [_session]),
    "dcn_result_label_map": (_bytes, [_result, _int, _int]),
    "dcn_result_scores": (_floats, [_result, _int]),
    "dcn_result_classes": (_int, [_result, _int]),
    "dcn_result_foreground_map": (_floats, [_result, c_int32, _int, _int]),
    "dcn_result_activation_map": (_floats, [_result, c_int32, _int, _int, _int]),
    "dcn_result_free": (None, [_result]),
    "dcn_inspector_create": (
        c_int32, [_model, c_int32, c_int32, c_int32, POINTER(dcn_session_options), POINTER(_inspector)]),
    "dcn_inspector_create_form": (
        c_int32, [_model, c_char_p, c_int32, c_int32, POINTER(dcn_session_options), POINTER(_inspector)]),
    "dcn_inspector_value_count": (c_int32, [_inspector]),
    "dcn_inspector_value_info": (c_int32, [_inspector, c_int32, _tensor]),
    "dcn_inspector_value_find": (c_int32, [_inspector, c_char_p, _tensor]),
    "dcn_inspector_set": (c_int32, [_inspector, c_char_p, c_void_p, c_int64]),
    "dcn_inspector_unset": (c_int32, [_inspector, c_char_p]),
    "dcn_inspector_run": (c_int32, [_inspector, _names, c_int32]),
    "dcn_inspector_copy": (c_int32, [_inspector, c_char_p, c_void_p, c_int64]),
    "dcn_inspector_cancel": (c_int32, [_inspector]),
    "dcn_inspector_free": (None, [_inspector]),
    "dcn_step_create": (c_int32, [_model, c_int32, c_int32, POINTER(dcn_step_options), POINTER(_step)]),
    "dcn_step_create_phase": (c_int32, [_model, c_char_p, c_int32, POINTER(dcn_step_options), POINTER(_step)]),
    "dcn_step_compute": (c_int32, [_step, _floats, _floats, _int, _doubles]),
    "dcn_step_apply": (c_int32, [_step, c_double]),
    "dcn_step_parameter_count": (c_int32, [_step]),
    "dcn_step_parameter_info": (c_int32, [_step, c_int32, _tensor]),
    "dcn_step_copy_gradient": (c_int32, [_step, c_char_p, _floats, c_int64]),
    "dcn_step_copy_momentum": (c_int32, [_step, c_char_p, _floats, c_int64]),
    "dcn_step_layer_count": (c_int32, [_step]),
    "dcn_step_layer_info": (c_int32, [_step, c_int32, _tensor]),
    "dcn_step_copy_statistics": (c_int32, [_step, c_char_p, _floats, _floats, c_int64]),
    "dcn_step_cancel": (c_int32, [_step]),
    "dcn_step_free": (None, [_step]),
    "dcn_dataset_open": (c_int32, [c_char_p, POINTER(dcn_dataset_options), POINTER(_dataset)]),
    "dcn_dataset_item_count": (c_int32, [_dataset]),
    "dcn_dataset_labelled_count": (c_int32, [_dataset]),
    "dcn_dataset_strong_count": (c_int32, [_dataset]),
    "dcn_dataset_class_count": (c_int32, [_dataset]),
    "dcn_dataset_class_name": (c_char_p, [_dataset, c_int32]),
    "dcn_dataset_item": (c_int32, [_dataset, c_int32, POINTER(dcn_item)]),
    "dcn_dataset_item_mask": (c_int32, [_dataset, c_int32, _image]),
    "dcn_dataset_check": (c_int32, [_dataset, dcn_count_callback, c_void_p, POINTER(_report)]),
    "dcn_dataset_check_folder": (
        c_int32, [c_char_p, POINTER(dcn_dataset_options), dcn_count_callback, c_void_p, POINTER(_report)]),
    "dcn_dataset_statistics": (c_int32, [_dataset, dcn_count_callback, c_void_p, POINTER(_report)]),
    "dcn_dataset_split": (c_int32, [_dataset, c_int32, c_uint64, c_char_p]),
    "dcn_dataset_write_voc": (c_int32, [_dataset, c_char_p, c_char_p, dcn_count_callback, c_void_p]),
    "dcn_dataset_write_crops": (
        c_int32,
        [_dataset, c_char_p, c_uint64, c_char_p, c_char_p, dcn_count_callback, c_void_p, POINTER(c_int64)]),
    "dcn_dataset_evaluate": (c_int32, [_dataset, c_char_p, dcn_count_callback, c_void_p, POINTER(_report)]),
    "dcn_evaluation_create": (c_int32, [_names, c_int32, POINTER(_evaluation)]),
    "dcn_evaluation_add": (c_int32, [_evaluation, _bytes, _bytes, c_int32, c_int32]),
    "dcn_evaluation_report": (c_int32, [_evaluation, POINTER(_report)]),
    "dcn_evaluation_free": (None, [_evaluation]),
    "dcn_dataset_free": (None, [_dataset]),
    "dcn_report_json": (c_char_p, [_report]),
    "dcn_report_text": (c_char_p, [_report]),
    "dcn_report_number": (c_double, [_report, c_char_p]),
    "dcn_report_free": (None, [_report]),
    "dcn_proposer_create": (c_int32, [POINTER(dcn_proposer_options), POINTER(_proposer)]),
    "dcn_proposer_detector": (c_char_p, [_proposer]),
    "dcn_proposer_edges": (c_int32, [_proposer, _image, c_int32, _floats, _floats, c_int64]),
    "dcn_proposer_run": (c_int32, [_proposer, _image, _boxes, c_int32, _int]),
    "dcn_proposer_run_edges": (c_int32, [_proposer, _floats, _floats, c_int32, c_int32, _boxes, c_int32, _int]),
    "dcn_proposer_free": (None, [_proposer]),
    "dcn_forest_train": (
        c_int32, [_dataset, POINTER(dcn_forest_options), c_char_p, dcn_count_callback, c_void_p]),
    "dcn_trainer_create": (
        c_int32, [_model, c_int32, _dataset, _dataset, POINTER(dcn_trainer_options), POINTER(_trainer)]),
    "dcn_trainer_create_phase": (
        c_int32, [_model, c_char_p, _dataset, _dataset, POINTER(dcn_trainer_options), POINTER(_trainer)]),
    "dcn_trainer_run": (c_int32, [_trainer, dcn_progress_callback, c_void_p]),
    "dcn_trainer_cancel": (c_int32, [_trainer]),
    "dcn_trainer_iteration": (c_int64, [_trainer]),
    "dcn_trainer_model": (c_int32, [_trainer, POINTER(_model)]),
    "dcn_trainer_free": (None, [_trainer]),
    "dcn_session_evaluate": (
        c_int32, [_session, _dataset, c_int32, dcn_count_callback, c_void_p, POINTER(_report)]),
    "dcn_import": (c_int32, [c_char_p, POINTER(dcn_import_options), c_char_p, POINTER(_report)]),
    "dcn_model_export": (c_int32, [_model, c_int32, c_int32, c_char_p]),
}
