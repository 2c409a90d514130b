"""Which preparation of pictures a folder's preprocessor_config.json asks for; torchvision is never needed."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import transformers
from numpy.typing import NDArray
from PIL import Image
from transformers import PreTrainedConfig
from transformers.image_processing_backends import PilBackend
from transformers.models.auto.auto_mappings import IMAGE_PROCESSOR_MAPPING_NAMES

from encoders.hub.loading import Source, first_line
from encoders.hub.pictures import Preparation, Size

Processor = Any
"""An image processor of `transformers`, of a class that only its folder knows."""
PreparePicture = Callable[[Image.Image], NDArray[np.float32]]
"""RGB picture of any size to [3, height, width]."""

_FILES = (
    ("image_processor", "preprocessor_config.json"),
    ("video_processor", "video_preprocessor_config.json"),
)
"""Where settings are, by key in processor_config.json and file beside it; both prepare pictures one by one."""
_STEMS: Mapping[str, str] = MappingProxyType(
    {
        "resnet": "ConvNext",
        "regnet": "ConvNext",
        "dinov2": "Bit",
        "timesformer": "VideoMAE",
        "xclip": "VideoMAE",
    }
)
"""Processors of families that the library's own table does not name."""
_STATED = ("size", "resample", "image_mean", "image_std")
_WARPED_FROM_PX = 384
"""ConvNext's rule: pictures of this size or more are warped to a square instead of cropped (Liu et al., 2022)."""


def read_preparation(source: Source, config: PreTrainedConfig) -> PreparePicture:
    """How a model's pictures are prepared.

    Raises:
        ValueError: The folder does not say, or leaves something to a class that needs torchvision.
    """
    said = _said(source)
    processor_class = _processor_class(source, said, config.model_type)
    try:
        processor = processor_class(
            **{key: value for key, value in said.items() if not key.endswith("_type")}
        )
    except Exception as error:  # each processor validates what it gets in its own way
        message = f"{source.name}: its image processor cannot be used: {first_line(error)}"
        raise ValueError(message) from error
    return _in_one_pass(processor) or _by_processor(processor)


def _said(source: Source) -> dict[str, Any]:
    whole = source.folder / "processor_config.json"
    nested = json.loads(whole.read_text(encoding="utf-8")) if whole.is_file() else {}
    for key, file in _FILES:
        if key in nested:
            return dict(nested[key])
        if (source.folder / file).is_file():
            return dict(json.loads((source.folder / file).read_text(encoding="utf-8")))
    message = (
        f"{source.name}: {source.folder} has no preprocessor_config.json; "
        "save one there by the save_pretrained of the model's image processor"
    )
    raise ValueError(message)


def _processor_class(source: Source, said: Mapping[str, Any], model_type: str) -> type[Processor]:
    """The class that works with Pillow; a general one where there is none and all that it needs is stated."""
    keys = ("image_processor_type", "feature_extractor_type", "video_processor_type")
    name = next((said[key] for key in keys if said.get(key)), None)
    if name is not None:
        stem = name.removesuffix("Fast").removesuffix("Pil")
        for ending in ("ImageProcessor", "FeatureExtractor", "VideoProcessor"):
            stem = stem.removesuffix(ending)
        class_name = f"{'VideoMAE' if stem == 'Timesformer' else stem}ImageProcessorPil"
    elif model_type in _STEMS:
        class_name = f"{_STEMS[model_type]}ImageProcessorPil"
    else:
        class_name = (IMAGE_PROCESSOR_MAPPING_NAMES.get(model_type) or {}).get("pil") or ""
    missing = [key for key in _STATED if key not in said]
    found = getattr(transformers, class_name, None)
    if found is None and missing:
        message = (
            f"{source.name}: its image processor {name or f'of {model_type}'} needs torchvision, unless its "
            f"preprocessor_config.json states {', '.join(missing)} as well"
        )
        raise ValueError(message)
    return found or transformers.ViTImageProcessorPil


def _in_one_pass(processor: Processor) -> Preparation | None:
    """The same without the processor, unless that does something out of the ordinary."""
    kind = type(processor)
    convnext = kind is transformers.ConvNextImageProcessorPil
    videomae = kind is transformers.VideoMAEImageProcessorPil
    ordinary = kind.resize is PilBackend.resize and kind._preprocess is PilBackend._preprocess
    frame = _convnext_frame(processor) if convnext else _frame(processor)
    steps = processor.do_resize and processor.do_rescale and not getattr(processor, "do_pad", None)
    if frame is None or not steps or not (ordinary or convnext or videomae):
        return None
    mean, std = (processor.image_mean, processor.image_std) if processor.do_normalize else (0.0, 1.0)
    # [3, 1, 1]
    mean, std = (np.broadcast_to(np.array(said, np.float32), 3).reshape(3, 1, 1) for said in (mean, std))
    gain = np.float32(processor.rescale_factor) / std
    return Preparation(*frame, Image.Resampling(processor.resample), gain, -mean / std)


def _frame(processor: Processor) -> tuple[int | Size, Size] | None:
    """Size of the whole picture and of what is kept; None where the latter depends on the picture."""
    size, crop = processor.size, processor.crop_size if processor.do_center_crop else None
    kept = (crop.height, crop.width) if crop else None
    if size.height and size.width:
        return (size.height, size.width), kept or (size.height, size.width)
    return (size.shortest_edge, kept) if size.shortest_edge and not size.longest_edge and kept else None


def _convnext_frame(processor: Processor) -> tuple[int | Size, Size] | None:
    edge = processor.size.shortest_edge
    if not edge or processor.do_center_crop:
        return None
    warped = edge >= _WARPED_FROM_PX
    return (edge, edge) if warped else int(edge / processor.crop_pct), (edge, edge)


def _by_processor(processor: Processor) -> PreparePicture:
    def prepare(image: Image.Image) -> NDArray[np.float32]:
        values = np.asarray(processor(image, return_tensors="np")["pixel_values"], np.float32)
        # Those for video add an axis for the frame.
        return values.reshape(values.shape[-3:])

    return prepare
